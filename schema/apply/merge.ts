/** A configuration laid over a live value (structured-merge-diff `TypedValue.Merge`). Removes nothing. Pure. */
import { isObject, setMember } from "../patch/values.ts";
import { kindsOf } from "./atoms.ts";
import type { Atom, ListAtom, MapAtom } from "./atoms.ts";
import { TypedError } from "./errors.ts";
import { itemElement } from "./list-items.ts";
import { pathText } from "./path-element.ts";
import type { PathElement } from "./path-element.ts";
import { scalarProblem } from "./validate-typed.ts";

/**
 * The result shares parts with both. An associative list has the order of the configuration, what only the live one has
 * staying in its place as far as that goes. `undefined`: an absent value, in and out. Throws TypedError.
 */
export function merge(atom: Atom, live: unknown, config: unknown): unknown {
  const before = kindsOf(atom, live);
  const after = kindsOf(atom, config);
  if (config === undefined) return mergeKind(before, atom, live, config);
  if (live === undefined || before === after) return mergeKind(after, atom, live, config);
  mergeKind(before, atom, live, config);
  return mergeKind(after, atom, live, config);
}

function mergeKind(kinds: string, { scalar, map, list }: Atom, live: unknown, config: unknown): unknown {
  if (kinds.startsWith("m") && map !== undefined) return mergeMaps(map, live, config);
  if (kinds.startsWith("s") || list === undefined) {
    const problem = scalarProblem(scalar ?? "untyped", live);
    if (problem !== undefined && scalarProblem(scalar ?? "untyped", config) !== undefined)
      throw new TypedError(problem);
    return whole(live, config);
  }
  return mergeLists(list, live, config);
}

function whole(live: unknown, config: unknown): unknown {
  return config === undefined ? live : config;
}

function mergeMaps(map: MapAtom, live: unknown, config: unknown): unknown {
  const before = isObject(live) ? live : {};
  const after = isObject(config) ? config : {};
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  if (map.atomic || names.size === 0) return whole(live, config);
  const merged: Record<string, unknown> = {};
  let some = false;
  for (const name of names) {
    const atom = map.field(name)?.atom ?? map.element;
    if (atom === undefined) throw new TypedError(`.${name}: field not declared in schema`);
    const value = merge(
      atom,
      Object.hasOwn(before, name) ? before[name] : undefined,
      Object.hasOwn(after, name) ? after[name] : undefined,
    );
    if (value === undefined) continue;
    setMember(merged, name, value);
    some = true;
  }
  return some ? merged : undefined;
}

function mergeLists(list: ListAtom, live: unknown, config: unknown): unknown {
  const before: readonly unknown[] = Array.isArray(live) ? live : [];
  const after: readonly unknown[] = Array.isArray(config) ? config : [];
  if (list.atomic || (before.length === 0 && after.length === 0)) return whole(live, config);
  const merged = mergeItems(list, before, after);
  return merged.length === 0 ? undefined : merged;
}

function mergeItems(list: ListAtom, live: readonly unknown[], config: readonly unknown[]): unknown[] {
  const right = indexed(list, config, false);
  const left = indexed(list, live, true);
  const merged: unknown[] = [];
  const add = (item: unknown, other: unknown): void => {
    const value = merge(list.element, item, other);
    if (value !== undefined) merged.push(value);
  };
  const shared = right.elements.filter((element) => left.values.has(element));
  let next = shared[0];
  let order = 0;
  const advance = (): void => {
    next = shared[++order];
  };
  const done = new Set<PathElement>();
  const takeRight = (element: PathElement): void => {
    done.add(element);
    add(left.values.get(element), right.values.get(element));
  };
  let l = 0;
  let r = 0;
  while (l < left.elements.length || r < right.elements.length) {
    const mine = left.elements[l];
    const theirs = right.elements[r];
    if (mine !== undefined && theirs !== undefined) {
      if (mine === theirs) {
        takeRight(mine);
        l++;
        r++;
        advance();
        continue;
      }
      // Both have it, but another one that both have comes first.
      if (right.values.has(mine) && next !== undefined && next !== mine) {
        l++;
        continue;
      }
    }
    if (mine !== undefined) {
      if (!right.values.has(mine)) {
        // By position: an item that is there twice has no value in the index.
        add(live[l], undefined);
        l++;
        continue;
      }
      if (done.has(mine)) l++;
    }
    if (theirs !== undefined) {
      takeRight(theirs);
      r++;
      if (next === theirs) advance();
    }
  }
  return merged;
}

interface Indexed {
  readonly elements: readonly PathElement[];
  /** Null for an item that is there twice: it is not merged with what comes. */
  readonly values: ReadonlyMap<PathElement, unknown>;
}

function indexed(list: ListAtom, items: readonly unknown[], duplicates: boolean): Indexed {
  const values = new Map<PathElement, unknown>();
  const elements = items.map((item, index) => {
    let element: PathElement;
    try {
      element = itemElement(list, item);
    } catch (error) {
      throw error instanceof TypedError ? new TypedError(`element ${index}: ${error.message}`) : error;
    }
    if (values.has(element) && !duplicates)
      throw new TypedError(`duplicate entries for key ${pathText([element])}`);
    values.set(element, values.has(element) ? null : item);
    return element;
  });
  return { elements, values };
}
