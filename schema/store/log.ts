/** Reads of the log. Each is one statement: what it finds, and how far the log reaches, are of one snapshot. */
import type { Sql } from "postgres";

export interface LogEvent {
  readonly revision: number;
  readonly type: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly kind: "ADDED" | "MODIFIED" | "DELETED";
  /** After the change; null for `DELETED`. As a row has it: without resourceVersion and without sensitive members. */
  readonly body: string | null;
  readonly sealed: string | null;
  readonly labels: Readonly<Record<string, string>> | null;
  /** Before the change; null for `ADDED`. */
  readonly before: string | null;
  readonly beforeSealed: string | null;
  readonly beforeLabels: Readonly<Record<string, string>> | null;
}

export interface LogPosition {
  /** The last one given. */
  readonly revision: number;
  /** Events up to this one are no longer kept. */
  readonly compacted: number;
}

export interface LogQuery {
  readonly after: number;
  /** The last revision wanted; absent: as far as the log reaches. */
  readonly upTo?: number;
  readonly limit: number;
  /** `typeKey()`; absent: all types. */
  readonly type?: string;
}

/**
 * Events after `after`, ascending, at most `limit`. Nothing is missing among them unless `after` is less than
 * `compacted`: then the caller has to answer `Expired`. Fewer than `limit`: the caller now knows all up to `revision`
 * (or `upTo`).
 */
export async function readLog(
  sql: Sql,
  { after, upTo, limit, type }: LogQuery,
): Promise<LogPosition & { events: LogEvent[] }> {
  const rows = await sql<
    (Omit<LogEvent, "revision"> & { revision: number | null; current: number; compacted: number })[]
  >`
    select r.revision::float8 as current, r.compacted::float8 as compacted, e.*
    from revision r left join lateral (
      select revision::float8 as revision, type, namespace, name, uid, kind, body, sealed, labels, before,
        before_sealed as "beforeSealed", before_labels as "beforeLabels"
      from events
      where events.revision > ${after}::bigint
        ${upTo === undefined ? sql`` : sql`and events.revision <= ${upTo}::bigint`}
        ${type === undefined ? sql`` : sql`and type = ${type}`}
      order by events.revision limit ${limit}
    ) e on true
    order by e.revision`;
  const events = rows.flatMap(({ revision, current: _r, compacted: _c, ...event }) =>
    revision === null ? [] : [{ revision, ...event }],
  );
  return { events, ...position(rows[0]) };
}

export async function readRevision(sql: Sql): Promise<LogPosition> {
  const [row] = await sql<{ current: number; compacted: number }[]>`
    select revision::float8 as current, compacted::float8 as compacted from revision`;
  return position(row);
}

function position(row: { readonly current: number; readonly compacted: number } | undefined): LogPosition {
  if (row === undefined) throw new Error("the database has no revision row: it was not migrated");
  return { revision: row.current, compacted: row.compacted };
}
