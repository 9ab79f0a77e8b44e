/** Equality, order and membership of CEL values (cel-go, common/types). Pure. */
import { deepEqual } from "../structural/json.ts";
import { compareQuantities } from "./quantity.ts";
import { compareSemvers } from "./semver.ts";
import {
  Bytes,
  CelError,
  Duration,
  isError,
  ListValue,
  MapValue,
  noSuchOverload,
  Opaque,
  Optional,
  Preserved,
  Timestamp,
  TypeValue,
  Uint,
} from "./values.ts";
import type { Result, Value } from "./values.ts";

/** True, false, or an error when a list or map of a schema meets another kind of value, or holds an error. */
export function equal(a: Value, b: Value): Result {
  if (a === null || b === null) return a === b;
  const number = numberOf(a);
  const other = numberOf(b);
  if (number !== undefined || other !== undefined)
    return number !== undefined && other !== undefined && compareNumbers(number, other) === 0;
  if (typeof a !== "object" || typeof b !== "object") return a === b;
  if (a instanceof ListValue) return b instanceof ListValue ? a.equals(b) : unlike(a);
  if (a instanceof MapValue) return b instanceof MapValue ? a.equals(b) : unlike(a);
  if (a instanceof Bytes) return b instanceof Bytes && compareBytes(a, b) === 0;
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanos === b.nanos;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  if (a instanceof TypeValue) return b instanceof TypeValue && a.name === b.name;
  if (a instanceof Preserved) return b instanceof Preserved && deepEqual(a.value, b.value);
  if (a instanceof Optional) return b instanceof Optional && equalOptionals(a, b);
  return b instanceof Opaque && a instanceof Opaque ? equalOpaque(a, b) : false;
}

/** Lists and maps of literals are simply unequal to anything else. */
function unlike(value: ListValue | MapValue): Result {
  return "schema" in value ? noSuchOverload() : false;
}

function equalOptionals(a: Optional, b: Optional): Result {
  if (a.value === undefined || b.value === undefined) return a.value === b.value;
  return equal(a.value, b.value);
}

function equalOpaque({ content: a }: Opaque, { content: b }: Opaque): boolean {
  if (a.type === "kubernetes.Quantity" && b.type === a.type) return compareQuantities(a.value, b.value) === 0;
  if (a.type === "kubernetes.Semver" && b.type === a.type) return compareSemvers(a.value, b.value) === 0;
  if (a.type === "kubernetes.NamedFormat" && b.type === a.type) return a.value.name === b.value.name;
  if (a.type === "net.IP" && b.type === a.type)
    return a.value.zone === b.value.zone && sameBytes(a.value.bytes, b.value.bytes);
  if (a.type === "net.CIDR" && b.type === a.type)
    return a.value.bits === b.value.bits && sameBytes(a.value.address.bytes, b.value.address.bytes);
  return a.type === b.type && JSON.stringify(a.value) === JSON.stringify(b.value);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function numberOf(value: Value): bigint | number | undefined {
  if (typeof value === "bigint" || typeof value === "number") return value;
  return value instanceof Uint ? value.value : undefined;
}

/** Across int, uint and double; `undefined`: not a number is neither. */
export function compareNumbers(a: bigint | number, b: bigint | number): number | undefined {
  if (a < b) return -1;
  if (a > b) return 1;
  // oxlint-disable-next-line eqeqeq -- a bigint equals a number of the same value
  return a == b ? 0 : undefined;
}

/** By bytes of UTF-8, which is the order of code points. */
export function compareStrings(a: string, b: string): number {
  const [length, other] = [a.length, b.length];
  for (let i = 0; i < length && i < other; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    // Surrogates stand for what comes after all of the basic plane.
    const high = (code: number): number => (code >= 0xd800 && code <= 0xdfff ? code + 0x10000 : code);
    return high(x) < high(y) ? -1 : 1;
  }
  return Math.sign(length - other);
}

function compareBytes({ value: a }: Bytes, { value: b }: Bytes): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    if (a[i] !== b[i]) return (a[i] ?? 0) < (b[i] ?? 0) ? -1 : 1;
  }
  return Math.sign(a.length - b.length);
}

const order = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

/** -1, 0 or 1; an error for what has no order. */
export function compare(a: Value, b: Value): number | CelError {
  const number = numberOf(a);
  if (number !== undefined) {
    const other = numberOf(b);
    if (other === undefined) return noSuchOverload();
    return compareNumbers(number, other) ?? new CelError("NaN values cannot be ordered");
  }
  if (typeof a === "string" && typeof b === "string") return compareStrings(a, b);
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  if (a instanceof Bytes && b instanceof Bytes) return compareBytes(a, b);
  if (a instanceof Timestamp && b instanceof Timestamp) return order(a.nanos, b.nanos);
  if (a instanceof Duration && b instanceof Duration) return order(a.nanos, b.nanos);
  return noSuchOverload();
}

/** `value in list`. */
export function listHas(list: ListValue, value: Value): Result {
  let failed: CelError | undefined;
  for (const item of list) {
    const same = isError(item) ? item : equal(item, value);
    if (same === true) return true;
    if (isError(same)) failed ??= same;
  }
  return failed ?? false;
}
