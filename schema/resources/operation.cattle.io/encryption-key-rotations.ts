/** operation.cattle.io/v1alpha1 EncryptionKeyRotation (controllers.md 5.9). */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { object } from "../../structural/shapes.ts";
import { operation, operationColumns, operationSpec, operationStatus } from "./group.ts";

const schema = once(() =>
  object({ spec: object(operationSpec(), ["clusterRef"]), status: operationStatus("Rotate", "Restart") }, [
    "spec",
  ]),
);

export type EncryptionKeyRotation = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const encryptionKeyRotations: ResourceDefinition<EncryptionKeyRotation> = {
  ...operation,
  kind: "EncryptionKeyRotation",
  plural: "encryptionkeyrotations",
  singular: "encryptionkeyrotation",
  schema,
  printerColumns: [operationColumns.cluster, ...operationColumns.rest],
};
