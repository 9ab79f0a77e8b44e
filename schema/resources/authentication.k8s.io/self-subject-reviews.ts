/** authentication.k8s.io/v1 SelfSubjectReview: who am I? (`kubectl auth whoami`) */
import type { KubeObject } from "../../object.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { JsonSchema } from "../../structural/types.ts";
import type { ResourceDefinition } from "../../resource.ts";
import { userInfoSchema } from "./user-info.ts";

const schema = once(
  () =>
    ({
      type: "object",
      properties: {
        status: {
          type: "object",
          properties: {
            userInfo: userInfoSchema,
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
