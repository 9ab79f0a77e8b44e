/** Lists and maps that expressions make. Pure. */
import { equal } from "./compare.ts";
import { CelError, isError, ListValue, MapValue, Uint } from "./values.ts";
import type { Result, Value } from "./values.ts";

export class PlainList extends ListValue {
  readonly items: readonly Value[];

  constructor(items: readonly Value[]) {
    super();
    this.items = items;
  }

  get size(): number {
    return this.items.length;
  }

  get(index: number): Result {
    return this.items[index] ?? (index in this.items ? null : new CelError(`index out of bounds: ${index}`));
  }

  equals(other: ListValue): Result {
    return equalLists(this, other);
  }

  add(other: ListValue): Result {
    return added(this, other);
  }
}

export function equalLists(a: ListValue, b: ListValue): Result {
  if (a.size !== b.size) return false;
  for (let index = 0; index < a.size; index++) {
    const [x, y] = [a.get(index), b.get(index)];
    if (isError(x)) return x;
    if (isError(y)) return y;
    const same = equal(x, y);
    if (same !== true) return same;
  }
  return true;
}

export function added(a: ListValue, b: ListValue): Result {
  const items: Value[] = [];
  for (const list of [a, b]) {
    for (const item of list) {
      if (isError(item)) return item;
      items.push(item);
    }
  }
  return new PlainList(items);
}

/** All items, or the first that is an error. */
export function itemsOf(list: ListValue): readonly Value[] | CelError {
  if (list instanceof PlainList) return list.items;
  const items: Value[] = [];
  for (const item of list) {
    if (isError(item)) return item;
    items.push(item);
  }
  return items;
}

/** Keys of equal numbers are one key, whatever their types. `undefined`: not a key. */
function keyText(key: Value): string | undefined {
  switch (typeof key) {
    case "string":
      return `s${key}`;
    case "boolean":
      return `b${key}`;
    case "bigint":
      return `n${key}`;
    case "number":
      return Number.isInteger(key) ? `n${BigInt(key)}` : `d${key}`;
    default:
      return key instanceof Uint ? `n${key.value}` : undefined;
  }
}

export class PlainMap extends MapValue {
  readonly #entries: ReadonlyMap<string, readonly [Value, Value]>;

  constructor(entries: ReadonlyMap<string, readonly [Value, Value]>) {
    super();
    this.#entries = entries;
  }

  /** A key that is there already, or no key at all, is an error. */
  static of(pairs: Iterable<readonly [Value, Value]>): PlainMap | CelError {
    const entries = new Map<string, readonly [Value, Value]>();
    for (const [key, value] of pairs) {
      const text = keyText(key);
      if (text === undefined || typeof key === "number") return new CelError("unsupported key type");
      entries.set(text, [key, value]);
    }
    return new PlainMap(entries);
  }

  with(key: Value, value: Value): PlainMap | CelError {
    const text = keyText(key);
    if (text === undefined) return new CelError("unsupported key type");
    if (this.#entries.has(text)) return new CelError(`insert failed: key ${shown(key)} already exists`);
    return new PlainMap(new Map([...this.#entries, [text, [key, value]]]));
  }

  get size(): number {
    return this.#entries.size;
  }

  find(key: Value): Result | undefined {
    const text = keyText(key);
    return text === undefined ? undefined : this.#entries.get(text)?.[1];
  }

  keys(): readonly Value[] {
    return Array.from(this.#entries.values(), ([key]) => key);
  }

  equals(other: MapValue): Result {
    if (this.size !== other.size) return false;
    for (const [key, value] of this.#entries.values()) {
      const found = other.find(key);
      if (found === undefined) return false;
      if (isError(found)) return found;
      const same = equal(value, found);
      if (same !== true) return same;
    }
    return true;
  }
}

/** A key as errors print it. */
export function shown(value: Value): string {
  if (typeof value === "object") return value instanceof Uint ? String(value.value) : "";
  return String(value);
}
