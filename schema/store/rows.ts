/** Reads of single rows by their keys, many in one short statement. */
import type { Sql } from "postgres";
import { isStorable } from "./encoding.ts";
import type { StoredRow } from "./encoding.ts";
import type { ObjectKey } from "./types.ts";

/** Of one row, however it is read. As fresh as a statement that begins after the call. */
export type ReadRow = (key: ObjectKey) => Promise<StoredRow | undefined>;

/** One result per key, in order; `undefined` where there is no such object. */
export async function readRows(
  sql: Sql,
  keys: readonly ObjectKey[],
): Promise<readonly (StoredRow | undefined)[]> {
  const wanted = keys.flatMap(({ type, namespace, name }, at) =>
    isStorable(type) && isStorable(namespace) && isStorable(name) ? [{ at, type, namespace, name }] : [],
  );
  if (wanted.length === 0) return keys.map(() => undefined);
  // Key by key, by the index: told that a list may be long, the planner would join by reading the whole table.
  const found = await sql<(StoredRow & { at: number })[]>`
    select k.at, o.namespace, o.name, o.uid, o.revision::float8 as revision, o.body, o.sealed
    from json_to_recordset(${JSON.stringify(wanted)}::text::json)
      as k(at integer, type text, namespace text, name text),
    lateral (
      select * from objects o where o.type = k.type and o.namespace = k.namespace and o.name = k.name limit 1
    ) o`;
  const rows: (StoredRow | undefined)[] = keys.map(() => undefined);
  for (const { at, ...row } of found) rows[at] = row;
  return rows;
}
