/** authentication.k8s.io/v1 SelfSubjectReview: who am I? (`kubectl auth whoami`) */
import type { KubeObject } from "../../object.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { JsonSchema } from "../../structural/types.ts";
import type { ResourceDefinition } from "../../resource.ts";

const schema = once(
  () =>
    ({
      type: "object",
      properties: {
        status: {
          type: "object",
          properties: {
            userInfo: {
              type: "object",
              properties: {
                username: { type: "string" },
                uid: { type: "string" },
                groups: { type: "array", items: { type: "string" } },
                extra: {
                  type: "object",
                  additionalProperties: { type: "array", items: { type: "string" } },
                },
              },
            },
          },
        },
      },
    }) as const satisfies JsonSchema,
);

export type SelfSubjectReview = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const selfSubjectReviews: ResourceDefinition = {
  group: "authentication.k8s.io",
  version: "v1",
  verbs: ["create"],
  kind: "SelfSubjectReview",
  plural: "selfsubjectreviews",
  singular: "selfsubjectreview",
  scope: "Cluster",
  schema,
};
