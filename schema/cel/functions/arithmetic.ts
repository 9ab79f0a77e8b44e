/** Operators. Pure. */
import { compare, equal, listHas } from "../compare.ts";
import {
  Bytes,
  CelError,
  checkedDuration,
  checkedInt,
  checkedTimestamp,
  checkedUint,
  Duration,
  isError,
  ListValue,
  MapValue,
  noSuchOverload,
  Timestamp,
  Uint,
} from "../values.ts";
import type { Result, Value } from "../values.ts";
import { checkedLength } from "./text-limit.ts";

interface Operator {
  readonly ints: (a: bigint, b: bigint) => Result | bigint;
  readonly doubles?: (a: number, b: number) => number;
  readonly other?: (a: Value, b: Value) => Result | undefined;
}

function operator({ ints, doubles, other }: Operator): (args: readonly Value[]) => Result | undefined {
  return ([a = null, b = null]) => {
    if (typeof a === "bigint" && typeof b === "bigint") {
      const result = ints(a, b);
      return typeof result === "bigint" ? checkedInt(result) : result;
    }
    if (a instanceof Uint && b instanceof Uint) {
      const result = ints(a.value, b.value);
      return typeof result === "bigint" ? checkedUint(result) : result;
    }
    if (doubles !== undefined && typeof a === "number" && typeof b === "number") return doubles(a, b);
    return other?.(a, b);
  };
}

function plus(a: Value, b: Value): Result | undefined {
  if (typeof a === "string" && typeof b === "string") return checkedLength(a.length + b.length, () => a + b);
  if (a instanceof ListValue && b instanceof ListValue) return a.add(b);
  if (a instanceof Bytes && b instanceof Bytes) {
    const joined = new Uint8Array(a.value.length + b.value.length);
    joined.set(a.value);
    joined.set(b.value, a.value.length);
    return new Bytes(joined);
  }
  if (a instanceof Duration && b instanceof Duration) return checkedDuration(a.nanos + b.nanos);
  if (a instanceof Timestamp && b instanceof Duration) return checkedTimestamp(a.nanos + b.nanos);
  if (a instanceof Duration && b instanceof Timestamp) return checkedTimestamp(a.nanos + b.nanos);
  return undefined;
}

function minus(a: Value, b: Value): Result | undefined {
  if (a instanceof Duration && b instanceof Duration) return checkedDuration(a.nanos - b.nanos);
  if (a instanceof Timestamp && b instanceof Timestamp) return checkedDuration(a.nanos - b.nanos);
  if (a instanceof Timestamp && b instanceof Duration) return checkedTimestamp(a.nanos - b.nanos);
  return undefined;
}

function ordering(holds: (order: number) => boolean): (args: readonly Value[]) => Result | undefined {
  return ([a = null, b = null]) => {
    const order = compare(a, b);
    if (typeof order === "number") return holds(order);
    return order.message === "no such overload" ? undefined : order;
  };
}

const ifNotZero =
  (name: string, apply: (a: bigint, b: bigint) => bigint) =>
  (a: bigint, b: bigint): Result | bigint =>
    b === 0n ? new CelError(`${name} by zero`) : apply(a, b);

export const arithmetic: Readonly<Record<string, (args: readonly Value[]) => Result | undefined>> = {
  "_+_": operator({ ints: (a, b) => a + b, doubles: (a, b) => a + b, other: plus }),
  "_-_": operator({ ints: (a, b) => a - b, doubles: (a, b) => a - b, other: minus }),
  "_*_": operator({ ints: (a, b) => a * b, doubles: (a, b) => a * b }),
  "_/_": operator({ ints: ifNotZero("division", (a, b) => a / b), doubles: (a, b) => a / b }),
  "_%_": operator({ ints: ifNotZero("modulus", (a, b) => a % b) }),
  "-_": ([a]) => (typeof a === "bigint" ? checkedInt(-a) : typeof a === "number" ? -a : undefined),
  "!_": ([a]) => (typeof a === "boolean" ? !a : undefined),
  "_==_": ([a = null, b = null]) => equal(a, b),
  "_!=_": ([a = null, b = null]) => {
    const same = equal(a, b);
    return typeof same === "boolean" ? !same : same;
  },
  "_<_": ordering((order) => order < 0),
  "_<=_": ordering((order) => order <= 0),
  "_>_": ordering((order) => order > 0),
  "_>=_": ordering((order) => order >= 0),
  "@in": ([value = null, range = null]) => {
    if (range instanceof ListValue) return listHas(range, value);
    if (!(range instanceof MapValue)) return noSuchOverload();
    const found = range.find(value);
    return found !== undefined && isError(found) ? found : found !== undefined;
  },
};
