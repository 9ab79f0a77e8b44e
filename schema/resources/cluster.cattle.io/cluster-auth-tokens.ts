/** cluster.cattle.io/v3 ClusterAuthToken: a token's hash, for a cluster that checks it by itself (auth.md 8.4). */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, string } from "../../structural/shapes.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { invalid } from "../names.ts";
import { canonicalTime } from "../times.ts";
import { cluster } from "./group.ts";

const schema = once(
  () =>
    ({
      type: "object",
      properties: { userName: string, lastUsedAt: string, expiresAt: string, hash: string, enabled: boolean },
    }) as const satisfies JsonSchema,
);

export type ClusterAuthToken = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const clusterAuthTokens: ResourceDefinition<ClusterAuthToken> = {
  ...cluster,
  kind: "ClusterAuthToken",
  plural: "clusterauthtokens",
  singular: "clusterauthtoken",
  scope: "Namespaced",
  schema,
  sensitive: ["/hash"],
  validate: ({ operation, object: { lastUsedAt = "" } }) =>
    operation === "DELETE" || lastUsedAt === "" || canonicalTime(lastUsedAt) !== undefined
      ? []
      : [invalid("lastUsedAt", lastUsedAt, "must be an RFC 3339 time")],
};
