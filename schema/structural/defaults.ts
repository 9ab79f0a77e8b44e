/** Fills in defaults (apiextensions-apiserver, defaulting). Pure but for the value it changes. */
import { isObject, maxDepth, memberSchema } from "./json.ts";
import type { JsonSchema } from "./types.ts";

/**
 * Fills in defaults, in place, and returns the value. As in Kubernetes a null where null is not allowed counts as absent:
 * it takes the default, or goes.
 */
export function applyDefaults<T>(schema: JsonSchema, value: T): T {
  defaultInto(schema, value, 0);
  return value;
}

function defaultInto(schema: JsonSchema, value: unknown, depth: number): void {
  if (depth > maxDepth) return;
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return;
    for (const [index, item] of value.entries()) {
      if (item === null && isNeverNull(items) && hasDefault(items))
        value[index] = structuredClone(items.default);
      defaultInto(items, value[index], depth + 1);
    }
    return;
  }
  if (!isObject(value)) return;
  for (const key of Object.keys(value)) {
    if (value[key] !== null) continue;
    const member = memberSchema(schema, key);
    if (member === undefined || !isNeverNull(member)) continue;
    if (!hasDefault(member)) delete value[key];
    else value[key] = structuredClone(member.default);
  }
  for (const [key, member] of Object.entries(schema.properties ?? {})) {
    if (hasDefault(member) && !Object.hasOwn(value, key)) value[key] = structuredClone(member.default);
  }
  for (const key of Object.keys(value)) {
    const member = memberSchema(schema, key);
    if (member !== undefined) defaultInto(member, value[key], depth + 1);
  }
}

function isNeverNull(schema: JsonSchema): boolean {
  return schema.nullable !== true;
}

/** Null is no default: there is none to tell it from. */
function hasDefault(schema: JsonSchema): boolean {
  return schema.default !== undefined && schema.default !== null;
}
