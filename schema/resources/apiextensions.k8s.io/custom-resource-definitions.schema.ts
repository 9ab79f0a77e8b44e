/** The shape of an apiextensions.k8s.io/v1 CustomResourceDefinition. */
import type { KubeObject } from "../../object.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { timeSchema } from "../times.ts";

const text = { type: "string" } as const;
const texts = { type: "array", items: text, "x-kubernetes-list-type": "atomic" } as const;

const names = {
  type: "object",
  properties: {
    plural: text,
    singular: text,
    kind: text,
    listKind: text,
    shortNames: texts,
    categories: texts,
  },
} as const satisfies JsonSchema;

const column = {
  type: "object",
  properties: {
    name: text,
    type: text,
    format: text,
    description: text,
    priority: { type: "integer", format: "int32" },
    jsonPath: text,
  },
} as const satisfies JsonSchema;

const version = {
  type: "object",
  properties: {
    name: text,
    served: { type: "boolean" },
    storage: { type: "boolean" },
    deprecated: { type: "boolean" },
    deprecationWarning: text,
    schema: {
      type: "object",
      properties: {
        // JSONSchemaProps holds itself, which no structural schema can say: schema/structural judges it.
        openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
      },
    },
    subresources: {
      type: "object",
      properties: {
        status: { type: "object" },
        scale: {
          type: "object",
          properties: { specReplicasPath: text, statusReplicasPath: text, labelSelectorPath: text },
        },
      },
    },
    additionalPrinterColumns: { type: "array", items: column, "x-kubernetes-list-type": "atomic" },
    selectableFields: {
      type: "array",
      items: { type: "object", properties: { jsonPath: text } },
      "x-kubernetes-list-type": "atomic",
    },
  },
} as const satisfies JsonSchema;

// Kubernetes asks nothing of them either.
const condition = {
  type: "object",
  properties: {
    type: text,
    status: text,
    lastTransitionTime: timeSchema,
    reason: text,
    message: text,
    observedGeneration: { type: "integer", format: "int64" },
  },
} as const satisfies JsonSchema;

export const crdSchema = once(
  () =>
    ({
      type: "object",
      required: ["spec"],
      properties: {
        spec: {
          type: "object",
          properties: {
            group: text,
            names,
            scope: text,
            versions: { type: "array", items: version, "x-kubernetes-list-type": "atomic" },
            conversion: {
              type: "object",
              properties: {
                strategy: text,
                webhook: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
              },
            },
            preserveUnknownFields: { type: "boolean" },
          },
        },
        status: {
          type: "object",
          properties: {
            conditions: {
              type: "array",
              items: condition,
              "x-kubernetes-list-type": "map",
              "x-kubernetes-list-map-keys": ["type"],
            },
            acceptedNames: names,
            storedVersions: texts,
            observedGeneration: { type: "integer", format: "int64" },
          },
        },
      },
    }) as const satisfies JsonSchema,
);

export type CustomResourceDefinition = KubeObject & FromSchema<ReturnType<typeof crdSchema>>;
export type CrdSpec = CustomResourceDefinition["spec"];
export type CrdStatus = NonNullable<CustomResourceDefinition["status"]>;
export type CrdNames = NonNullable<CrdSpec["names"]>;
export type CrdVersion = NonNullable<CrdSpec["versions"]>[number];
export type CrdCondition = NonNullable<CrdStatus["conditions"]>[number];

export const crdKey = "customresourcedefinitions.apiextensions.k8s.io";
export const crdFinalizer = "customresourcecleanup.apiextensions.k8s.io";
/** On what stands for a type that Drover declares itself; its spec is the declaration's. */
export const builtInAnnotation = "drover.io/built-in";

export function isConditionTrue(status: Pick<CrdStatus, "conditions"> | undefined, type: string): boolean {
  return (status?.conditions ?? []).some((one) => one.type === type && one.status === "True");
}
