/** metav1.ObjectMeta as a structural schema with the list and patch markers of Kubernetes' OpenAPI. The type: schema/object.ts. */
import { once } from "../structural/once.ts";
import type { JsonSchema } from "../structural/types.ts";
import { timeSchema } from "./times.ts";

const text = { type: "string" } as const;
const texts = { type: "object", additionalProperties: text } as const;

const ownerReference = {
  type: "object",
  required: ["apiVersion", "kind", "name", "uid"],
  "x-kubernetes-map-type": "atomic",
  properties: {
    apiVersion: text,
    kind: text,
    name: text,
    uid: text,
    controller: { type: "boolean" },
    blockOwnerDeletion: { type: "boolean" },
  },
} as const satisfies JsonSchema;

const managedFieldsEntry = {
  type: "object",
  properties: {
    manager: text,
    operation: text,
    apiVersion: text,
    time: timeSchema,
    fieldsType: text,
    fieldsV1: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    subresource: text,
  },
} as const satisfies JsonSchema;

/** For patches and OpenAPI; the store judges metadata itself (schema/store/metadata.ts). */
export const objectMetaSchema = once(
  () =>
    ({
      type: "object",
      properties: {
        name: text,
        generateName: text,
        namespace: text,
        selfLink: text,
        uid: text,
        resourceVersion: text,
        generation: { type: "integer", format: "int64" },
        creationTimestamp: timeSchema,
        deletionTimestamp: timeSchema,
        deletionGracePeriodSeconds: { type: "integer", format: "int64" },
        labels: texts,
        annotations: texts,
        ownerReferences: {
          type: "array",
          items: ownerReference,
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["uid"],
          "x-kubernetes-patch-strategy": "merge",
          "x-kubernetes-patch-merge-key": "uid",
        },
        finalizers: {
          type: "array",
          items: text,
          "x-kubernetes-list-type": "set",
          "x-kubernetes-patch-strategy": "merge",
        },
        managedFields: { type: "array", items: managedFieldsEntry, "x-kubernetes-list-type": "atomic" },
      },
    }) as const satisfies JsonSchema,
);
