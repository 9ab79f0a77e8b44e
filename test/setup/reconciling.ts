/** Work rows and controllers on a real database, in runs that a test may kill: the runner (functions/scheduled) without its objects. */
import type { Sql } from "postgres";
import type { OwnerReference } from "../../schema/object.ts";
import type { PolicyRule } from "../../schema/rbac/types.ts";
import { registry } from "../../schema/resources/registry.ts";
import { createSealer } from "../../schema/seal/sealer.ts";
import { commitBatch } from "../../schema/store/commit.ts";
import { createStore } from "../../schema/store/store.ts";
import type { Store } from "../../schema/store/store.ts";
import type { CommitItem, CommitResult } from "../../schema/store/types.ts";
import { completeWork, enqueueWork, failWork, leaseDueWork, requeueWork } from "../../schema/store/work.ts";
import type { LeasedWork } from "../../schema/store/work.ts";
import type { Env } from "../../functions/env.ts";
import type { Controller, ReconcileContext, StepResult } from "../../functions/scheduled/controller.ts";
import { controllers, workOf } from "../../functions/scheduled/registry.ts";

const everything: PolicyRule[] = [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }];
const sealer = createSealer({ current: "k1", keys: new Map([["k1", new Uint8Array(32).fill(1)]]) });

export const root = { name: "system:test", rules: everything };

class Killed extends Error {}

type Commit = (items: readonly CommitItem[]) => Promise<readonly CommitResult[]>;

export function testStore(sql: Sql, commit: Commit = (items) => commitBatch(sql, items)): Store {
  return createStore({ sql: () => sql, commit, sealer, registry, workOf, now: () => new Date() });
}

/** Many at once, which calls for no work. */
export async function insertConfigMaps(
  sql: Sql,
  namespace: string,
  count: number,
  ownerReferences?: readonly OwnerReference[],
): Promise<void> {
  const rows = Array.from({ length: count }, (_, index) => {
    const [name, uid] = [`many-${index}`, crypto.randomUUID()];
    const metadata = { name, namespace, uid, generation: 1, ...(ownerReferences && { ownerReferences }) };
    return { name, uid, body: JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata }) };
  });
  const fields = ownerReferences === undefined ? {} : { ownerUid: ownerReferences.map(({ uid }) => uid) };
  await sql`
    insert into objects (type, namespace, name, uid, revision, body, labels, fields)
    select 'configmaps', ${namespace}, x.name, x.uid, r.revision, x.body, '{}', ${JSON.stringify(fields)}::text::jsonb
    from json_to_recordset(${JSON.stringify(rows)}::text::json) as x(name text, uid text, body text), revision r`;
}

/** Of tests that share a database with those before and after them. */
export async function forgetAll(sql: Sql): Promise<void> {
  await sql`delete from objects`;
  await sql`delete from work`;
  // Other files seal theirs by another key.
  await sql`delete from meta where key = 'service-account-keys'`;
}

/** Places of all objects that name something, be it in a label or an indexed field. */
export async function everythingOf(sql: Sql, part: string): Promise<string[]> {
  const rows = await sql<{ place: string }[]>`
    select type || '/' || namespace || '/' || name as place from objects
    where type || '/' || namespace || '/' || name || labels::text || fields::text like ${`%${part}%`} order by 1`;
  return rows.map(({ place }) => place);
}

/**
 * The steps of a controller for a key, without a work row. Every run may write once and is killed at its second, until one is
 * not. Answers with the number of runs.
 */
export async function runUntilDone(
  sql: Sql,
  { steps }: Controller,
  key: string,
  env: Partial<Env> = {},
): Promise<number> {
  for (let runs = 1; runs < 50; runs++) {
    const store = dyingStore(sql, 1);
    const context: ReconcileContext = {
      env: env as Env,
      store: store.as(root),
      types: await store.types.current(),
      now: () => new Date(),
      downstream: () => Promise.reject(new Error("no cluster")),
      enqueue: (rows) => enqueueWork(sql, rows),
    };
    try {
      for (const step of steps) if ((await step.run(context, key)).next !== "continue") break;
      return runs;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  }
  throw new Error("it never ends");
}

/** Whoever would write more often than this is killed. What is refused changed nothing: only writes count. */
function dyingStore(sql: Sql, writes: number, afterCommit?: () => Promise<void>): Store {
  let left = writes;
  return testStore(sql, async (items) => {
    if (left === 0) throw new Killed();
    const results = await commitBatch(sql, items);
    if (results.some(({ ok }) => ok)) left--;
    await afterCommit?.();
    return results;
  });
}

export interface Settling {
  /** Of these controllers; absent: all. Rows of others stay. */
  readonly only?: readonly string[];
  /** Each run is killed when it would write once more than this. Its lease ends at once. */
  readonly writes?: number;
  /** After each commit of a run. */
  readonly afterCommit?: () => Promise<void>;
  /** Waits up to this long for rows that become due. */
  readonly patienceMs?: number;
  readonly env?: Partial<Env>;
  /** Absent: no cluster answers. */
  readonly downstream?: ReconcileContext["downstream"];
}

/** Runs what is due until nothing is. Answers with the number of runs, and rejects when a step fails. */
export async function settle(sql: Sql, settling: Settling = {}): Promise<number> {
  const { only, patienceMs = 0 } = settling;
  const until = Date.now() + patienceMs;
  for (let runs = 0; runs < 2_000;) {
    const due = await leaseDueWork(sql, 8, 60_000);
    const wanted = due.filter(({ controller }) => only === undefined || only.includes(controller));
    for (const work of due) if (!wanted.includes(work)) await requeueWork(sql, work, 3_600_000);
    for (const work of wanted) {
      await run(sql, work, settling);
      runs++;
    }
    if (wanted.length > 0) continue;
    if (Date.now() >= until) return runs;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("it never ends");
}

async function run(
  sql: Sql,
  work: LeasedWork,
  { writes = Infinity, afterCommit, env, downstream }: Settling,
): Promise<void> {
  const { controller: name, key, token } = work;
  const opened = dyingStore(sql, writes, afterCommit);
  const store = opened.as({ ...root, name: `system:controller:${name}` }, { controller: name, key, token });
  const controller = controllers.find((one) => one.name === name);
  if (controller === undefined) throw new Error(`no controller ${name}`);
  let result: StepResult = { next: "continue" };
  try {
    for (const step of controller.steps) {
      if (result.next !== "continue") break;
      result = await step.run(
        {
          env: (env ?? {}) as Env,
          store,
          types: await opened.types.current(),
          now: () => new Date(),
          downstream: downstream ?? (() => Promise.reject(new Error("no cluster"))),
          enqueue: (rows) => enqueueWork(sql, rows),
        },
        key,
      );
    }
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    await sql`update work set lease_token = null, lease_until = null where controller = ${name} and key = ${key}`;
    return;
  }
  if (result.next === "requeue") await requeueWork(sql, work, result.afterMs);
  else if (result.next === "failed") {
    await failWork(sql, work, result.reason);
    throw new Error(`${name} ${key}: ${result.reason}`);
  } else await completeWork(sql, work);
}
