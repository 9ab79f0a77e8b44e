/**
 * The sweep's part that keeps the log of events short. Not a controller: no change calls for it, and a work row that
 * arms itself again would be a write in a steady state (design 7). This one reads, and writes only where there is something old.
 */
import type { Sql } from "postgres";
import { compactEvents } from "../../schema/store/compaction.ts";
import type { Compaction } from "../../schema/store/compaction.ts";
import type { Logger } from "../../schema/logger.ts";

/** Of `meta`: when events were last deleted, and how many, for `/metrics`. */
export const compactionRow = "compaction";
/** How long a watch may be away, or a list in pages last, before it has to begin anew. */
const retentionMs = 60 * 60_000;
/** A quiet installation forgets nothing that a client may still come back with. */
const keepAtLeast = 1_000;

/** What was deleted is logged; a failure is logged and waits for the next minute: `undefined`. Never rejects. */
export async function retainEvents(sql: Sql, log: Logger): Promise<Compaction | undefined> {
  try {
    const done = await compactEvents(sql, { olderThanMs: retentionMs, keepAtLeast });
    if (done.deleted > 0) {
      log.info("old events were deleted", { ...done });
      await sql`
        insert into meta (key, value) values (${compactionRow}, ${JSON.stringify({ v: 1, deleted: done.deleted })})
        on conflict (key) do update set value = excluded.value, updated_at = now()`;
    }
    return done;
  } catch (error) {
    log.warn("cannot delete old events", { error });
    return undefined;
  }
}
