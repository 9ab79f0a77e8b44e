/** The committing statement (design 3): `drover_commit` in migration 0001 judges and applies a batch in one transaction. */
import type { Sql } from "postgres";
import type { CommitItem, CommitResult } from "./types.ts";

interface Row {
  readonly item: number;
  readonly reason: "exists" | "absent" | "conflict" | "stale" | "lease" | null;
  readonly fault: number | null;
  readonly revisions: readonly number[] | string;
}

/**
 * Commits items, each all or nothing, in order; one result per item. An item whose id is in the log already is not
 * applied again: its recorded revisions are the answer. So a commit whose answer was lost is simply sent again.
 * Two items on one key must not share a batch (see batch.ts). Rejects when the statement itself fails: nothing is
 * applied then, or the answer was lost.
 */
export async function commitBatch(sql: Sql, items: readonly CommitItem[]): Promise<CommitResult[]> {
  // As text, and cast there: postgres.js would encode a json parameter a second time.
  const rows = await sql<Row[]>`select * from drover_commit(${JSON.stringify(flatten(items))}::text::json)`;
  return rows.map((row) =>
    row.reason === null
      ? { ok: true, revisions: numbers(row.revisions) }
      : { ok: false, reason: row.reason, ...(row.fault === null ? {} : { object: row.fault }) },
  );
}

/** With `fetch_types: false` json still comes parsed; a proxy in between may leave it text. */
function numbers(value: readonly number[] | string): readonly number[] {
  return (typeof value === "string" ? (JSON.parse(value) as number[]) : value).map(Number);
}

/** One flat list per table: `json_to_recordset` then parses each body once. */
function flatten(items: readonly CommitItem[]): object {
  return {
    items: items.map(({ id, lease }, item) => ({ item, id, ...lease })),
    objects: items.flatMap(({ objects }, item) =>
      objects.map(({ expectRevision, inNamespace, ...object }, ord) => ({
        item,
        ord,
        ...object,
        expected: expectRevision,
        in_namespace: inNamespace,
      })),
    ),
    work: items.flatMap(({ work }, item) =>
      work.map(({ controller, key, runAt, when }) => ({
        item,
        controller,
        key,
        run_at: Math.round(runAt),
        ...when,
      })),
    ),
    expect: items.flatMap(({ expectGenerations }, item) =>
      Object.entries(expectGenerations ?? {}).map(([name, generation]) => ({ item, name, generation })),
    ),
    raise: items.flatMap(({ raiseGenerations }, item) =>
      (raiseGenerations ?? []).map((name) => ({ item, name })),
    ),
  };
}
