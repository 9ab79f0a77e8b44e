/** metadata.managedFields: who owns which fields, as entries of the wire and as sets. Pure. */
import { isObject } from "../patch/values.ts";
import type { FieldSet } from "./field-set.ts";
import { union } from "./field-set.ts";
import { fromFieldsV1, toFieldsV1 } from "./fields-v1.ts";
import type { FieldsV1 } from "./fields-v1.ts";
import { htmlSafe } from "../structural/go-format.ts";
import { compareText } from "./order.ts";

/** metav1.ManagedFieldsEntry. */
export interface ManagedFieldsEntry {
  manager?: string;
  operation: "Apply" | "Update";
  apiVersion: string;
  /** RFC 3339 in whole seconds. */
  time?: string;
  fieldsType: "FieldsV1";
  fieldsV1: FieldsV1;
  subresource?: string;
}

/** What one manager owns, in terms of one version. */
export interface Owned {
  readonly set: FieldSet;
  readonly apiVersion: string;
  readonly applied: boolean;
}

/** Identifier of a manager → what it owns. */
export type Managers = Map<string, Owned>;

export interface Managed {
  readonly fields: Managers;
  readonly times: Map<string, string>;
}

export interface ManagerKey {
  readonly manager?: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion?: string;
  readonly subresource?: string | undefined;
}

/** Kubernetes caps the managers of updates: the oldest share one entry. */
const maxUpdateManagers = 10;
const oldUpdatesManager = "ancient-changes";

/** An applier is the same in every version; of updates, each version has its own entry. */
export function managerId({
  manager = "",
  operation,
  apiVersion = "",
  subresource = "",
}: ManagerKey): string {
  // In the order of Go's members, by which conflicts and entries of one age are sorted.
  const members = {
    ...(manager === "" ? {} : { manager }),
    operation,
    ...(operation === "Apply" || apiVersion === "" ? {} : { apiVersion }),
    ...(subresource === "" ? {} : { subresource }),
  };
  return htmlSafe(JSON.stringify(members));
}

export function managerOf(id: string): ManagerKey {
  return JSON.parse(id) as ManagerKey;
}

export function emptyManaged(): Managed {
  return { fields: new Map(), times: new Map() };
}

/** Throws SyntaxError where an entry is none. */
export function decodeManaged(entries: unknown): Managed {
  const managed = emptyManaged();
  if (entries === undefined || entries === null) return managed;
  if (!Array.isArray(entries)) throw new SyntaxError("managedFields must be a list");
  for (const [index, entry] of (entries as unknown[]).entries()) {
    if (!isObject(entry)) throw new SyntaxError("managedFields must be a list of objects");
    const { operation, apiVersion, fieldsType, time, fieldsV1 = {} } = entry as Partial<ManagedFieldsEntry>;
    if (operation !== "Apply" && operation !== "Update")
      throw new SyntaxError("operation must be `Apply` or `Update`");
    if (apiVersion === undefined || apiVersion === "") throw new SyntaxError("apiVersion must not be empty");
    if (fieldsType !== "FieldsV1")
      throw new SyntaxError(`missing or invalid fieldsType in managed fields entry ${index}`);
    checkTexts(entry);
    const id = managerId(entry as unknown as ManagedFieldsEntry);
    managed.fields.set(id, { set: fromFieldsV1(fieldsV1), apiVersion, applied: operation === "Apply" });
    if (typeof time === "string") managed.times.set(id, time);
  }
  return managed;
}

/** What a client may have written there. */
function checkTexts({ manager, apiVersion, subresource, time }: Readonly<Record<string, unknown>>): void {
  for (const text of [manager, apiVersion, subresource, time])
    if (text !== undefined && typeof text !== "string")
      throw new SyntaxError("managedFields has a member that is no text");
  if (typeof time === "string" && !Number.isFinite(Date.parse(time)))
    throw new SyntaxError("managedFields has a time that is none");
}

/** `undefined` for nobody. Sorted as Kubernetes sorts them: by operation, time, manager, version, subresource. */
export function encodeManaged({ fields, times }: Managed): ManagedFieldsEntry[] | undefined {
  if (fields.size === 0) return undefined;
  return sortEntries(
    [...fields].map(([id, { set, apiVersion, applied }]) => {
      const { manager, operation, subresource } = managerOf(id);
      const time = times.get(id);
      return {
        ...(manager === undefined ? {} : { manager }),
        operation: applied ? "Apply" : operation,
        apiVersion,
        ...(time === undefined ? {} : { time }),
        fieldsType: "FieldsV1",
        fieldsV1: toFieldsV1(set),
        ...(subresource === undefined ? {} : { subresource }),
      };
    }),
  );
}

export function sortEntries(entries: ManagedFieldsEntry[]): ManagedFieldsEntry[] {
  return entries.sort(
    (a, b) =>
      compareText(a.operation, b.operation) ||
      seconds(a.time) - seconds(b.time) ||
      compareText(a.manager ?? "", b.manager ?? "") ||
      compareText(a.apiVersion, b.apiVersion) ||
      compareText(a.subresource ?? "", b.subresource ?? ""),
  );
}

/** Joins the oldest managers of updates until there are no more than Kubernetes keeps. Changes `managed`. */
export function capUpdateManagers({ fields, times }: Managed): void {
  const updaters = [...fields].filter(([, { applied }]) => !applied).map(([id]) => id);
  if (updaters.length <= maxUpdateManagers) return;
  updaters.sort((a, b) => seconds(times.get(a)) - seconds(times.get(b)) || compareText(a, b));
  let count = updaters.length;
  const first = new Map<string, string>();
  for (const id of updaters) {
    if (count <= maxUpdateManagers) return;
    const owned = fields.get(id);
    if (owned === undefined) continue;
    const { apiVersion } = owned;
    const oldest = first.get(apiVersion);
    // The first of a version waits for a second one: alone, it keeps its name.
    if (oldest === undefined) {
      first.set(apiVersion, id);
      continue;
    }
    const bucket = managerId({ manager: oldUpdatesManager, operation: "Update", apiVersion });
    const kept = fields.get(bucket) ?? fields.get(oldest);
    if (!fields.has(bucket)) fields.delete(oldest);
    fields.delete(id);
    fields.set(bucket, { ...owned, set: kept === undefined ? owned.set : union(owned.set, kept.set) });
    count--;
    const time = times.get(id);
    if (time === undefined) times.delete(bucket);
    else times.set(bucket, time);
  }
}

function seconds(time: string | undefined): number {
  return time === undefined ? 0 : Math.floor(Date.parse(time) / 1000);
}
