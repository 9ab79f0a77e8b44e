/** Functions of lists, sets, maps and optionals: Kubernetes' lists library and cel-go's extensions. Pure. */
import { itemsOf, PlainList, PlainMap } from "../collections.ts";
import { compare, equal } from "../compare.ts";
import {
  Bytes,
  CelError,
  Duration,
  isError,
  ListValue,
  MapValue,
  none,
  Optional,
  Timestamp,
  Uint,
} from "../values.ts";
import type { Result, Value } from "../values.ts";
import { arithmetic } from "./arithmetic.ts";
import { textIndexOf } from "./strings.ts";
import { checkedCount } from "./text-limit.ts";

type Args = readonly Value[];

/** Runs with the items of the first argument; an error among them is the result. */
function withItems(
  apply: (items: readonly Value[], args: Args) => Result | undefined,
): (args: Args) => Result | undefined {
  return ([list, ...args]) => {
    if (!(list instanceof ListValue)) return undefined;
    const items = itemsOf(list);
    return items instanceof CelError ? items : apply(items, args);
  };
}

function extreme(name: string, wins: (order: number) => boolean): (args: Args) => Result | undefined {
  return withItems((items) => {
    const [first, ...rest] = items;
    if (first === undefined) return new CelError(`${name} called on empty list`);
    let best = first;
    for (const item of rest) {
      const order = compare(item, best);
      if (typeof order !== "number") return order;
      if (wins(order)) best = item;
    }
    return best;
  });
}

const isSorted = withItems((items) => {
  for (let i = 1; i < items.length; i++) {
    const order = compare(items[i - 1] ?? null, items[i] ?? null);
    if (typeof order !== "number") return order;
    if (order > 0) return false;
  }
  return true;
});

/** What a sum begins with; without items the type that was checked says what is summed. */
function zeroOf(item: Value | undefined): Value {
  if (item instanceof Uint) return new Uint(0n);
  if (item instanceof Duration) return new Duration(0n);
  return typeof item === "number" ? 0 : 0n;
}

const sum = withItems((items) => {
  let total: Value = zeroOf(items[0]);
  for (const item of items) {
    const next = arithmetic["_+_"]?.([total, item]);
    if (next === undefined || isError(next)) return next;
    total = next;
  }
  return total;
});

function position(last: boolean): (args: Args) => Result | undefined {
  const ofList = withItems((items, [wanted = null]) => {
    for (let i = 0; i < items.length; i++) {
      const at = last ? items.length - 1 - i : i;
      if (equal(items[at] ?? null, wanted) === true) return BigInt(at);
    }
    return -1n;
  });
  return (args) => (args[0] instanceof ListValue ? ofList(args) : textIndexOf(args, last));
}

const slice = withItems((items, [start, end]) => {
  if (typeof start !== "bigint" || typeof end !== "bigint") return undefined;
  if (start < 0n || end < 0n)
    return new CelError(`cannot slice(${start}, ${end}), negative indexes not supported`);
  if (start > end)
    return new CelError(
      `cannot slice(${start}, ${end}), start index must be less than or equal to end index`,
    );
  if (items.length < end)
    return new CelError(`cannot slice(${start}, ${end}), list is length ${items.length}`);
  return new PlainList(items.slice(Number(start), Number(end)));
});

const flatten = withItems((items, [depth = 1n]) => {
  if (typeof depth !== "bigint") return undefined;
  if (depth < 0n) return new CelError("level must be non-negative");
  const flat = (list: readonly Value[], level: bigint): Value[] =>
    list.flatMap((item) => {
      if (level === 0n || !(item instanceof ListValue)) return [item];
      const inner = itemsOf(item);
      if (inner instanceof CelError) throw new TypeError(inner.message);
      return flat(inner, level - 1n);
    });
  return new PlainList(flat(items, depth));
});

const distinct = withItems((items) => {
  const found: Value[] = [];
  for (const item of items) if (!found.some((one) => equal(one, item) === true)) found.push(item);
  return new PlainList(found);
});

