/** What a schema says of the fields that a strategic merge patch descends into. */
import type { JsonSchema } from "../structural/types.ts";
import { PatchError } from "./errors.ts";

export interface PatchField {
  /** Of the member itself, or of the elements of a list. */
  readonly schema: JsonSchema;
  /** Without `retainKeys`, which only clients heed; empty when the schema names none. */
  readonly strategy: string;
  /** Empty when the schema names none. */
  readonly mergeKey: string;
}

/** The metadata of an object member. Throws PatchError for a member that the schema does not know. */
export function objectField(schema: JsonSchema, key: string): PatchField {
  const field = known(schema, key);
  const strategies = field["x-kubernetes-patch-strategy"] ?? "";
  return {
    schema: field,
    strategy: strategyOf(strategies),
    mergeKey: field["x-kubernetes-patch-merge-key"] ?? "",
  };
}

/** The metadata of a list, and the schema of its elements. Throws PatchError for what is no list, or a list of lists. */
export function listField(schema: JsonSchema, key: string): PatchField {
  const field = objectField(schema, key);
  if (keepsUnknown(field.schema)) return field;
  const { type, items = {} } = field.schema;
  if (type !== "array") throw new PatchError("BadRequest", `expected slice or array type, but got: ${type}`);
  if (items.type === "array") throw new PatchError("BadRequest", "unexpected slice of slice");
  return { ...field, schema: items };
}

function known(schema: JsonSchema, key: string): JsonSchema {
  const { properties = {} } = schema;
  const field = Object.hasOwn(properties, key) ? properties[key] : undefined;
  if (field !== undefined) return field;
  // Nothing is said of what is in there: objects merge, lists are replaced.
  if (keepsUnknown(schema)) return { "x-kubernetes-preserve-unknown-fields": true };
  if (typeof schema.additionalProperties === "object")
    throw new PatchError(
      "BadRequest",
      "merging an object in json but data type is not struct, instead is: map",
    );
  throw new PatchError("BadRequest", `unable to find api field for the json field ${JSON.stringify(key)}`);
}

function keepsUnknown(schema: JsonSchema): boolean {
  return schema["x-kubernetes-preserve-unknown-fields"] === true || schema.additionalProperties === true;
}

function strategyOf(text: string): string {
  const strategies = text.split(",");
  const others = strategies.filter((strategy) => strategy !== "retainKeys");
  if (strategies.length > 2 || others.length > 1)
    throw new PatchError("BadRequest", `unexpected patch strategy: [${strategies.join(" ")}]`);
  return others[0] ?? "";
}
