/** telemetry.cattle.io/v1 SecretRequest: asks for facts of this installation in a Secret. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { string } from "../../structural/shapes.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { column } from "../columns.ts";
import { conditionsByType } from "../conditions.ts";
import { secretReferenceSchema } from "../core/object-reference.ts";
import { timeSchema } from "../times.ts";

const schema = once(
  () =>
    ({
      type: "object",
      properties: {
        spec: {
          type: "object",
          required: ["secretType", "targetSecretRef"],
          properties: { secretType: string, targetSecretRef: secretReferenceSchema },
        },
        status: {
          type: "object",
          properties: { conditions: conditionsByType, lastSyncTS: timeSchema },
        },
      },
    }) as const satisfies JsonSchema,
);

export type SecretRequest = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const secretRequests: ResourceDefinition<SecretRequest> = {
  group: "telemetry.cattle.io",
  version: "v1",
  kind: "SecretRequest",
  plural: "secretrequests",
  singular: "secretrequest",
  scope: "Cluster",
  schema,
  statusSubresource: true,
  printerColumns: [column("Type", ".spec.secretType")],
};
