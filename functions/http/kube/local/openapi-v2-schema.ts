/**
 * A schema in the dialect of OpenAPI v2, as apiextensions-apiserver publishes them: without what v2 does not have, and without
 * what kubectl's validation would take too strictly (nullable and preserved fields are any value). Pure.
 */
import type { PublishedSchema } from "./openapi.ts";

export interface V2Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, V2Schema>>;
  readonly additionalProperties?: V2Schema | boolean;
  readonly items?: V2Schema;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly [member: string]: unknown;
}

/** Passed on as they are. Defaults are not: nor does kube-apiserver publish those of custom types in v2. */
const kept = [
  "format",
  "title",
  "description",
  "pattern",
  "minLength",
  "maxLength",
  "minimum",
  "exclusiveMinimum",
  "maximum",
  "exclusiveMaximum",
  "multipleOf",
  "minItems",
  "maxItems",
  "uniqueItems",
  "minProperties",
  "maxProperties",
  "enum",
  "x-kubernetes-preserve-unknown-fields",
  "x-kubernetes-embedded-resource",
  "x-kubernetes-int-or-string",
  "x-kubernetes-list-type",
  "x-kubernetes-list-map-keys",
  "x-kubernetes-map-type",
  "x-kubernetes-patch-merge-key",
  "x-kubernetes-patch-strategy",
  "x-kubernetes-group-version-kind",
] as const;

/**
 * Of a whole type. What preserves unknown fields at its root is shown as an object and no more, as by kube-apiserver: kubectl
 * would take properties for all there may be.
 */
export function toV2Root(schema: PublishedSchema): V2Schema {
  if (schema["x-kubernetes-preserve-unknown-fields"] !== true) return toV2Schema(schema);
  const kinds = schema["x-kubernetes-group-version-kind"];
  return { type: "object", ...(kinds === undefined ? {} : { "x-kubernetes-group-version-kind": kinds }) };
}

export function toV2Schema(schema: PublishedSchema): V2Schema {
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (reference !== undefined) return { $ref: reference.replace("#/components/schemas/", "#/definitions/") };
  const { type, properties, additionalProperties, items, required, nullable } = schema;
  const result: Record<string, unknown> = {};
  for (const member of kept) if (schema[member] !== undefined) result[member] = schema[member];
  const isOpen = nullable === true || schema["x-kubernetes-preserve-unknown-fields"] === true;
  const isUntyped =
    nullable === true ||
    (type === "object" && schema["x-kubernetes-preserve-unknown-fields"] === true) ||
    (type === "array" && (isOpen || items === undefined));
  if (type !== undefined && !isUntyped) result["type"] = type;
  if (items !== undefined && !isOpen) result["items"] = toV2Schema(items);
  if (properties !== undefined && !isOpen)
    result["properties"] = Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [name, toV2Schema(property)]),
    );
  if (additionalProperties !== undefined)
    result["additionalProperties"] =
      typeof additionalProperties === "boolean" ? additionalProperties : toV2Schema(additionalProperties);
  const needed = (required ?? []).filter((name) => isOpen || properties?.[name]?.nullable !== true);
  if (needed.length > 0) result["required"] = needed;
  return result;
}
