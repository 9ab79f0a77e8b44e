/** The store of one request or one run. Its Postgres connection is opened by the first query and closes with the invocation. */
import type { Sql } from "postgres";
import { distrust } from "../../schema/custom/types.ts";
import type { TypesCache } from "../../schema/custom/types.ts";
import { typeKey } from "../../schema/resource.ts";
import { settings } from "../../schema/resources/management.cattle.io/settings.ts";
import { registry } from "../../schema/resources/registry.ts";
import { commitBatch } from "../../schema/store/commit.ts";
import type { StoredRow } from "../../schema/store/encoding.ts";
import { createKnownRows } from "../../schema/store/known-rows.ts";
import { readRows } from "../../schema/store/rows.ts";
import { createStore } from "../../schema/store/store.ts";
import type { Store } from "../../schema/store/store.ts";
import type { CommitItem, CommitResult, ObjectKey } from "../../schema/store/types.ts";
import { once } from "../../schema/structural/once.ts";
import type { Env } from "../env.ts";
import { changesIdentities } from "../identity/credential-changes.ts";
import { forgetIdentities } from "../identity/identify.ts";
import { createLogger } from "../../schema/logger.ts";
import type { Logger } from "../../schema/logger.ts";
import { workOf } from "../scheduled/registry.ts";
import { forgetSettings } from "../settings/settings.ts";
import { openSql } from "./open-sql.ts";
import { sealerOf } from "./sealer-of.ts";

/** Of this isolate. */
const types: TypesCache = {};
const knownRows = createKnownRows();

export function openStore(
  env: Env,
  {
    log = createLogger(env.DROVER_LOG_LEVEL),
    sql = once(() => openSql(env)),
  }: { readonly log?: Logger; /** A run's client, in place of one more. */ readonly sql?: () => Sql } = {},
): Store {
  return createStore({
    sql,
    commit: async (items) => commit(env, sql, log, items),
    committed(changes) {
      // This isolate's own revocations and grants work at once; others hear of them within 10 s.
      if (changes.some(changesIdentities)) forgetIdentities();
      if (changes.some(({ type }) => type === typeKey(settings))) forgetSettings();
      // And its own types: others look once a second, and before they take a type for unknown.
      if (changes.some(({ raise }) => raise.includes("registry"))) distrust(types);
    },
    sealer: sealerOf(env),
    readRow: (key) => readRow(env, sql, log, key),
    registry,
    typesCache: types,
    knownRows,
    workOf,
    now: () => new Date(),
  });
}

/** Rejects with the database's error when it cannot be reached or was not migrated. */
export async function checkDatabase(env: Env): Promise<void> {
  await openSql(env)`select revision from revision`;
}

/**
 * Through the one writer; if it cannot be reached, the same statement with the same ids: what it did commit is looked up.
 * Not when too many writes wait: the very same database would get them one by one.
 */
async function commit(
  env: Env,
  sql: () => Sql,
  log: Logger,
  items: readonly CommitItem[],
): Promise<readonly CommitResult[]> {
  try {
    return await env.STORE_WRITER.getByName("main").commit(items);
  } catch (error) {
    if (isOverloaded(error)) return items.map(() => ({ ok: false, reason: "overloaded" }));
    log.warn("StoreWriter failed; committing directly", { error });
    const results: CommitResult[] = [];
    for (const item of items) results.push(...(await commitBatch(sql(), [item])));
    const due = items.flatMap(({ work }) => work.map(({ runAt }) => runAt));
    if (due.length > 0) await poke(env, log, Math.min(...due));
    return results;
  }
}

/** Each batches what comes at once; more than a few would only keep more connections. Where all run in one thread, one does. */
function readerName({ DROVER_TRUST_FRONT: local }: Env): string {
  return local === "1" ? "r0" : `r${Math.floor(Math.random() * 4)}`;
}

/** Through an object with a kept connection; if it fails, over one of the request's own. */
async function readRow(
  env: Env,
  sql: () => Sql,
  log: Logger,
  key: ObjectKey,
): Promise<StoredRow | undefined> {
  try {
    return await env.STORE_READER.getByName(readerName(env)).row(key);
  } catch (error) {
    log.warn("StoreReader failed; reading directly", { error });
    return (await readRows(sql(), [key]))[0];
  }
}

/** The platform's word for an object with too many requests waiting. */
function isOverloaded(error: unknown): boolean {
  return error instanceof Error && "overloaded" in error && error.overloaded === true;
}

/** Wakes the scheduler for work at `runAt` (epoch milliseconds). A failure is logged: the cron sweep finds the row. */
export async function poke(env: Env, log: Logger, runAt: number): Promise<void> {
  try {
    await env.SCHEDULER.getByName("main").poke(runAt);
  } catch (error) {
    log.warn("cannot wake the scheduler", { error });
  }
}
