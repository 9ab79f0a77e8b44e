/** Uniqueness in lists of `x-kubernetes-list-type` set and map (apiextensions-apiserver, listtype). Pure. */
import { child, duplicateValue, invalidValue, keyed } from "./field-error.ts";
import { sortedJson } from "./go-format.ts";
import { isObject, somewhere } from "./json.ts";
import type { FieldError, JsonSchema } from "./types.ts";

const hasListTypes = somewhere(({ "x-kubernetes-list-type": type }) => type === "set" || type === "map");

/** Each value that is repeated is reported once, at its second appearance. */
export function listTypeErrors(schema: JsonSchema, value: unknown, path = ""): FieldError[] {
  const errors: FieldError[] = [];
  look(schema, value, path, errors);
  return errors;
}

function look(schema: JsonSchema, value: unknown, path: string, errors: FieldError[]): void {
  if (!hasListTypes(schema)) return;
  if (Array.isArray(value)) {
    const type = schema["x-kubernetes-list-type"];
    if (type === "set")
      for (const index of repeated(value)) errors.push(duplicateValue(keyed(path, index), value[index]));
    else if (type === "map") errors.push(...mapErrors(schema, value, path));
    const { items } = schema;
    if (items !== undefined) value.forEach((item, index) => look(items, item, keyed(path, index), errors));
    return;
  }
  if (!isObject(value)) return;
  const { properties = {}, additionalProperties } = schema;
  for (const [key, member] of Object.entries(value)) {
    if (typeof additionalProperties === "object")
      look(additionalProperties, member, keyed(path, key), errors);
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (property !== undefined) look(property, member, child(path, key), errors);
  }
}

function mapErrors(schema: JsonSchema, value: readonly unknown[], path: string): FieldError[] {
  const odd = value.findIndex((item) => item !== null && !isObject(item));
  if (odd >= 0)
    return [invalidValue(keyed(path, odd), value[odd], "must be an object for an array of list-type map")];
  const names = schema["x-kubernetes-list-map-keys"] ?? [];
  const keys = value.map((item) => {
    const key: Record<string, unknown> = {};
    for (const name of names) if (isObject(item) && Object.hasOwn(item, name)) key[name] = item[name];
    return key;
  });
  return repeated(keys).map((index) => duplicateValue(keyed(path, index), keys[index]));
}

function repeated(values: readonly unknown[]): number[] {
  const times = new Map<string, number>();
  const found: number[] = [];
  values.forEach((value, index) => {
    const key = sortedJson(value);
    const seen = times.get(key) ?? 0;
    if (seen === 1) found.push(index);
    times.set(key, seen + 1);
  });
  return found;
}
