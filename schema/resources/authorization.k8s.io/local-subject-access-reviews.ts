/** authorization.k8s.io/v1 LocalSubjectAccessReview: may he, in this namespace? */
import { authorization } from "./access-review.ts";
import type { ResourceDefinition } from "../../resource.ts";
import { subjectAccessReviewSchema } from "./subject-access-reviews.ts";

export const localSubjectAccessReviews: ResourceDefinition = {
  ...authorization,
  kind: "LocalSubjectAccessReview",
  plural: "localsubjectaccessreviews",
  singular: "localsubjectaccessreview",
  scope: "Namespaced",
  schema: subjectAccessReviewSchema,
};
