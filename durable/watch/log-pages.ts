/** Reads of the log in pages that are bounded in bytes too: 500 events may hold a gigabyte. */
import type { Sql } from "postgres";
import { readLog } from "../../schema/store/log.ts";
import type { LogEvent, LogQuery } from "../../schema/store/log.ts";

/** So few events are read without asking for their size first. */
export const fewEvents = 8;
export const pageEvents = 500;
/** More than that is not kept of the past. */
const recentEvents = 5_000;

export interface LogPage {
  readonly events: readonly LogEvent[];
  /** All events after `after`, up to this revision, are in `events`. */
  readonly to: number;
  /** The log reaches to here. */
  readonly revision: number;
  readonly compacted: number;
}

export interface LogPageQuery extends Omit<LogQuery, "limit"> {
  /** At most so many events. */
  readonly limit?: number;
  /** About: the event that exceeds it is the last one. */
  readonly bytes: number;
}

export async function readLogPage(
  sql: Sql,
  { bytes, limit = pageEvents, ...query }: LogPageQuery,
): Promise<LogPage> {
  const upTo = limit <= fewEvents ? query.upTo : await boundOf(sql, { ...query, bytes, limit });
  const page = await readLog(sql, { ...query, limit, ...(upTo === undefined ? {} : { upTo }) });
  const last =
    page.events.length < limit ? Math.min(upTo ?? Infinity, page.revision) : page.events.at(-1)?.revision;
  return { ...page, to: Math.max(last ?? 0, query.after) };
}

/** The revision at which a page is full, `upTo` if it never is. Texts are measured where they lie, not read. */
async function boundOf(
  sql: Sql,
  { after, upTo, type, limit, bytes }: LogQuery & { readonly bytes: number },
): Promise<number | undefined> {
  const [row] = await sql<{ bound: number | null }[]>`
    select min(revision)::float8 as bound
    from (
      select revision, sum(size) over (order by revision) as total
      from (
        select revision, ${sizeOf(sql)} as size from events
        where revision > ${after}::bigint
          ${upTo === undefined ? sql`` : sql`and revision <= ${upTo}::bigint`}
          ${type === undefined ? sql`` : sql`and type = ${type}`}
        order by revision limit ${limit}
      ) sized
    ) summed
    where total >= ${bytes}::bigint`;
  return row?.bound ?? upTo;
}

export interface RecentLog {
  readonly revision: number;
  readonly compacted: number;
  /** The events of the type after this one are young enough, and together small enough. */
  readonly after: number;
}

/** Where the recent past of a type begins. */
export async function recentLog(
  sql: Sql,
  { type, ms, bytes }: { readonly type: string; readonly ms: number; readonly bytes: number },
): Promise<RecentLog> {
  const [row] = await sql<RecentLog[]>`
    select r.revision::float8 as revision, r.compacted::float8 as compacted,
      coalesce(
        max(e.revision) filter (where not e.recent),
        case when count(e.revision) = ${recentEvents} then min(e.revision) - 1 else r.compacted end
      )::float8 as after
    from revision r left join lateral (
      select revision, total <= ${bytes}::bigint and created_at > now() - ${ms}::float8 * interval '1 ms' as recent
      from (
        select revision, created_at, sum(size) over (order by revision desc) as total
        from (
          select revision, created_at, ${sizeOf(sql)} as size from events
          where type = ${type} and revision > r.compacted
          order by revision desc limit ${recentEvents}
        ) newest
      ) summed
    ) e on true
    group by r.revision, r.compacted`;
  if (row === undefined) throw new Error("the database has no revision row: it was not migrated");
  return row;
}

function sizeOf(sql: Sql) {
  return sql`coalesce(octet_length(body), 0) + coalesce(octet_length(sealed), 0)
    + coalesce(octet_length(before), 0) + coalesce(octet_length(before_sealed), 0)`;
}
