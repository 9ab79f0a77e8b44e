/**
 * JSON values as the patch formats handle them. Objects may have own members called `__proto__` or `constructor`, so
 * members are read only when own and `__proto__` is never assigned. Pure.
 */
import { PatchError } from "./errors.ts";

export type JsonObject = Record<string, unknown>;

/** Deepest nesting of documents and patches, as in the parser. */
export const maxNesting = 64;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An own member; `undefined` when absent, which no JSON value is. */
export function member(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

export function setMember(object: JsonObject, key: string, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  else object[key] = value;
}

/** A copy that shares nothing with `value`. Throws PatchError beyond 64 levels. */
export function copyOf(value: unknown, depth = 0): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth >= maxNesting) throw tooDeep();
  if (Array.isArray(value)) return value.map((item: unknown) => copyOf(item, depth + 1));
  const copy: JsonObject = {};
  for (const [key, item] of Object.entries(value)) setMember(copy, key, copyOf(item, depth + 1));
  return copy;
}

/** Equality of JSON values: members in any order, numbers by value. No deeper than the shallower of both. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => same(item, b[index]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]))
  );
}

export function tooDeep(): PatchError {
  return new PatchError("Invalid", `JSON nests deeper than ${maxNesting} levels`);
}
