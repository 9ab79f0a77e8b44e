/** References of the core group: to any object, to one of the same namespace by its name, and to a Secret. */
import type { JsonSchema } from "../../structural/types.ts";

const text = { type: "string" } as const;

export const objectReferenceSchema = {
  type: "object",
  "x-kubernetes-map-type": "atomic",
  properties: {
    kind: text,
    namespace: text,
    name: text,
    uid: text,
    apiVersion: text,
    resourceVersion: text,
    fieldPath: text,
  },
} as const satisfies JsonSchema;

export const localObjectReferenceSchema = {
  type: "object",
  "x-kubernetes-map-type": "atomic",
  properties: { name: text },
} as const satisfies JsonSchema;

export const secretReferenceSchema = {
  type: "object",
  "x-kubernetes-map-type": "atomic",
  properties: { name: text, namespace: text },
} as const satisfies JsonSchema;
