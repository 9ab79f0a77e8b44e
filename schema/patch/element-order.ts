/**
 * The order of a list after a strategic merge: a list of the patch first ranks what it names, the list as it was ranks
 * the rest, and the rest goes in where it stood before. As in k8s.io/apimachinery/pkg/util/strategicpatch.
 */
import { PatchError } from "./errors.ts";
import { isObject, member } from "./values.ts";
import type { JsonObject } from "./values.ts";

export const directiveKey = "$patch";

type Kind = "object" | "string" | "integer" | "number" | "boolean";

/** The kind of all elements. Throws PatchError when they differ, when any is a list or null, and when there are none. */
export function elementKind(...lists: readonly (readonly unknown[])[]): Kind {
  let kind: Kind | undefined;
  for (const item of lists.flat(1)) {
    const next = kindOf(item);
    if (next === undefined) throw new PatchError("Invalid", "lists of lists are not supported");
    if (kind !== undefined && kind !== next)
      throw new PatchError("BadRequest", `list element types are not identical: ${kind} and ${next}`);
    kind = next;
  }
  if (kind === undefined) throw new PatchError("BadRequest", "no elements in any of the given slices");
  return kind;
}

/** `undefined` for lists and null. */
function kindOf(value: unknown): Kind | undefined {
  if (isObject(value)) return "object";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  if (typeof value === "string") return "string";
  return typeof value === "boolean" ? "boolean" : undefined;
}

/** By what an element is known: its merge key, or itself in a list of scalars. Throws PatchError when it has none. */
export function identityOf(item: unknown, mergeKey: string): unknown {
  let identity = item;
  if (mergeKey !== "") {
    if (!isObject(item)) throw new PatchError("BadRequest", "expected a map in a list with a merge key");
    identity = member(item, mergeKey);
    if (identity === undefined)
      throw new PatchError("BadRequest", `map does not contain declared merge key: ${mergeKey}`);
  }
  if (typeof identity === "object" && identity !== null)
    throw new PatchError("BadRequest", "expected a scalar to know a list element by");
  return identity;
}

/** Index of the first element with each identity. */
export function positionsOf(list: readonly unknown[], mergeKey: string): Map<unknown, number> {
  const positions = new Map<unknown, number>();
  list.forEach((item, index) => {
    const identity = identityOf(item, mergeKey);
    if (!positions.has(identity)) positions.set(identity, index);
  });
  return positions;
}

/**
 * `merged` in its final order. What `order` names is ranked by it, the rest by `before`; the relative order of both groups
 * holds, and where it leaves a choice `before` decides.
 */
export function arrange(
  merged: readonly unknown[],
  order: readonly unknown[],
  before: readonly unknown[],
  mergeKey: string,
): unknown[] {
  const ordered = positionsOf(order, mergeKey);
  const placed = positionsOf(before, mergeKey);
  const rankIn = (ranks: ReadonlyMap<unknown, number>) => (item: unknown) =>
    ranks.get(identityOf(item, mergeKey));
  const isNamed = (item: unknown): boolean => ordered.has(identityOf(item, mergeKey));
  const named = ranked(merged.filter(isNamed), rankIn(ordered));
  const others = ranked(
    merged.filter((item) => !isNamed(item)),
    rankIn(placed),
  );
  return interleave(others, named, rankIn(placed));
}

type Rank = (item: unknown) => number | undefined;

/** By rank; what is to be deleted goes last. */
function ranked(items: readonly unknown[], rank: Rank): unknown[] {
  const deleted = items.filter((item) => isMarked(item, "delete"));
  const kept = items.filter((item) => !isMarked(item, "delete")).map((item) => ({ item, at: rank(item) }));
  const sorted = kept.every(({ at }) => at !== undefined)
    ? kept.sort((a, b) => (a.at ?? 0) - (b.at ?? 0))
    : partlyRanked(kept);
  return [...sorted.map(({ item }) => item), ...deleted];
}

interface Ranked {
  readonly item: unknown;
  readonly at: number | undefined;
}

/** Go sorts so many elements by plain insertion. */
const insertionLength = 20;

/**
 * Only what a patch adds while its order list is empty has no rank. Kubernetes calls it smaller and greater than anything,
 * so its order is what Go's insertion sort makes of that; longer lists are Go's merges of sorted parts, and not followed.
 */
function partlyRanked(items: readonly Ranked[]): Ranked[] {
  if (items.length > insertionLength)
    return items.toSorted((a, b) => (a.at ?? Infinity) - (b.at ?? Infinity) || 0);
  const sorted: Ranked[] = [];
  for (const next of items) {
    let place = sorted.length;
    for (; place > 0; place--) {
      const other = sorted[place - 1];
      if (next.at !== undefined && other?.at !== undefined && next.at >= other.at) break;
    }
    sorted.splice(place, 0, next);
  }
  return sorted;
}

/** Each of `others` goes before the first of `named` that stood after it. */
function interleave(others: readonly unknown[], named: readonly unknown[], rank: Rank): unknown[] {
  const all: unknown[] = [];
  let next = 0;
  for (const item of named) {
    const at = rank(item);
    for (; next < others.length; next++) {
      const otherAt = rank(others[next]);
      if (at === undefined || otherAt === undefined || otherAt >= at) break;
      all.push(others[next]);
    }
    all.push(item);
  }
  return [...all, ...others.slice(next)];
}

/**
 * A `$setElementOrder` list must name what the patch holds of the list, in the same order. Throws PatchError.
 */
export function checkElementOrder(
  patch: readonly unknown[],
  order: readonly unknown[],
  mergeKey: string,
): void {
  if (order.length === 0 || patch.length === 0) return;
  if (mergeKey !== "" && !patch.every(isObject))
    throw new PatchError("BadRequest", "expected a map in a list with a merge key");
  const wanted = patch.filter((item) => !isMarked(item, "delete"));
  let at = 0;
  for (const named of order) {
    while (at < wanted.length && isMarked(wanted[at])) at++;
    if (at >= wanted.length) return;
    if (identityOf(wanted[at], mergeKey) === identityOf(named, mergeKey)) at++;
  }
  if (at < wanted.length)
    throw new PatchError("BadRequest", "The order in patch list doesn't match $setElementOrder list");
}

/** Whether an element carries the directive, or any. */
function isMarked(item: unknown, directive?: "delete"): item is JsonObject {
  if (!isObject(item) || !Object.hasOwn(item, directiveKey)) return false;
  return directive === undefined || item[directiveKey] === directive;
}
