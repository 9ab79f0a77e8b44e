/**
 * A new value beside the old one that it stands for: what ratcheting and transition rules go by (apiserver, cel/common,
 * CorrelatedObject). Members correlate by name, items of map-lists by their keys, nothing else does. Pure.
 */
import { deepEqual, isObject, memberSchema } from "./json.ts";
import type { Json } from "./json.ts";
import { sortedJson } from "./go-format.ts";
import type { JsonSchema } from "./types.ts";

export class Correlated {
  readonly value: unknown;
  readonly old: unknown;
  readonly #schema: JsonSchema;
  #unchanged: boolean | undefined;
  #byKeys: ReadonlyMap<string, unknown> | undefined;

  constructor(schema: JsonSchema, value: unknown, old: unknown) {
    this.#schema = schema;
    this.value = value;
    this.old = old;
  }

  /** The member of both, or `undefined` when one has none. */
  member(key: string): Correlated | undefined {
    const { value, old } = this;
    if (!isObject(value) || !isObject(old) || !Object.hasOwn(value, key) || !Object.hasOwn(old, key))
      return undefined;
    const schema = memberSchema(this.#schema, key);
    return schema === undefined ? undefined : new Correlated(schema, value[key], old[key]);
  }

  /** The old item with the same keys, when this is a list of `x-kubernetes-list-type: map`. */
  item(index: number): Correlated | undefined {
    const { value, old } = this;
    const { items } = this.#schema;
    if (!Array.isArray(value) || !Array.isArray(old) || items === undefined) return undefined;
    if (this.#schema["x-kubernetes-list-type"] !== "map") return undefined;
    this.#byKeys ??= itemsByKeys(this.#schema, old);
    const item: unknown = value[index];
    const key = isObject(item) ? keyOf(this.#schema, item) : undefined;
    const before = key === undefined ? undefined : this.#byKeys.get(key);
    return before === undefined ? undefined : new Correlated(items, item, before);
  }

  get unchanged(): boolean {
    return (this.#unchanged ??= this.#equals());
  }

  /** Map-lists are equal in any order, and never when an item has no counterpart. */
  #equals(): boolean {
    const { value, old } = this;
    if (value === null || old === null || value === undefined || old === undefined)
      return (value ?? null) === (old ?? null);
    if (Array.isArray(value) && Array.isArray(old)) {
      if (value.length !== old.length) return false;
      if (this.#schema["x-kubernetes-list-type"] !== "map" || this.#schema.items === undefined)
        return deepEqual(value, old);
      return value.every((_, index) => this.item(index)?.unchanged === true);
    }
    if (isObject(value) && isObject(old)) {
      const keys = Object.keys(value);
      return (
        keys.length === Object.keys(old).length &&
        keys.every((key) => {
          if (memberSchema(this.#schema, key) !== undefined) return this.member(key)?.unchanged === true;
          // Preserved members have no schema to correlate by: as in Kubernetes they count as changed.
          return false;
        })
      );
    }
    return deepEqual(value, old);
  }
}

/** Items of a map-list by their keys as one text; the first of several counts. */
export function itemsByKeys(schema: JsonSchema, items: readonly unknown[]): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  for (const item of items) {
    const key = isObject(item) ? keyOf(schema, item) : undefined;
    if (key !== undefined && !found.has(key)) found.set(key, item);
  }
  return found;
}

/** `undefined`: a key is missing or not a scalar. */
export function keyOf(schema: JsonSchema, item: Json): string | undefined {
  const parts: unknown[] = [];
  for (const name of schema["x-kubernetes-list-map-keys"] ?? []) {
    const value = Object.hasOwn(item, name) ? item[name] : undefined;
    if (value === undefined || value === null || typeof value === "object") return undefined;
    parts.push(value);
  }
  return sortedJson(parts);
}
