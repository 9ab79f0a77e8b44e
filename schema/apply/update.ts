/** managedFields through writes that are no applies (apimachinery `FieldManager.Update`). Pure. */
import { isObject, same } from "../patch/values.ts";
import type { FieldNode, FieldSet } from "./field-set.ts";
import { union } from "./field-set.ts";
import { compare, isSame } from "./compare.ts";
import type { Comparison } from "./compare.ts";
import { TypedError } from "./errors.ts";
import type { FieldsV1 } from "./fields-v1.ts";
import {
  capUpdateManagers,
  decodeManaged,
  emptyManaged,
  encodeManaged,
  managerId,
  sortEntries,
} from "./managers.ts";
import type { Managed, ManagedFieldsEntry } from "./managers.ts";
import { resetFilter, stripped } from "./object-type.ts";
import type { ObjectType } from "./object-type.ts";
import { updateManagers } from "./updater.ts";
import type { Typed, Versions } from "./updater.ts";

/** A JSON object with metadata; what is no object there counts as absent. */
export type Json = Readonly<Record<string, unknown>>;

export interface UpdateRequest {
  readonly type: ObjectType;
  /** Absent on create. */
  readonly live: Json | undefined;
  /** As it shall be: pruned, with defaults, managedFields as the client gave them. */
  readonly next: Json;
  /** Empty: `unknown`. */
  readonly manager: string;
  readonly subresource?: string | undefined;
  /** RFC 3339 in whole seconds. */
  readonly time: string;
}

/** The entries after the write; `undefined`: none. An object that has lost all of its entries stays without until an apply. */
export function managersAfterUpdate(request: UpdateRequest): readonly ManagedFieldsEntry[] | undefined {
  const { type, live, next, subresource } = request;
  const kept = entriesOf(live);
  const given = entriesOf(next);
  const old = typed(type, live ?? { ...type.bare, apiVersion: type.apiVersion, kind: type.kind });
  const now = typed(type, next);
  if (old === undefined || now === undefined) return undefined;
  try {
    const ignored = subresource !== undefined || given === undefined || given === kept || same(given, kept);
    if (ignored && Array.isArray(kept)) {
      const idle = unchangedOwners(request, kept as ManagedFieldsEntry[], old, now);
      if (idle !== undefined) return idle;
    }
    const managed = managedBefore(ignored ? undefined : given, kept);
    // It has lost its entries, or is older than they: an apply begins anew.
    if (live !== undefined && managed.fields.size === 0) return undefined;
    return encodeManaged(managedAfterUpdate(request, old, now, managed));
  } catch (error) {
    // As Kubernetes does: rather nothing than something wrong.
    if (error instanceof TypedError) return undefined;
    throw error;
  }
}

/** What the client gave, if it gave something that can be read; else what was kept. */
function managedBefore(given: unknown, kept: unknown): Managed {
  if (isReset(given)) return emptyManaged();
  const managed = given === undefined ? undefined : decoded(given);
  if (managed !== undefined && managed.fields.size > 0) return managed;
  return decoded(kept) ?? emptyManaged();
}

export function entriesOf(object: Json | undefined): unknown {
  const metadata = object?.["metadata"];
  return isObject(metadata) ? (metadata["managedFields"] ?? undefined) : undefined;
}

/** An empty list, or one empty entry: the client wants nobody to own anything. */
function isReset(entries: unknown): boolean {
  if (!Array.isArray(entries) || entries.length > 1) return false;
  return entries.length === 0 || (isObject(entries[0]) && Object.keys(entries[0]).length === 0);
}

