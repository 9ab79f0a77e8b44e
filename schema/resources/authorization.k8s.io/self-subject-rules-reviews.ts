/** authorization.k8s.io/v1 SelfSubjectRulesReview: what may I in a namespace? (`kubectl auth can-i --list`) */
import type { KubeObject } from "../../object.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { authorization } from "./access-review.ts";
import type { ResourceDefinition } from "../../resource.ts";

const texts = { type: "array", items: { type: "string" } } as const;

const schema = once(
  () =>
    ({
      type: "object",
      required: ["spec"],
      properties: {
        spec: { type: "object", properties: { namespace: { type: "string" } } },
        status: {
          type: "object",
          properties: {
            resourceRules: {
              type: "array",
              items: {
                type: "object",
                properties: { verbs: texts, apiGroups: texts, resources: texts, resourceNames: texts },
              },
            },
            nonResourceRules: {
              type: "array",
              items: { type: "object", properties: { verbs: texts, nonResourceURLs: texts } },
            },
            incomplete: { type: "boolean" },
            evaluationError: { type: "string" },
          },
        },
      },
    }) as const satisfies JsonSchema,
);

export type SelfSubjectRulesReview = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const selfSubjectRulesReviews: ResourceDefinition = {
  ...authorization,
  kind: "SelfSubjectRulesReview",
  plural: "selfsubjectrulesreviews",
  singular: "selfsubjectrulesreview",
  scope: "Cluster",
  schema,
};
