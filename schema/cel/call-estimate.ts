/** What a call may cost at most, by the sizes of its arguments (apiserver, cel/library/cost; cel-go, ext). Pure. */
import type { Expr } from "./ast.ts";
import { fixed, plus, scaled, times, unbounded } from "./cost-range.ts";
import type { Range } from "./cost-range.ts";
import { sameType } from "./types.ts";
import type { Type } from "./types.ts";

export interface EstimatedNode {
  readonly expr: Expr | undefined;
  readonly type: Type;
  /** Known, by the schema or by computation; without either unbounded. */
  readonly size: Range;
  /** The elements of a list, as the schema bounds them. */
  readonly element: () => EstimatedNode | undefined;
}

export interface CallEstimate {
  /** Without the arguments' own. */
  readonly cost: Range;
  readonly size?: Range;
}

const perChar = 0.1;
const perRegexChar = 0.25;
const one = fixed(1);

/** Kubernetes' functions and those of cel-go's lists; `undefined`: CEL's own estimate counts. */
export function callEstimate(
  fn: string,
  overload: string,
  target: EstimatedNode | undefined,
  args: readonly EstimatedNode[],
): CallEstimate | undefined {
  const [first, second] = args;
  const extended = listEstimate(overload, target, args);
  if (extended !== undefined) return extended;
  switch (fn) {
    case "isSorted":
    case "sum":
    case "max":
    case "min":
    case "indexOf":
    case "lastIndexOf":
      return target === undefined ? undefined : wholeList(target);
    case "url":
      return first === undefined ? undefined : { cost: scaled(first.size, perChar), size: first.size };
    case "lowerAscii":
    case "upperAscii":
    case "substring":
    case "trim":
      return target === undefined ? undefined : { cost: scaled(target.size, perChar), size: target.size };
    case "replace":
      return target === undefined || first === undefined || second === undefined
        ? undefined
        : { cost: scaled(target.size, 2 * perChar), size: replaced(target.size, first.size, second.size) };
    case "split":
      return target === undefined ? undefined : splitEstimate(target, second);
    case "join":
      return target === undefined ? undefined : joinEstimate(target, first);
    case "find":
    case "findAll":
      if (target === undefined || first === undefined) return undefined;
      return { cost: regexEstimate(target.size, first.size), size: { min: 0, max: target.size.max } };
    case "cidr":
    case "isIP":
    case "isCIDR":
    case "quantity":
    case "isQuantity":
    case "semver":
    case "isSemver":
      return first === undefined ? undefined : { cost: scaled(first.size, perChar) };
    case "ip":
      if (overload === "cidr_ip") return { cost: one };
      return first === undefined ? undefined : { cost: scaled(first.size, perChar) };
    case "ip.isCanonical":
      return first === undefined ? undefined : { cost: scaled(first.size, 2 * perChar) };
    case "containsIP":
    case "containsCIDR":
      return first === undefined ? undefined : { cost: containsEstimate(fn, overload, first) };
    case "validate":
      return first === undefined
        ? undefined
        : { cost: scaled(scaled(first.size, perChar), 128 * perRegexChar) };
    default:
      return nominal.has(fn) ? { cost: one } : equality(fn, args);
  }
}

const nominal = new Set([
  "masked",
  "prefixLength",
  "family",
  "isUnspecified",
  "isLoopback",
  "isLinkLocalMulticast",
  "isLinkLocalUnicast",
  "isGlobalUnicast",
  "format.named",
  "sign",
  "asInteger",
  "isInteger",
  "asApproximateFloat",
  "isGreaterThan",
  "isLessThan",
  "compareTo",
  "add",
  "sub",
  "major",
  "minor",
  "patch",
  "getScheme",
  "getHostname",
  "getHost",
  "getPort",
  "getEscapedPath",
  "getQuery",
]);

function wholeList(target: EstimatedNode): CallEstimate {
  const element = target.element();
  if (element === undefined) return { cost: scaled(target.size, perChar) };
  const text = element.type.kind === "string" || element.type.kind === "bytes";
  return { cost: times(target.size, text ? plus(one, scaled(element.size, perChar)) : one) };
}

export function regexEstimate(text: Range, pattern: Range): Range {
  return times(scaled(plus(text, one), perChar), scaled(pattern, perRegexChar));
}

