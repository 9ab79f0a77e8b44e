/**
 * Work rows (design 7): leased one worker per key, at least once. Times are the database's, so that clocks of Workers
 * need not agree. `seq` rises with every enqueue: a change during a run is never lost.
 */
import type { Sql, TransactionSql } from "postgres";
import type { WorkRow } from "./types.ts";

export interface LeasedWork {
  readonly controller: string;
  readonly key: string;
  readonly token: string;
  readonly seq: number;
  /** Failures in a row before this run. */
  readonly attempts: number;
}

const firstBackoffMs = 1_000;
const maxBackoffMs = 120_000;

/** Takes up to `limit` due rows that nobody holds, for `leaseMs`. */
export async function leaseDueWork(sql: Sql, limit: number, leaseMs: number): Promise<LeasedWork[]> {
  return sql<LeasedWork[]>`
    update work w
    set lease_token = ${crypto.randomUUID()}, lease_until = clock_timestamp() + ${leaseMs} * interval '1 ms'
    from (
      select controller, key from work
      where run_at <= clock_timestamp() and (lease_until is null or lease_until <= clock_timestamp())
      order by run_at limit ${limit} for update skip locked
    ) due
    where w.controller = due.controller and w.key = due.key
    returning w.controller, w.key, w.lease_token as token, w.seq::float8 as seq, w.attempts`;
}

/**
 * Ends a run: the row goes, or stays armed when it was enqueued meanwhile. Does nothing once the lease is lost. Two
 * statements: one sees the row as it was at its beginning, and would miss an enqueue that commits while it waits for the lock.
 */
export async function completeWork(sql: Sql, work: LeasedWork): Promise<void> {
  const { controller, key, token, seq } = work;
  const done = await sql`
    delete from work where controller = ${controller} and key = ${key} and lease_token = ${token} and seq = ${seq}`;
  if (done.count === 0) await release(sql, work, 0, 0, null);
}

/** Runs again after `afterMs`, or at once when it was enqueued meanwhile. Waiting is not an error. */
export async function requeueWork(sql: Sql, work: LeasedWork, afterMs: number): Promise<void> {
  await release(sql, work, afterMs, 0, null);
}

/** Runs again after a back-off of 1 s, doubled up to 2 min; at once when it was enqueued meanwhile. */
export async function failWork(sql: Sql, work: LeasedWork, reason: string): Promise<void> {
  const delay = Math.min(firstBackoffMs * 2 ** work.attempts, maxBackoffMs);
  await release(sql, work, delay, work.attempts + 1, reason.slice(0, 1_000));
}

async function release(
  sql: Sql,
  { controller, key, token, seq }: LeasedWork,
  afterMs: number,
  attempts: number,
  error: string | null,
): Promise<void> {
  await sql`
    update work set lease_token = null, lease_until = null, attempts = ${attempts}, last_error = ${error},
      run_at = case when seq = ${seq} then clock_timestamp() + ${afterMs} * interval '1 ms' else run_at end
    where controller = ${controller} and key = ${key} and lease_token = ${token}`;
}

/** Arms rows outside of any commit: tunnel events and sweeps. */
export async function enqueueWork(sql: Sql | TransactionSql, rows: readonly WorkRow[]): Promise<void> {
  if (rows.length === 0) return;
  const list = rows.map(({ controller, key, runAt }) => ({ controller, key, run_at: Math.round(runAt) }));
  await sql`
    insert into work as t (controller, key, run_at)
    select controller, key, to_timestamp(min(run_at) / 1000.0)
    from json_to_recordset(${JSON.stringify(list)}::text::json) as x(controller text, key text, run_at bigint)
    group by controller, key order by controller, key
    on conflict (controller, key) do update set seq = t.seq + 1, run_at = least(t.run_at, excluded.run_at)`;
}

/** Whether a row waits, or is being worked on. */
export async function hasWork(sql: Sql, controller: string, key: string): Promise<boolean> {
  const rows = await sql`select 1 from work where controller = ${controller} and key = ${key}`;
  return rows.length > 0;
}

/** When the next row is due or its lease ends: milliseconds from now, not below 0; `undefined` when there is none. */
export async function msUntilNextWork(sql: Sql): Promise<number | undefined> {
  const [row] = await sql<{ ms: number | null }[]>`
    select extract(epoch from min(greatest(run_at, lease_until)) - clock_timestamp())::float8 * 1000 as ms from work`;
  return row?.ms == null ? undefined : Math.max(0, Math.ceil(row.ms));
}