function sorted(items: readonly Value[], keys: readonly Value[]): Result {
  if (items.length !== keys.length)
    return new CelError(
      `@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got ${items.length} and ${keys.length} elements respectively`,
    );
  const first = keys[0];
  if (first === undefined) return new PlainList([]);
  const sortable =
    ["string", "bigint", "number", "boolean"].includes(typeof first) ||
    [Uint, Bytes, Duration, Timestamp].some((type) => first instanceof type);
  if (!sortable) return new CelError("list elements must be comparable");
  if (keys.some((key) => typeof key !== typeof first || key?.constructor !== first?.constructor))
    return new CelError("list elements must have the same type");
  const order = keys.map((_, index) => index);
  order.sort((a, b) => Number(compare(keys[a] ?? null, keys[b] ?? null)) || a - b);
  return new PlainList(order.map((index) => items[index] ?? null));
}

function range([count]: Args): Result | undefined {
  if (typeof count !== "bigint") return undefined;
  checkedCount(count);
  return new PlainList(Array.from({ length: Math.max(0, Number(count)) }, (_, index) => BigInt(index)));
}

/** Whether the first list has all of the second's items, or any of them. */
function sets(every: boolean, both: boolean): (args: Args) => Result | undefined {
  return ([a, b]) => {
    if (!(a instanceof ListValue) || !(b instanceof ListValue)) return undefined;
    const [x, y] = [itemsOf(a), itemsOf(b)];
    if (x instanceof CelError) return x;
    if (y instanceof CelError) return y;
    const has = (list: readonly Value[], item: Value): boolean =>
      list.some((one) => equal(one, item) === true);
    if (!every) return y.some((item) => has(x, item));
    return y.every((item) => has(x, item)) && (!both || x.every((item) => has(y, item)));
  };
}

function insert([map, key, value]: Args): Result | undefined {
  if (!(map instanceof PlainMap)) return undefined;
  if (value !== undefined) return key === undefined ? undefined : map.with(key, value);
  if (!(key instanceof MapValue)) return undefined;
  let result: PlainMap | CelError = map;
  for (const name of key.keys()) {
    const item = key.find(name) ?? null;
    if (isError(item)) return item;
    result = result.with(name, item);
    if (result instanceof CelError) return result;
  }
  return result;
}

function isZero(value: Value): boolean {
  if (value === null || value === false || value === 0n || value === 0 || value === "") return true;
  if (value instanceof Uint) return value.value === 0n;
  if (value instanceof Duration) return value.nanos === 0n;
  if (value instanceof Bytes) return value.value.length === 0;
  if (value instanceof Optional) return value.value === undefined;
  return (value instanceof ListValue || value instanceof MapValue) && value.size === 0;
}

const unwrap = withItems((items) => {
  const found: Value[] = [];
  for (const item of items) {
    if (!(item instanceof Optional)) return undefined;
    if (item.value !== undefined) found.push(item.value);
  }
  return new PlainList(found);
});

export const lists: Readonly<Record<string, (args: Args) => Result | undefined>> = {
  isSorted,
  sum,
  min: extreme("min", (order) => order < 0),
  max: extreme("max", (order) => order > 0),
  indexOf: position(false),
  lastIndexOf: position(true),
  slice,
  flatten,
  distinct,
  reverse: withItems((items) => new PlainList(items.toReversed())),
  sort: withItems((items) => sorted(items, items)),
  "@sortByAssociatedKeys": withItems((items, [keys]) => {
    const by = keys instanceof ListValue ? itemsOf(keys) : undefined;
    return by === undefined || by instanceof CelError ? by : sorted(items, by);
  }),
  "lists.range": range,
  "sets.contains": sets(true, false),
  "sets.equivalent": sets(true, true),
  "sets.intersects": sets(false, false),
  "cel.@mapInsert": insert,
  "optional.of": ([value = null]) => new Optional(value),
  "optional.ofNonZeroValue": ([value = null]) => (isZero(value) ? none : new Optional(value)),
  "optional.none": () => none,
  hasValue: ([value]) => (value instanceof Optional ? value.value !== undefined : undefined),
  value: ([value]) => (value instanceof Optional ? (value.value ?? noValue(value)) : undefined),
  "optional.unwrap": unwrap,
  unwrapOpt: unwrap,
  first: withItems((items) => (items.length === 0 ? none : new Optional(items[0] ?? null))),
  last: withItems((items) => (items.length === 0 ? none : new Optional(items.at(-1) ?? null))),
};

function noValue({ value }: Optional): Result {
  return value === null ? null : new CelError("optional.none() dereference");
}
