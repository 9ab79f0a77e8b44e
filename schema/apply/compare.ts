/** What one value changes of another (structured-merge-diff `TypedValue.Compare`). Pure. */
import { isObject, same } from "../patch/values.ts";
import { kindsOf } from "./atoms.ts";
import type { Atom, ListAtom, MapAtom } from "./atoms.ts";
import { TypedError } from "./errors.ts";
import { insert } from "./field-set.ts";
import type { FieldSet, GrowingSet } from "./field-set.ts";
import { itemElement } from "./list-items.ts";
import { fieldElement } from "./path-element.ts";
import type { PathElement } from "./path-element.ts";
import { scalarProblem } from "./validate-typed.ts";

/** No field is in two of the sets. */
export interface Comparison {
  readonly removed: FieldSet;
  readonly modified: FieldSet;
  readonly added: FieldSet;
}

export function isSame({ removed, modified, added }: Comparison): boolean {
  return removed.size === 0 && modified.size === 0 && added.size === 0;
}

/** Throws TypedError for items that cannot be told apart, and scalars that neither side has right. */
export function compare(atom: Atom, old: unknown, next: unknown): Comparison {
  const comparer = new Comparer();
  comparer.values(atom, old, next);
  return comparer;
}

class Comparer implements Comparison {
  readonly removed: GrowingSet = new Map();
  readonly modified: GrowingSet = new Map();
  readonly added: GrowingSet = new Map();
  readonly #path: PathElement[] = [];

  values(atom: Atom, old: unknown, next: unknown): void {
    const before = kindsOf(atom, old);
    const after = kindsOf(atom, next);
    let leaf: boolean;
    if (next === undefined) leaf = this.#kind(before, atom, old, next);
    else if (old === undefined || before === after) leaf = this.#kind(after, atom, old, next);
    else {
      this.#kind(before, atom, old, next);
      leaf = this.#kind(after, atom, old, next);
    }
    if (leaf) return;
    if (old === undefined) this.#insert(this.added);
    else if (next === undefined) this.#insert(this.removed);
  }

  /** Answers whether the value was taken as a whole. */
  #kind(kinds: string, { scalar, map, list }: Atom, old: unknown, next: unknown): boolean {
    if (kinds.startsWith("m") && map !== undefined) return this.#map(map, old, next);
    if (kinds.startsWith("s") || list === undefined) {
      const problem = scalarProblem(scalar ?? "untyped", old);
      if (problem !== undefined && scalarProblem(scalar ?? "untyped", next) !== undefined)
        throw new TypedError(problem);
      return this.#leaf(old, next);
    }
    return this.#list(list, old, next);
  }

  #leaf(old: unknown, next: unknown): true {
    if (old === undefined) this.#insert(this.added);
    else if (next === undefined) this.#insert(this.removed);
    else if (!same(old, next)) this.#insert(this.modified);
    return true;
  }

  #map(map: MapAtom, old: unknown, next: unknown): boolean {
    const before = isObject(old) ? old : undefined;
    const after = isObject(next) ? next : undefined;
    if (map.atomic || (isEmpty(before) && isEmpty(after))) return this.#leaf(old, next);
    for (const name in before) {
      const value = before[name];
      const other = after !== undefined && Object.hasOwn(after, name) ? after[name] : undefined;
      if (value !== other) this.#member(map, name, value, other);
    }
    for (const name in after)
      if (before === undefined || !Object.hasOwn(before, name))
        this.#member(map, name, undefined, after[name]);
    return false;
  }

  #member(map: MapAtom, name: string, old: unknown, next: unknown): void {
    const atom = map.field(name)?.atom ?? map.element;
    if (atom === undefined) return;
    this.#path.push(fieldElement(name));
    this.values(atom, old, next);
    this.#path.pop();
  }

  #list(list: ListAtom, old: unknown, next: unknown): boolean {
    const before: readonly unknown[] = Array.isArray(old) ? old : [];
    const after: readonly unknown[] = Array.isArray(next) ? next : [];
    if (list.atomic || (before.length === 0 && after.length === 0)) return this.#leaf(old, next);
    const olds = byElement(list, before);
    const nexts = byElement(list, after);
    for (const element of new Set([...olds.keys(), ...nexts.keys()])) {
      this.#path.push(element);
      this.#items(list, olds.get(element) ?? [], nexts.get(element) ?? []);
      this.#path.pop();
    }
    return false;
  }

  /** The items of one element: one on a side, unless the list holds it twice. */
  #items(list: ListAtom, old: readonly unknown[], next: readonly unknown[]): void {
    if (old.length <= 1 && next.length <= 1) return this.values(list.element, old[0], next[0]);
    if (old.length >= 2 && next.length >= 2) {
      if (!same(old, next)) this.#insert(this.modified);
    } else if (old.length >= 2) {
      if (next.length > 0) this.values(list.element, undefined, next[0]);
      this.#insert(this.removed);
    } else {
      if (old.length > 0) this.values(list.element, old[0], undefined);
      this.#insert(this.added);
    }
  }

  #insert(set: GrowingSet): void {
    insert(set, this.#path);
  }
}

function isEmpty(map: Readonly<Record<string, unknown>> | undefined): boolean {
  for (const _ in map) return false;
  return true;
}

function byElement(list: ListAtom, items: readonly unknown[]): Map<PathElement, unknown[]> {
  const found = new Map<PathElement, unknown[]>();
  items.forEach((item, index) => {
    let element: PathElement;
    try {
      element = itemElement(list, item);
    } catch (error) {
      throw error instanceof TypedError ? new TypedError(`element ${index}: ${error.message}`) : error;
    }
    const known = found.get(element);
    if (known === undefined) found.set(element, [item]);
    else known.push(item);
  });
  return found;
}
