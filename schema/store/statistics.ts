/** What can be said of the store without going through it: one statement, for `/metrics`. */
import type { Sql } from "postgres";

export interface StoreStatistics {
  readonly revision: number;
  readonly compacted: number;
  /** With indexes and what is stored out of line. */
  readonly eventsBytes: number;
  readonly objectsBytes: number;
  /** When the oldest event was committed, epoch seconds; null: there is none. */
  readonly oldestEventAt: number | null;
  /** Rows of `meta` that were asked for. */
  readonly meta: readonly { readonly key: string; readonly value: string; readonly updatedAt: number }[];
  readonly work: readonly WorkStatistics[];
}

export interface WorkStatistics {
  readonly controller: string;
  readonly rows: number;
  /** Rows whose last run failed. */
  readonly failing: number;
  /** For how many seconds the earliest row has been due; 0: none is. */
  readonly overdue: number;
}

/** Rejects when the database cannot be reached. Of `work`, all rows are counted; there are as many as there is to do. */
export async function readStatistics(sql: Sql, metaKeys: readonly string[]): Promise<StoreStatistics> {
  const [row] = await sql<StoreStatistics[]>`
    select r.revision::float8 as revision, r.compacted::float8 as compacted,
      pg_total_relation_size('events')::float8 as "eventsBytes",
      pg_total_relation_size('objects')::float8 as "objectsBytes",
      (select extract(epoch from created_at)::float8 from events order by events.revision limit 1) as "oldestEventAt",
      (select coalesce(json_agg(json_build_object('key', key, 'value', value,
          'updatedAt', extract(epoch from updated_at)::float8)), '[]')
        from meta where key in ${sql(metaKeys)}) as meta,
      (select coalesce(json_agg(w order by controller), '[]') from (
        select controller, count(*)::int as rows, count(*) filter (where attempts > 0)::int as failing,
          greatest(0, extract(epoch from now() - min(run_at))::float8) as overdue
        from work group by controller) w) as work
    from revision r`;
  if (row === undefined) throw new Error("the database has no revision row: it was not migrated");
  return row;
}
