/**
 * What Kubernetes' own types lose and get on their way through Go: maps and lists that are empty are not written, a member
 * that a struct always has is there with its zero value, and a null in a map of texts is the empty text. (Null elsewhere is absence: defaults.ts.) Pure but for the value it changes.
 */
import { isKubernetesType } from "../resource.ts";
import type { ResourceDefinition } from "../resource.ts";
import { isObject } from "../structural/json.ts";
import { zeroOf } from "./decode.ts";
import type { JsonSchema } from "../structural/types.ts";

/** CustomResourceDefinitions are shaped with their schemas (apiextensions.k8s.io/crd-schemas.ts). */
export function isGoType(definition: ResourceDefinition): boolean {
  return isKubernetesType(definition) && definition.group !== "apiextensions.k8s.io";
}

/** `value`: the members of an object, or a part of it. Structs stay, empty or not. */
export function asGo(schema: JsonSchema, value: unknown): void {
  if (Array.isArray(value)) {
    if (schema.items !== undefined) for (const item of value) asGo(schema.items, item);
    return;
  }
  if (!isObject(value)) return;
  const { properties = {}, additionalProperties, required = [] } = schema;
  // What is wrong with a zero value, the type's own rules say.
  for (const key of required)
    if (value[key] === undefined && properties[key] !== undefined) value[key] = zeroOf(properties[key]);
  for (const key of Object.keys(value)) {
    const inner = Object.hasOwn(properties, key) ? properties[key] : additionalProperties;
    if (typeof inner !== "object") continue;
    const member = value[key];
    if (member === null) {
      if (inner === additionalProperties && inner.type === "string") value[key] = "";
      continue;
    }
    asGo(inner, member);
    if (inner !== additionalProperties && isUnsaid(inner, member, required.includes(key))) delete value[key];
  }
}

/** A map has members of one kind, a struct has names of its own. */
function isUnsaid(schema: JsonSchema, value: unknown, required: boolean): boolean {
  if (required || schema.default !== undefined) return false;
  if (Array.isArray(value)) return schema.type === "array" && value.length === 0;
  return (
    typeof schema.additionalProperties === "object" && isObject(value) && Object.keys(value).length === 0
  );
}
