/** operation.cattle.io/v1alpha1 ETCDSnapshotSave (controllers.md 5.9). */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { object, string } from "../../structural/shapes.ts";
import { operation, operationColumns, operationSpec, operationStatus } from "./group.ts";

const schema = once(() =>
  object(
    {
      spec: object({ ...operationSpec(), args: object({ name: string }) }, ["clusterRef"]),
      status: operationStatus("Preflight", "Save", "Restart"),
    },
    ["spec"],
  ),
);

export type ETCDSnapshotSave = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const etcdSnapshotSaves: ResourceDefinition<ETCDSnapshotSave> = {
  ...operation,
  kind: "ETCDSnapshotSave",
  plural: "etcdsnapshotsaves",
  singular: "etcdsnapshotsave",
  schema,
  printerColumns: [operationColumns.cluster, ...operationColumns.rest],
};
