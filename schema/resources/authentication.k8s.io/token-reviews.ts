/** authentication.k8s.io/v1 TokenReview: whose token is this? */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { userInfoSchema } from "./user-info.ts";

const audiences = {
  type: "array",
  items: { type: "string" },
  "x-kubernetes-list-type": "atomic",
} as const;

const schema = once(
  () =>
    ({
      type: "object",
      required: ["spec"],
      properties: {
        spec: { type: "object", properties: { token: { type: "string" }, audiences } },
        status: {
          type: "object",
          properties: {
            authenticated: { type: "boolean" },
            user: userInfoSchema,
            audiences,
            error: { type: "string" },
          },
        },
      },
    }) as const satisfies JsonSchema,
);

export type TokenReview = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const tokenReviews: ResourceDefinition = {
  group: "authentication.k8s.io",
  version: "v1",
  verbs: ["create"],
  kind: "TokenReview",
  plural: "tokenreviews",
  singular: "tokenreview",
  scope: "Cluster",
  schema,
};
