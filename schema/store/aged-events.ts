/** Event objects that nobody has written for a while. */
import type { Sql } from "postgres";

export interface AgedEvent {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly revision: number;
}

/**
 * Those last written more than `olderThanMs` ago, oldest first, at most `limit`, after the revision `after`. Rows have no time:
 * their revision is compared to the first one in the log that is younger. What compaction took from the log was older.
 */
export async function agedEvents(
  sql: Sql,
  {
    olderThanMs,
    limit,
    after = 0,
  }: { readonly olderThanMs: number; readonly limit: number; readonly after?: number },
): Promise<AgedEvent[]> {
  return sql<AgedEvent[]>`
    select o.namespace, o.name, o.uid, o.revision::float8 as revision
    from objects o
    where o.type = 'events' and o.revision > ${after} and o.revision < coalesce(
      (select e.revision from events e where e.created_at >= clock_timestamp() - ${olderThanMs} * interval '1 ms'
        order by e.revision limit 1),
      (select r.revision + 1 from revision r))
    order by o.revision limit ${limit}`;
}
