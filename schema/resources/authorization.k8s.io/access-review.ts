/** What the four reviews of authorization.k8s.io/v1 share: the question, and the answer to it. */
import type { JsonSchema } from "../../structural/types.ts";

export const authorization = { group: "authorization.k8s.io", version: "v1", verbs: ["create"] } as const;

const text = { type: "string" } as const;

/** `spec.resourceAttributes` or `spec.nonResourceAttributes`: one of them. */
export const attributesSchema = {
  resourceAttributes: {
    type: "object",
    properties: {
      namespace: text,
      verb: text,
      group: text,
      version: text,
      resource: text,
      subresource: text,
      name: text,
      fieldSelector: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
      labelSelector: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    },
  },
  nonResourceAttributes: { type: "object", properties: { path: text, verb: text } },
} as const satisfies Readonly<Record<string, JsonSchema>>;

export const decisionSchema = {
  type: "object",
  properties: {
    allowed: { type: "boolean" },
    denied: { type: "boolean" },
    reason: text,
    evaluationError: text,
  },
} as const satisfies JsonSchema;

/** Whom a SubjectAccessReview asks about. */
export const subjectSchema = {
  user: text,
  groups: { type: "array", items: text },
  uid: text,
  extra: { type: "object", additionalProperties: { type: "array", items: text } },
} as const satisfies Readonly<Record<string, JsonSchema>>;
