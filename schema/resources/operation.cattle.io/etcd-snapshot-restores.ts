/** operation.cattle.io/v1alpha1 ETCDSnapshotRestore (controllers.md 5.9). */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { object, string } from "../../structural/shapes.ts";
import { column } from "../columns.ts";
import { operation, operationColumns, operationSpec, operationStatus } from "./group.ts";

const schema = once(() =>
  object(
    {
      spec: object({ ...operationSpec(), args: object({ name: string }) }, ["clusterRef"]),
      status: operationStatus(
        "Preflight",
        "Shutdown",
        "Restore",
        "PostRestorePodCleanup",
        "InitialRestartCluster",
        "PostRestoreNodeCleanup",
        "RestartCluster",
      ),
    },
    ["spec"],
  ),
);

export type ETCDSnapshotRestore = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const etcdSnapshotRestores: ResourceDefinition<ETCDSnapshotRestore> = {
  ...operation,
  kind: "ETCDSnapshotRestore",
  plural: "etcdsnapshotrestores",
  singular: "etcdsnapshotrestore",
  schema,
  printerColumns: [operationColumns.cluster, column("Snapshot", ".spec.args.name"), ...operationColumns.rest],
};
