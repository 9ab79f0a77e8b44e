/** authorization.k8s.io/v1 SubjectAccessReview: may he? */
import type { KubeObject } from "../../object.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { attributesSchema, authorization, decisionSchema, subjectSchema } from "./access-review.ts";
import type { ResourceDefinition } from "../../resource.ts";

export const subjectAccessReviewSchema = once(
  () =>
    ({
      type: "object",
      required: ["spec"],
      properties: {
        spec: { type: "object", properties: { ...attributesSchema, ...subjectSchema } },
        status: decisionSchema,
      },
    }) as const satisfies JsonSchema,
);

export type SubjectAccessReview = KubeObject & FromSchema<ReturnType<typeof subjectAccessReviewSchema>>;

export const subjectAccessReviews: ResourceDefinition = {
  ...authorization,
  kind: "SubjectAccessReview",
  plural: "subjectaccessreviews",
  singular: "subjectaccessreview",
  scope: "Cluster",
  schema: subjectAccessReviewSchema,
};
