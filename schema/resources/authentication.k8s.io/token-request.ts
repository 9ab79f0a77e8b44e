/** authentication.k8s.io/v1 TokenRequest: what `serviceaccounts/token` takes and answers with. */
import type { KubeObject } from "../../object.ts";
import type { Subresource } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { JsonSchema } from "../../structural/types.ts";

const schema = once(
  () =>
    ({
      type: "object",
      required: ["spec"],
      properties: {
        spec: {
          type: "object",
          properties: {
            audiences: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "atomic" },
            expirationSeconds: { type: "integer", format: "int64", default: 3600 },
            boundObjectRef: {
              type: "object",
              properties: {
                kind: { type: "string" },
                apiVersion: { type: "string" },
                name: { type: "string" },
                uid: { type: "string" },
              },
            },
          },
        },
        status: {
          type: "object",
          required: ["token", "expirationTimestamp"],
          properties: {
            token: { type: "string" },
            expirationTimestamp: { type: "string", format: "date-time" },
          },
        },
      },
    }) as const satisfies JsonSchema,
);

export type TokenRequest = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const tokenRequest: Subresource = {
  group: "authentication.k8s.io",
  version: "v1",
  kind: "TokenRequest",
  verbs: ["create"],
  schema,
};
