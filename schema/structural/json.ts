/** Questions about JSON values that the engine's parts share. Pure. */
import type { JsonSchema } from "./types.ts";

/** Deepest nesting of a value; schemas are followed no deeper either. */
export const maxDepth = 64;

export type Json = Record<string, unknown>;

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The schema of a member: a declared property's, else that of all other members. */
export function memberSchema(schema: JsonSchema, key: string): JsonSchema | undefined {
  const { properties, additionalProperties } = schema;
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[key];
  return typeof additionalProperties === "object" ? additionalProperties : undefined;
}

/** Members called `__proto__` are own members here: JSON.parse makes them, and so must whoever writes them back. */
export function setMember(object: Json, key: string, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
}

/** Judged with a list, not by recursion: the value is as deep as its sender likes. */
export function nestsDeeperThan(value: unknown, limit: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) return true;
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []));
    level = level.filter((item) => typeof item === "object" && item !== null);
  }
  return false;
}

/** Whether two JSON values are equal, whatever the order of members. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => deepEqual(item, b[index]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && deepEqual(a[key], b[key]))
  );
}

/** Whether a schema or anything under it has some property; remembered per schema object. */
export function somewhere(test: (schema: JsonSchema) => boolean): (schema: JsonSchema) => boolean {
  const known = new WeakMap<JsonSchema, boolean>();
  const look = (schema: JsonSchema): boolean => {
    let found = known.get(schema);
    if (found === undefined) {
      const { properties = {}, items, additionalProperties } = schema;
      found =
        test(schema) ||
        Object.values(properties).some(look) ||
        (items !== undefined && look(items)) ||
        (typeof additionalProperties === "object" && look(additionalProperties));
      known.set(schema, found);
    }
    return found;
  };
  return look;
}