function decoded(entries: unknown): Managed | undefined {
  try {
    return decodeManaged(entries);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Without managedFields, which are not compared. */
export function typed(type: ObjectType, object: Json): Typed | undefined {
  const atom = type.atomOf(type.apiVersion);
  if (atom === undefined) return undefined;
  const { metadata } = object;
  if (!isObject(metadata)) return { value: object, atom, apiVersion: type.apiVersion };
  const { managedFields: _, ...rest } = metadata;
  return { value: { ...object, metadata: rest }, atom, apiVersion: type.apiVersion };
}

export function versionsOf(type: ObjectType, subresource: string | undefined): Versions {
  return { atomOf: type.atomOf, filter: resetFilter(type, subresource) };
}

const self = "current-operation";

/** Managers before and after; `times` is changed in place. */
export function managedAfterUpdate(
  { type, manager, subresource, time }: Pick<UpdateRequest, "type" | "manager" | "subresource" | "time">,
  old: Typed,
  next: Typed,
  { fields, times }: Managed,
): Managed {
  const managers = updateManagers(versionsOf(type, subresource), old, next, fields, self);
  const taken = managers.get(self);
  managers.delete(self);
  const set = taken === undefined ? undefined : stripped(taken.set);
  if (taken !== undefined && set !== undefined && set.size > 0) {
    const id = managerId({
      manager: manager === "" ? "unknown" : manager,
      operation: "Update",
      apiVersion: type.apiVersion,
      subresource,
    });
    const previous = managers.get(id);
    managers.set(id, { ...taken, set: previous === undefined ? set : union(set, previous.set) });
    times.set(id, time);
  }
  const managed = { fields: managers, times };
  capUpdateManagers(managed);
  return managed;
}

/**
 * The entries where nobody gains or loses a field: nothing changed, or only values that the manager owns already and alone.
 * That is most updates, and spares them the sets. `undefined`: not so, or not known.
 */
function unchangedOwners(
  { type, manager, subresource, time }: UpdateRequest,
  entries: readonly ManagedFieldsEntry[],
  old: Typed,
  next: Typed,
): readonly ManagedFieldsEntry[] | undefined {
  const { apiVersion } = type;
  if (entries.length > 10 || entries.some((entry) => entry.apiVersion !== apiVersion)) return undefined;
  const changes = filteredComparison(
    compare(old.atom, old.value, next.value),
    resetFilter(type, subresource),
  );
  if (isSame(changes)) return entries;
  if (changes.added.size > 0 || changes.removed.size > 0) return undefined;
  const name = manager === "" ? "unknown" : manager;
  let own = -1;
  for (const [index, entry] of entries.entries()) {
    const mine = entry.operation === "Update" && entry.manager === name && entry.subresource === subresource;
    if (mine) own = index;
    if (mine ? !ownsAll(entry.fieldsV1, changes.modified) : ownsAny(entry.fieldsV1, changes.modified))
      return undefined;
  }
  const entry = entries[own];
  if (entry === undefined) return undefined;
  return sortEntries(entries.with(own, { ...entry, time }));
}

function filteredComparison(
  { removed, modified, added }: Comparison,
  filter: (set: FieldSet) => FieldSet,
): Comparison {
  const clean = (set: FieldSet): FieldSet => (set.size === 0 ? set : stripped(filter(set)));
  return { removed: clean(removed), modified: clean(modified), added: clean(added) };
}

function owns(fields: FieldsV1): boolean {
  if (fields["."] !== undefined) return true;
  for (const _ in fields) return false;
  return true;
}

function ownsAll(fields: FieldsV1 | undefined, set: FieldSet): boolean {
  return every(set, (element, { member, children }) => {
    const own = fields?.[element];
    return own !== undefined && (!member || owns(own)) && (children === undefined || ownsAll(own, children));
  });
}

function ownsAny(fields: FieldsV1 | undefined, set: FieldSet): boolean {
  return !every(set, (element, { member, children }) => {
    const own = fields?.[element];
    return (
      own === undefined || !((member && owns(own)) || (children !== undefined && ownsAny(own, children)))
    );
  });
}

function every(set: FieldSet, judge: (element: string, node: FieldNode) => boolean): boolean {
  for (const [element, node] of set) if (!judge(element, node)) return false;
  return true;
}
