/**
 * Words for structural schemas, so that a declaration reads like the type that it describes, and infers it (FromSchema).
 * Pure; the words cost nothing at load, and what is made of them stands in a `once`.
 *
 * Lists are atomic unless said otherwise, which is also what Kubernetes takes for granted.
 */
import type { JsonSchema } from "./types.ts";

type Properties = Readonly<Record<string, JsonSchema>>;

export const string = { type: "string" } as const;
export const boolean = { type: "boolean" } as const;
export const number = { type: "number" } as const;
export const integer = { type: "integer" } as const;
export const int32 = { type: "integer", format: "int32" } as const;
export const int64 = { type: "integer", format: "int64" } as const;
/** base64. */
export const bytes = { type: "string", format: "byte" } as const;
/** RFC 3339. */
export const dateTime = { type: "string", format: "date-time" } as const;
export const intOrString = { "x-kubernetes-int-or-string": true } as const;
/** A resource quantity: `500m`, `1Gi`, 2. */
export const quantity = {
  "x-kubernetes-int-or-string": true,
  pattern:
    "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$",
} as const;
/** An object whose owner is another product. */
export const open = { type: "object", "x-kubernetes-preserve-unknown-fields": true } as const;
/** Any JSON value. */
export const anything = { "x-kubernetes-preserve-unknown-fields": true } as const;

export function object<const P extends Properties>(
  properties: P,
): { readonly type: "object"; readonly properties: P };
export function object<const P extends Properties, const R extends readonly (keyof P & string)[]>(
  properties: P,
  required: R,
): { readonly type: "object"; readonly properties: P; readonly required: R };
export function object(properties: Properties, required?: readonly string[]): JsonSchema {
  return required === undefined ? { type: "object", properties } : { type: "object", properties, required };
}

export function listOf<const I extends JsonSchema>(items: I) {
  return { type: "array", items } as const;
}

/** A list whose elements are told apart by members, as server-side apply does. */
export function keyedList<const I extends JsonSchema>(items: I, ...keys: string[]) {
  return {
    type: "array",
    items,
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": keys,
  } as const;
}

export function mapOf<const V extends JsonSchema>(additionalProperties: V) {
  return { type: "object", additionalProperties } as const;
}

export const strings = mapOf(string);
export const texts = listOf(string);

export function oneOf<const V extends readonly string[]>(...values: V) {
  return { type: "string", enum: values } as const;
}

/** Null, or of the schema. */
export function nullable<const S extends JsonSchema>(schema: S): S & { readonly nullable: true } {
  return { ...schema, nullable: true };
}

export function withDefault<const S extends JsonSchema>(
  schema: S,
  value: unknown,
): S & { readonly default: unknown } {
  return { ...schema, default: value };
}

/** A schema with further conditions. */
export function limit<const S extends JsonSchema>(schema: S, conditions: JsonSchema): S {
  return { ...schema, ...conditions };
}

/** An object that is set as a whole by server-side apply. */
export function atomic<const S extends JsonSchema>(schema: S): S {
  return limit(schema, { "x-kubernetes-map-type": "atomic" });
}

/** An object that says something, or is left out. */
export function filled<const S extends JsonSchema>(schema: S): S {
  return limit(schema, { minProperties: 1 });
}

/** A string of so many characters. */
export function text(minLength: number, maxLength?: number) {
  return { type: "string", minLength, ...(maxLength === undefined ? {} : { maxLength }) } as const;
}
