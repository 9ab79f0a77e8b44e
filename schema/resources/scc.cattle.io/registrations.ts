/** scc.cattle.io/v1 Registration: of this installation at the SUSE Customer Center. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, integer, string } from "../../structural/shapes.ts";
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
          required: ["mode"],
          properties: {
            mode: { type: "string", enum: ["online", "offline"], default: "online" },
            registrationRequest: {
              type: "object",
              properties: {
                registrationCodeSecretRef: secretReferenceSchema,
                registrationAPIUrl: string,
                registrationAPICertificateSecretRef: secretReferenceSchema,
              },
            },
            offlineRegistrationCertificateSecretRef: secretReferenceSchema,
            syncNow: boolean,
          },
        },
        status: {
          type: "object",
          properties: {
            activationStatus: {
              type: "object",
              required: ["activated"],
              properties: {
                activated: { type: "boolean", default: false },
                lastValidatedTS: timeSchema,
                systemUrl: string,
              },
            },
            conditions: conditionsByType,
            offlineRegistrationRequest: secretReferenceSchema,
            registeredProduct: string,
            registrationExpiresAt: timeSchema,
            registrationProcessedTS: timeSchema,
            sccSystemId: integer,
            systemCredentialsSecretRef: secretReferenceSchema,
          },
        },
      },
    }) as const satisfies JsonSchema,
);

export type Registration = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const registrations: ResourceDefinition<Registration> = {
  group: "scc.cattle.io",
  version: "v1",
  kind: "Registration",
  plural: "registrations",
  singular: "registration",
  scope: "Cluster",
  schema,
  statusSubresource: true,
  printerColumns: [
    column("Mode", ".spec.mode"),
    column("Registration Active", ".status.activationStatus.activated", "boolean"),
    column("System ID", ".status.sccSystemId", "integer"),
    column("Last Sync", ".status.activationStatus.lastValidatedTS", "date"),
  ],
};
