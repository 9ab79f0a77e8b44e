/** Who somebody is, as the reviews of authentication.k8s.io/v1 answer it. */
import type { JsonSchema } from "../../structural/types.ts";

export const userInfoSchema = {
  type: "object",
  properties: {
    username: { type: "string" },
    uid: { type: "string" },
    groups: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "atomic" },
    extra: {
      type: "object",
      additionalProperties: { type: "array", items: { type: "string" } },
    },
  },
} as const satisfies JsonSchema;
