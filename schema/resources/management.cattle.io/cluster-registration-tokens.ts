/**
 * management.cattle.io/v3 ClusterRegistrationToken (norman-v3.md 3.10, 6; tunnel.md 2.11). Its token is in the Secret
 * `crt-token-<name>` of the same namespace; commands are computed when it is read.
 */
import { field } from "../../norman.ts";
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { registrationSecretPrefix } from "../core/secrets.ts";
import { immutable, invalid, isDnsSubdomain } from "../names.ts";
import { management, standardMethods } from "./group.ts";

const schema = once(
  () =>
    ({
      type: "object",
      properties: {
        spec: {
          type: "object",
          required: ["clusterName"],
          properties: {
            clusterName: { type: "string", minLength: 1 },
            /** Minutes until the token is rotated; 0 or absent: it lasts. */
            ttl: { type: "integer" },
            /** Minutes for which a rotated token still counts; 0 or absent: 180. */
            gracePeriod: { type: "integer" },
          },
        },
        status: {
          type: "object",
          properties: {
            tokenSecretName: { type: "string" },
            expiresAt: { type: "string" },
            gracePeriodExpiresAt: { type: "string" },
            /** Which rotation was asked for last. */
            rotation: { type: "string" },
          },
        },
      },
      required: ["spec"],
    }) as const satisfies JsonSchema,
);

export type ClusterRegistrationToken = KubeObject & FromSchema<ReturnType<typeof schema>>;

/** Whoever sets it, to whatever, has the token rotated; it is taken away then. */
export const rotateAnnotation = "drover.io/rotate-token";

/** Rancher's least values, in minutes (tunnel.md 2.11). */
const least = { ttl: 30, gracePeriod: 10 } as const;

/** The Secret that holds its token. */
export function registrationSecretName(name: string): string {
  return `${registrationSecretPrefix}${name}`;
}

/** Computed from the token, the server's URL and CA (functions/http/clusters/commands.ts). */
const commandFields = [
  "token",
  "command",
  "insecureCommand",
  "nodeCommand",
  "insecureNodeCommand",
  "windowsNodeCommand",
  "insecureWindowsNodeCommand",
  "manifestUrl",
] as const;

export const clusterRegistrationTokens: ResourceDefinition<ClusterRegistrationToken> = {
  ...management,
  kind: "ClusterRegistrationToken",
  plural: "clusterregistrationtokens",
  singular: "clusterregistrationtoken",
  scope: "Namespaced",
  schema,
  indexes: { clusterName: ({ spec }) => [spec.clusterName] },
  mutate: ({ object }) => ({
    ...object,
    status: { ...object.status, tokenSecretName: registrationSecretName(object.metadata.name) },
  }),
  validate,
  norman: {
    id: "clusterRegistrationToken",
    pluralName: "clusterRegistrationTokens",
    ...standardMethods,
    stateful: true,
    idPrefix: "crt-",
    namespaceField: "clusterId",
    fields: {
      name: field("string", "metadata.name", "C"),
      clusterId: field("reference[cluster]", "spec.clusterName", "CR"),
      ttl: field("int", "spec.ttl", "CU"),
      gracePeriod: field("int", "spec.gracePeriod", "CU"),
      tokenSecretName: field("string", "status.tokenSecretName"),
      expiresAt: field("string", "status.expiresAt"),
      gracePeriodExpiresAt: field("string", "status.gracePeriodExpiresAt"),
      ...Object.fromEntries(commandFields.map((name) => [name, field("string", undefined)])),
    },
  },
};

function validate({ operation, object, old }: AdmissionContext<ClusterRegistrationToken>): FieldError[] {
  if (operation === "DELETE") return [];
  const { metadata, spec } = object;
  const errors = immutable(old?.spec, spec, ["clusterName"], "spec.");
  // Else a writer in one cluster's namespace could make tokens of another.
  if (spec.clusterName !== metadata.namespace)
    errors.push(invalid("spec.clusterName", spec.clusterName, "must be the namespace"));
  for (const name of ["ttl", "gracePeriod"] as const) {
    const minutes = spec[name] ?? 0;
    if (minutes !== 0 && minutes < least[name])
      errors.push(invalid(`spec.${name}`, minutes, `must be 0, or ${least[name]} minutes or more`));
  }
  if ((spec.ttl ?? 0) !== 0 && (spec.gracePeriod ?? 0) > (spec.ttl ?? 0))
    errors.push(invalid("spec.gracePeriod", spec.gracePeriod, "must not be longer than spec.ttl"));
  if (!isDnsSubdomain(registrationSecretName(metadata.name)))
    errors.push(invalid("metadata.name", metadata.name, "must be a DNS subdomain of at most 243 characters"));
  return errors;
}
