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

/** Equality of JSON values: members in any order, numbers by value; a member that is undefined is absent. No deeper than the shallower of both. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => same(item, b[index]));
  if (!isObject(a) || !isObject(b)) return false;
  let count = 0;
  for (const key of Object.keys(a)) {
    if (a[key] === undefined) continue;
    if (!Object.hasOwn(b, key) || !same(a[key], b[key])) return false;
    count++;
  }
  for (const key of Object.keys(b)) if (b[key] !== undefined) count--;
  return count === 0;
}

export function tooDeep(): PatchError {
  return new PatchError("Invalid", `JSON nests deeper than ${maxNesting} levels`);
}
