/** Ownership through updates and applies (structured-merge-diff `merge.Updater`). Pure. */
import { same } from "../patch/values.ts";
import type { Atom } from "./atoms.ts";
import { compare } from "./compare.ts";
import type { Comparison } from "./compare.ts";
import { ConflictError } from "./errors.ts";
import type { Conflict } from "./errors.ts";
import { difference, emptySet, intersection, pathsOf, union, withNamedFields } from "./field-set.ts";
import type { FieldSet } from "./field-set.ts";
import type { Managers, Owned } from "./managers.ts";
import { merge } from "./merge.ts";
import { compareText } from "./order.ts";
import { comparePathElements, pathText } from "./path-element.ts";
import { reconciled } from "./reconcile-schema.ts";
import { removeItems } from "./remove-items.ts";
import { toFieldSet } from "./to-field-set.ts";
import { checkTyped } from "./validate-typed.ts";

/** An object in terms of one of its versions. */
export interface Typed {
  readonly value: unknown;
  readonly atom: Atom;
  readonly apiVersion: string;
}

export interface Versions {
  /** `undefined` for a version that is not served: its managers are forgotten. */
  readonly atomOf: (apiVersion: string) => Atom | undefined;
  /** Takes out what this kind of request cannot write. */
  readonly filter: (set: FieldSet) => FieldSet;
}

/** Who owns what after `manager` has made `next` of `live`. Throws TypedError. */
export function updateManagers(
  versions: Versions,
  live: Typed,
  next: Typed,
  managers: Managers,
  manager: string,
): Managers {
  const { managers: others, comparison } = takeOver(
    versions,
    live,
    next,
    reconcile(versions, live, managers),
    manager,
    true,
  );
  const before = others.get(manager)?.set ?? emptySet;
  const set = versions.filter(
    union(union(difference(before, comparison.removed), comparison.modified), comparison.added),
  );
  if (set.size === 0) others.delete(manager);
  else others.set(manager, { set, apiVersion: next.apiVersion, applied: false });
  return others;
}

/**
 * The object and its owners after `manager` has applied `config` to `live`; `value` is `undefined` where nothing changed.
 * Throws TypedError, ConflictError.
 */
export function applyConfig(
  versions: Versions,
  live: Typed,
  config: Typed,
  given: Managers,
  manager: string,
  force: boolean,
): { value: unknown; managers: Managers } {
  const managers = reconcile(versions, live, given);
  const merged = { ...live, value: merge(live.atom, live.value, config.value) };
  const last = managers.get(manager);
  const set = versions.filter(toFieldSet(config.atom, config.value));
  managers.set(manager, { set, apiVersion: config.apiVersion, applied: true });
  const next = prune(versions, merged, managers, last, config.apiVersion);
  const taken = takeOver(versions, live, next, managers, manager, force);
  return { value: same(live.value, next.value) ? undefined : next.value, managers: taken.managers };
}

/** What others lose by a change, or a conflict. */
function takeOver(
  versions: Versions,
  live: Typed,
  next: Typed,
  managers: Managers,
  manager: string,
  force: boolean,
): { managers: Managers; comparison: Comparison } {
  const comparison = filtered(versions, compare(live.atom, live.value, next.value));
  const comparisons = new Map([[live.apiVersion, comparison]]);
  const result: Managers = new Map();
  const conflicts = new Map<string, FieldSet>();
  for (const [id, owned] of managers) {
    if (id === manager) {
      result.set(id, owned);
      continue;
    }
    const { apiVersion, set } = owned;
    let changes = comparisons.get(apiVersion);
    if (changes === undefined) {
      const old = converted(versions, live, apiVersion);
      const now = converted(versions, next, apiVersion);
      if (old === undefined || now === undefined) continue;
      changes = filtered(versions, compare(old.atom, old.value, now.value));
      comparisons.set(apiVersion, changes);
    }
    const conflict = intersection(set, union(changes.modified, changes.added));
    if (conflict.size > 0) conflicts.set(id, conflict);
    const left = difference(difference(set, conflict), changes.removed);
    if (left.size > 0) result.set(id, { ...owned, set: left });
  }
  if (!force && conflicts.size > 0) throw new ConflictError(conflictsOf(conflicts));
  if (result.get(manager)?.set.size === 0) result.delete(manager);
  return { managers: result, comparison };
}

