/** What evaluating costs, in cel-go's units (cel-go, interpreter/runtimecost; apiserver, cel/library/cost). Pure. */
import { runeCount } from "../structural/validate-scalars.ts";
import { Bytes, CelError, ListValue, MapValue, Opaque, Optional } from "./values.ts";
import type { Result } from "./values.ts";

/** Kubernetes' limits (apiserver, apis/cel/config). */
export const perCallLimit = 1_000_000;
export const runtimeBudget = 10_000_000;

const perChar = 0.1;
const perRegexChar = 0.25;
export const listCost = 10;
export const mapCost = 30;

const traversal = (size: number, factor = 1): number => Math.ceil(size * factor * perChar);

export function actualSize(value: Result | undefined): number {
  if (typeof value === "string") return runeCount(value);
  if (value instanceof Bytes) return value.value.length;
  if (value instanceof ListValue || value instanceof MapValue) return value.size;
  if (value instanceof Optional && value.value !== undefined) return actualSize(value.value);
  if (value instanceof Opaque && value.content.type === "net.IP") return value.content.value.bytes.length;
  if (value instanceof Opaque && value.content.type === "net.CIDR")
    return Math.ceil(value.content.value.bits / 8);
  return 1;
}

/** The cost of looking at all of a value. */
function traversalCost(value: Result): number {
  if (typeof value === "string") return Math.floor(new TextEncoder().encode(value).length * perChar);
  if (value instanceof Bytes) return Math.floor(value.value.length * perChar);
  if (value instanceof ListValue)
    return [...value].reduce<number>((sum, item) => sum + traversalCost(item), 0);
  if (value instanceof MapValue)
    return value
      .keys()
      .reduce<number>((sum, key) => sum + traversalCost(key) + traversalCost(value.find(key) ?? null), 0);
  return 1;
}

function regexCost(text: Result | undefined, pattern: number): number {
  return Math.ceil((1 + actualSize(text)) * perChar) * Math.ceil(pattern * perRegexChar);
}

const wholeLists = new Set(["isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"]);
const oneTraversal = new Set([
  "url",
  "lowerAscii",
  "upperAscii",
  "substring",
  "trim",
  "cidr",
  "isIP",
  "isCIDR",
  "quantity",
  "isQuantity",
  "semver",
  "isSemver",
  "startsWith",
  "endsWith",
  "strings.quote",
  "format",
]);
const comparisons = new Set(["_<_", "_<=_", "_>_", "_>=_"]);

/** `overloads`: those that the call may be by its types. */
export function callCost(
  fn: string,
  overloads: readonly string[],
  args: readonly Result[],
  result: Result,
): number {
  const [first, second] = args;
  const only = overloads.length === 1 ? overloads[0] : undefined;
  if (wholeLists.has(fn)) return first === undefined ? 0 : traversalCost(first);
  if (oneTraversal.has(fn)) return traversal(actualSize(first));
  switch (fn) {
    case "replace":
    case "split":
    case "ip.isCanonical":
      return traversal(actualSize(first), 2);
    case "join":
      return traversal(actualSize(result), 2);
    case "find":
    case "findAll":
      return regexCost(first, actualSize(second));
    case "matches":
      return only === "matches_string" ? regexCost(first, actualSize(second)) : 1;
    case "ip":
      return only === "cidr_ip" ? 1 : traversal(actualSize(first));
    case "containsIP":
    case "containsCIDR": {
      const size = actualSize(first);
      const text = only?.endsWith("_string") === true ? traversal(actualSize(second)) : 0;
      return traversal(size, 2) + text + (fn === "containsCIDR" ? traversal(size) + 1 : 0);
    }
    case "validate":
      return first instanceof Opaque && first.content.type === "kubernetes.NamedFormat"
        ? regexCost(second, first.content.value.maxRegexSize)
        : 1;
    case "contains":
      return traversal(actualSize(first)) * traversal(actualSize(second));
    case "@in":
      return only === "in_list" ? actualSize(second) : 1;
    case "_==_":
    case "_!=_":
      if (fn === "_==_" && first instanceof Opaque) return 1;
      return traversal(Math.min(actualSize(first), actualSize(second)));
    case "_+_":
      return only === "add_string" || only === "add_bytes"
        ? traversal(actualSize(first) + actualSize(second))
        : 1;
    case "bytes":
    case "string":
      return only === "string_to_bytes" || only === "bytes_to_string" ? traversal(actualSize(first)) : 1;
    default:
      break;
  }
  if (comparisons.has(fn) && (only?.endsWith("_string") === true || only?.endsWith("_bytes") === true))
    return traversal(Math.min(actualSize(first), actualSize(second)));
  return listCallCost(fn, first, second, result);
}

/** cel-go's extended list functions. */
function listCallCost(
  fn: string,
  first: Result | undefined,
  second: Result | undefined,
  result: Result,
): number {
  const allocated = (size: number, factor: number): number => Math.floor(size * factor) + 1 + listCost;
  switch (fn) {
    case "slice":
    case "reverse":
    case "lists.range":
      return allocated(actualSize(result), 1);
    case "flatten":
      return allocated(actualSize(first), typeof second === "bigint" ? Number(second) : 1);
    case "sets.contains":
    case "sets.intersects":
      return actualSize(first) * actualSize(second) + 1;
    case "sets.equivalent":
      return actualSize(first) * actualSize(second) * 2 + 1;
    case "distinct":
    case "sort":
      return selfComparison(first, allocated);
    case "@sortByAssociatedKeys":
      return selfComparison(second, allocated);
    default:
      return 1;
  }
}

function selfComparison(
  list: Result | undefined,
  allocated: (size: number, factor: number) => number,
): number {
  const size = actualSize(list);
  const item = list instanceof ListValue && size > 0 ? list.get(0) : undefined;
  return allocated(size * size, typeof item === "string" || item instanceof Bytes ? 2 + perChar : 2);
}

/** Counts what one evaluation has cost so far. */
export class CostMeter {
  total = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Throws `CostLimitExceeded`. */
  add(cost: number): void {
    this.total += cost;
    if (this.total > this.#limit) throw new CostLimitExceeded();
  }
}

export class CostLimitExceeded extends Error {
  readonly error = new CelError("operation cancelled: actual cost limit exceeded");
}
