/**
 * Forgets old events. A batch is one statement: it deletes by a range of the primary key and raises `compacted`, so that
 * no reader ever sees one without the other (design 3).
 */
import type { Sql } from "postgres";

/** A restarted watch hub reloads this much, and an answer that was lost is looked up within it. Never less is kept. */
export const MIN_RETENTION_MS = 10 * 60_000;

export interface CompactionOptions {
  /** Events younger than this stay; at least `MIN_RETENTION_MS`. By the database's clock. */
  readonly olderThanMs?: number;
  /** As many last revisions stay, however old. */
  readonly keepAtLeast?: number;
  /** Events of one statement. */
  readonly batch?: number;
  /** Statements of one call; what is left then, the next call does. */
  readonly maxBatches?: number;
}

export interface Compaction {
  /** Events that this call deleted. */
  readonly deleted: number;
  readonly compacted: number;
  readonly revision: number;
}

/**
 * Deletes events in batches, oldest first, until one is too young. Writes nothing where there is nothing old. Safe at any
 * time, also twice at once. Writers wait for the lock on the revision row, as they do for each other: the statement takes
 * it only when its events are deleted, and holds it for the commit alone.
 */
export async function compactEvents(
  sql: Sql,
  { olderThanMs = 60 * 60_000, keepAtLeast = 1_000, batch = 1_000, maxBatches = 300 }: CompactionOptions = {},
): Promise<Compaction> {
  const ageMs = Math.max(olderThanMs, MIN_RETENTION_MS);
  let deleted = 0;
  for (let count = 1; ; count++) {
    const done = await compactBatch(sql, ageMs, keepAtLeast, batch);
    deleted += done.deleted;
    if (done.deleted < batch || count >= maxBatches) return { ...done, deleted };
  }
}

/**
 * The oldest events that are kept, up to the first young one: `created_at` is that of the transaction's begin and may step
 * back, a revision does not. The update asks for the count of the deleted rows, so its lock comes after them. What it
 * compares are scalars of the statement's own snapshot: they stay as they are when it has waited for a writer.
 */
async function compactBatch(
  sql: Sql,
  ageMs: number,
  keepAtLeast: number,
  batch: number,
): Promise<Compaction> {
  const [row] = await sql<Compaction[]>`
    with oldest as materialized (
      select revision, created_at >= clock_timestamp() - ${ageMs} * interval '1 ms' as young
      from events where revision > (select compacted from revision) order by revision limit ${batch}
    ), target as materialized (
      select least(
        coalesce(min(revision) filter (where young) - 1, max(revision)),
        (select revision from revision) - ${keepAtLeast}::bigint) as upto
      from oldest
    ), gone as (
      delete from events
      where revision > (select compacted from revision) and revision <= (select upto from target)
      returning 1
    ), raised as (
      update revision set compacted = (select upto from target)
      where id = 1 and compacted < (select upto from target) and (select count(*) from gone) > 0
      returning revision, compacted
    )
    select (select count(*) from gone)::float8 as deleted,
      coalesce(a.compacted, r.compacted)::float8 as compacted,
      coalesce(a.revision, r.revision)::float8 as revision
    from revision r left join raised a on true`;
  if (row === undefined) throw new Error("the database has no revision row: it was not migrated");
  return row;
}