function filtered({ filter }: Versions, { removed, modified, added }: Comparison): Comparison {
  return { removed: filter(removed), modified: filter(modified), added: filter(added) };
}

function conflictsOf(sets: ReadonlyMap<string, FieldSet>): Conflict[] {
  return [...sets]
    .toSorted(([a], [b]) => compareText(a, b))
    .flatMap(([manager, set]) =>
      [...pathsOf(set, comparePathElements)].map((elements) => ({
        manager,
        path: pathText(elements),
        elements,
      })),
    );
}

/** Without what the manager applied before and does not any more, unless somebody else owns it, too. */
function prune(
  versions: Versions,
  merged: Typed,
  managers: Managers,
  last: Owned | undefined,
  apiVersion: string,
): Typed {
  if (last === undefined || last.set.size === 0) return merged;
  const all = converted(versions, merged, last.apiVersion);
  if (all === undefined) return merged;
  const { atom } = all;
  const lost = withNamedFields(last.set, atom);
  const pruned = addBackOwned(versions, all, without(all, lost), managers);
  // What hangs below something that others keep stays with it.
  const left = withNamedFields(fieldsOf(converted(versions, pruned, last.apiVersion) ?? pruned), atom);
  const gone = difference(withNamedFields(fieldsOf(all), atom), left);
  const kept = without(all, intersection(gone, lost));
  return converted(versions, kept, apiVersion) ?? kept;
}

/** The version of the pruned object first: others may need for their conversion what it lacks. */
function addBackOwned(versions: Versions, all: Typed, pruned: Typed, managers: Managers): Typed {
  const owned = new Map<string, FieldSet>();
  for (const { apiVersion, set } of managers.values())
    owned.set(apiVersion, union(owned.get(apiVersion) ?? emptySet, set));
  const first = (apiVersion: string): number => (apiVersion === all.apiVersion ? 0 : 1);
  let result = pruned;
  for (const [apiVersion, set] of [...owned].toSorted(([a], [b]) => first(a) - first(b))) {
    const whole = converted(versions, all, apiVersion);
    const part = converted(versions, result, apiVersion);
    if (whole === undefined || part === undefined) continue;
    const { atom } = whole;
    const kept = union(withNamedFields(fieldsOf(part), atom), withNamedFields(set, atom));
    result = without(whole, difference(withNamedFields(fieldsOf(whole), atom), kept));
  }
  return result;
}

function fieldsOf({ atom, value }: Typed): FieldSet {
  return toFieldSet(atom, value);
}

function without(typed: Typed, fields: FieldSet): Typed {
  return { ...typed, value: removeItems(typed.atom, typed.value, fields) };
}

/** Owners under today's schemas; those of versions that are gone are forgotten. */
function reconcile(versions: Versions, live: Typed, managers: Managers): Managers {
  const result: Managers = new Map();
  for (const [id, owned] of managers) {
    const atom = owned.apiVersion === live.apiVersion ? live.atom : versions.atomOf(owned.apiVersion);
    if (atom !== undefined) result.set(id, { ...owned, set: reconciled(atom, owned.set) });
  }
  return result;
}

/** Versions differ in their schemas alone (conversion `None`). Throws TypedError. */
function converted(versions: Versions, typed: Typed, apiVersion: string): Typed | undefined {
  if (typed.apiVersion === apiVersion) return typed;
  const atom = versions.atomOf(apiVersion);
  if (atom === undefined) return undefined;
  const value = { ...(typed.value as object), apiVersion };
  checkTyped(atom, value);
  return { value, atom, apiVersion };
}
