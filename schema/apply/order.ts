/** The order of JSON values in field sets (structured-merge-diff `value.Compare`). Pure. */
import { isObject } from "../patch/values.ts";

/** By UTF-8 bytes, as Go compares strings; JavaScript's own order puts surrogates before U+E000. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const one = a.charCodeAt(index);
    const other = b.charCodeAt(index);
    if (one === other) continue;
    if (one >= 0xd800 && other >= 0xd800) return surrogatesLast(one) - surrogatesLast(other);
    return one - other;
  }
  return a.length - b.length;
}

function surrogatesLast(unit: number): number {
  return unit < 0xe000 ? unit + 0x10000 : unit;
}

/** Numbers, texts, booleans, lists, objects, null. */
export function compareValues(a: unknown, b: unknown): number {
  const kind = kindOf(a);
  if (kind !== kindOf(b)) return kind - kindOf(b);
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (Array.isArray(a) && Array.isArray(b)) return compareLists(a, b);
  if (isObject(a) && isObject(b)) return compareLists(membersOf(a), membersOf(b));
  return Number(a) - Number(b);
}

function kindOf(value: unknown): number {
  if (typeof value === "number") return 0;
  if (typeof value === "string") return 1;
  if (typeof value === "boolean") return 2;
  if (Array.isArray(value)) return 3;
  return value === null ? 5 : 4;
}

function compareLists(a: readonly unknown[], b: readonly unknown[]): number {
  for (const [index, item] of a.entries()) {
    if (index >= b.length) return 1;
    const order = compareValues(item, b[index]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function membersOf(object: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(object).toSorted(([a], [b]) => compareText(a, b));
}
