/** cluster.cattle.io/v3 ClusterUserAttribute: a user's groups, for a cluster that checks tokens by itself (auth.md 8.4). */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, string, texts } from "../../structural/shapes.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { cluster } from "./group.ts";

const schema = once(
  () =>
    ({
      type: "object",
      properties: {
        groups: texts,
        lastRefresh: string,
        needsRefresh: boolean,
        enabled: boolean,
        extraByProvider: {
          type: "object",
          additionalProperties: { type: "object", additionalProperties: texts },
        },
      },
    }) as const satisfies JsonSchema,
);

export type ClusterUserAttribute = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const clusterUserAttributes: ResourceDefinition<ClusterUserAttribute> = {
  ...cluster,
  kind: "ClusterUserAttribute",
  plural: "clusteruserattributes",
  singular: "clusteruserattribute",
  scope: "Namespaced",
  schema,
};
