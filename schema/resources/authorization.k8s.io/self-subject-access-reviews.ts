/** authorization.k8s.io/v1 SelfSubjectAccessReview: may I? (`kubectl auth can-i`) */
import type { KubeObject } from "../../object.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { attributesSchema, authorization, decisionSchema } from "./access-review.ts";
import type { ResourceDefinition } from "../../resource.ts";

const schema = once(
  () =>
    ({
      type: "object",
      required: ["spec"],
      properties: { spec: { type: "object", properties: attributesSchema }, status: decisionSchema },
    }) as const satisfies JsonSchema,
);

export type SelfSubjectAccessReview = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const selfSubjectAccessReviews: ResourceDefinition = {
  ...authorization,
  kind: "SelfSubjectAccessReview",
  plural: "selfsubjectaccessreviews",
  singular: "selfsubjectaccessreview",
  scope: "Cluster",
  schema,
};
