/**
 * The sweep's part that lets Events go an hour after their last write, as kube-apiserver does by a lease of etcd's. Not a
 * controller: a work row for each of thousands would cost more than the Events. Where nothing is old it only reads.
 */
import type { Sql } from "postgres";
import { events } from "../../schema/resources/core/events.ts";
import { agedEvents } from "../../schema/store/aged-events.ts";
import { isStoreError } from "../../schema/store/errors.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import type { Logger } from "../../schema/logger.ts";
import { inParallel, isSpent } from "./in-parallel.ts";

/** kube-apiserver's `--event-ttl`. */
export const eventTtlMs = 60 * 60_000;
const pageSize = 500;

/** Each deletion is an ordinary one: watchers see it. A failure is logged and waits for the next minute. Never rejects: `false`. */
export async function expireEvents(
  sql: Sql,
  store: BoundStore,
  log: Logger,
  olderThanMs: number = eventTtlMs,
): Promise<boolean> {
  const start = Date.now();
  let after = 0;
  let deleted = 0;
  let succeeded = true;
  try {
    for (;;) {
      const aged = await agedEvents(sql, { olderThanMs, limit: pageSize, after });
      await inParallel(aged, async ({ namespace, name, uid, revision }) => {
        if (await expire(store, namespace, name, { uid, resourceVersion: String(revision) })) deleted++;
      });
      const last = aged.at(-1);
      if (last === undefined || aged.length < pageSize || isSpent(start)) break;
      after = last.revision;
    }
  } catch (error) {
    succeeded = false;
    log.warn("cannot delete old Events", { error });
  }
  if (deleted > 0) log.info("old Events were deleted", { deleted });
  return succeeded;
}

/** `false`: it is gone, or was written meanwhile and lives on. */
async function expire(
  store: BoundStore,
  namespace: string,
  name: string,
  preconditions: { readonly uid: string; readonly resourceVersion: string },
): Promise<boolean> {
  try {
    await store.delete(events, namespace, name, preconditions);
    return true;
  } catch (error) {
    if (isStoreError(error, "NotFound") || isStoreError(error, "Conflict")) return false;
    throw error;
  }
}