/** How long the result of a replacement may be: as often as it fits, or not at all. */
function replaced(text: Range, from: Range, to: Range): Range {
  const longest = (): number => {
    if (from.min === 0) return add(multiply(add(text.max, 1), to.max), text.max);
    if (to.max <= from.min) return text.max;
    return multiply(Math.ceil(text.max / from.min), to.max);
  };
  const shortest = (): number => {
    if (from.max === 0) return add(multiply(add(text.min, 1), to.min), text.min);
    if (from.max <= to.min) return text.min;
    return multiply(Math.ceil(text.min / from.max), to.min);
  };
  return { min: shortest(), max: longest() };
}

const add = (a: number, b: number): number => Math.min(a + b, unbounded);
const multiply = (a: number, b: number): number => Math.min(a * b, unbounded);

function splitEstimate(target: EstimatedNode, limit: EstimatedNode | undefined): CallEstimate {
  const given = limit?.expr?.kind === "const" ? limit.expr.value : undefined;
  const max = typeof given === "bigint" ? (given < 0n ? unbounded : Number(given)) : target.size.max;
  return { cost: scaled(target.size, 2 * perChar), size: { min: 0, max } };
}

function joinEstimate(target: EstimatedNode, separator: EstimatedNode | undefined): CallEstimate {
  const element = target.element();
  let size = element === undefined ? fixed(0) : times(target.size, element.size);
  if (separator !== undefined) {
    const gaps = { min: Math.max(0, target.size.min - 1), max: Math.max(0, target.size.max - 1) };
    size = plus(size, times(separator.size, gaps));
  }
  return { cost: scaled(size, perChar), size };
}

function containsEstimate(fn: string, overload: string, other: EstimatedNode): Range {
  const address = { min: 4, max: 16 };
  const parts = [scaled(plus(address, address), perChar)];
  if (fn === "containsCIDR") parts.push(scaled(address, perChar), one);
  if (overload.endsWith("_string")) parts.push(scaled(other.size, perChar));
  return plus(...parts);
}

const constant = new Set(["net.IP", "net.CIDR", "kubernetes.Quantity", "kubernetes.Semver"]);

function equality(fn: string, args: readonly EstimatedNode[]): CallEstimate | undefined {
  const [first, second] = args;
  if (fn !== "_==_" || first === undefined || second === undefined || !sameType(first.type, second.type))
    return undefined;
  const { name } = first.type;
  if (constant.has(name)) return { cost: one };
  if (name === "kubernetes.NamedFormat") return { cost: scaled({ min: 1, max: 64 }, perChar) };
  if (name === "kubernetes.URL") return { cost: scaled({ min: 1, max: second.size.max }, perChar) };
  return undefined;
}

/** As cel-go reckons, without signs. */
function difference(a: number, b: number): number {
  return a < b ? unbounded : a - b;
}

function listEstimate(
  overload: string,
  target: EstimatedNode | undefined,
  args: readonly EstimatedNode[],
): CallEstimate | undefined {
  const allocating = (size: Range, factor: number): CallEstimate => ({
    cost: plus(scaled(size, factor), one, fixed(10)),
    size,
  });
  const [first, second] = args;
  const whole = (node: EstimatedNode | undefined, otherwise: number): number => {
    const value = node?.expr?.kind === "const" ? node.expr.value : undefined;
    return typeof value === "bigint" ? Math.max(0, Number(value)) : otherwise;
  };
  switch (overload) {
    case "list_slice":
      if (target === undefined) return undefined;
      return allocating(fixed(difference(whole(second, target.size.max), whole(first, 0))), 1);
    case "list_flatten":
    case "list_flatten_int":
      return target === undefined
        ? undefined
        : allocating(target.size, first === undefined ? 1 : whole(first, unbounded));
    case "lists_range":
      return allocating(fixed(whole(first, unbounded)), 1);
    case "list_reverse":
      return target === undefined ? undefined : allocating(target.size, 1);
    case "list_distinct":
      return target === undefined ? undefined : allocating(times(target.size, target.size), 2);
    default:
      break;
  }
  const sets = /^list_sets_(contains|equivalent|intersects)_list$/.exec(overload);
  if (sets !== null && first !== undefined && second !== undefined)
    return { cost: plus(scaled(times(first.size, second.size), sets[1] === "equivalent" ? 2 : 1), one) };
  const sorting = /^list_(.+)_(sort|sortByAssociatedKeys)$/.exec(overload);
  const keys = sorting?.[2] === "sort" ? target : first;
  if (sorting === null || keys === undefined) return undefined;
  const text = sorting[1] === "string" || sorting[1] === "bytes";
  return allocating(times(keys.size, keys.size), text ? 2 + perChar : 2);
}
