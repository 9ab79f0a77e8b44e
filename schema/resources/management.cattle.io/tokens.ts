/** management.cattle.io/v3 Token (auth.md 3; norman-v3.md 3.8, 5.4). `token` holds the salted hash, never the secret. */
import { field } from "../../norman.ts";
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { forbidden, immutable, invalid, isDnsSubdomain } from "../names.ts";
import { canonicalTime } from "../times.ts";
import { hasRightsOf } from "./bound-rules.ts";
import { management } from "./group.ts";

const schema = once(
  () =>
    ({
      type: "object",
      required: ["userId"],
      properties: {
        /** `$<version>:…` (auth.md 3.3). */
        token: { type: "string" },
        userId: { type: "string", minLength: 1 },
        userPrincipal: { type: "string" },
        groupPrincipals: { type: "array", items: { type: "string" } },
        providerInfo: { type: "object", additionalProperties: { type: "string" } },
        authProvider: { type: "string" },
        /** Milliseconds from creation; 0 and less: never expires. */
        ttl: { type: "integer" },
        lastUsedAt: { type: "string" },
        activityLastSeenAt: { type: "string" },
        isDerived: { type: "boolean" },
        description: { type: "string", maxLength: 4096 },
        clusterName: { type: "string" },
        enabled: { type: "boolean" },
      },
    }) as const satisfies JsonSchema,
);

export type Token = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const tokens: ResourceDefinition<Token> = {
  ...management,
  kind: "Token",
  plural: "tokens",
  singular: "token",
  scope: "Cluster",
  schema,
  sensitive: ["/token"],
  observations: ["lastUsedAt", "activityLastSeenAt"],
  indexes: {
    userId: ({ userId }) => [userId],
    clusterName: ({ clusterName = "" }) => (clusterName === "" ? [] : [clusterName]),
  },
  validate,
  norman: {
    id: "token",
    pluralName: "tokens",
    collectionMethods: ["GET", "POST"],
    resourceMethods: ["GET", "PUT", "DELETE"],
    idPrefix: "token-",
    // Computed ones: functions/http/norman/rules/tokens.ts.
    fields: {
      name: field("string", "metadata.name"),
      token: field("string", undefined, "CW"),
      description: field("string", "description", "C"),
      ttl: field("int", "ttl", "C", { default: 0, nullable: false }),
      clusterId: field("reference[cluster]", "clusterName", "C"),
      userId: field("reference[user]", "userId"),
      isDerived: field("boolean", "isDerived", "", { default: false, nullable: false }),
      current: field("boolean", undefined, "", { default: false, nullable: false }),
      enabled: field("boolean", "enabled", "", { default: true, nullable: false }),
      expired: field("boolean", undefined, "", { default: false, nullable: false }),
      expiresAt: field("string", undefined),
      lastUsedAt: field("date", "lastUsedAt"),
      activityLastSeenAt: field("date", "activityLastSeenAt"),
      authProvider: field("string", "authProvider"),
      userPrincipal: field("reference[principal]", "userPrincipal"),
      groupPrincipals: field("array[reference[principal]]", "groupPrincipals"),
      providerInfo: field("map[string]", "providerInfo"),
    },
    collectionActions: { logout: {}, logoutAll: {} },
  },
};

async function validate(context: AdmissionContext<Token>): Promise<FieldError[]> {
  const { operation, object, old } = context;
  if (operation === "DELETE") return [];
  const { metadata, token = "" } = object;
  const errors = immutable(old, object, [
    "userId",
    "userPrincipal",
    "authProvider",
    "clusterName",
    "isDerived",
  ]);
  for (const member of ["lastUsedAt", "activityLastSeenAt"] as const) {
    const { [member]: time = "" } = object;
    if (time !== "" && canonicalTime(time) === undefined)
      errors.push(invalid(member, time, "must be an RFC 3339 time"));
  }
  if (!isDnsSubdomain(metadata.name))
    errors.push(invalid("metadata.name", metadata.name, "must be a DNS subdomain"));
  // Whoever sets a token's secret, or makes it live longer, can act as its user.
  const opens =
    old === undefined ||
    old.token !== object.token ||
    old.ttl !== object.ttl ||
    (object.enabled !== false && old.enabled === false);
  if (opens && !(await hasRightsOf(context, object.userId)))
    errors.push(forbidden("userId", "the user has rights that you do not have"));
  // A clear secret must never get here; its text must not get into an error either.
  if (token !== "" && !/^\$[123]:/.test(token)) errors.push(invalid("token", "…", "must be a salted hash"));
  return errors;
}
