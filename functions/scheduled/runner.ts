/** The runner (design 7): leases due work, runs each key's steps, and says when the next is due. Needs no leader. */
import type { Sql } from "postgres";
import { counted } from "../../schema/internal/jobs.ts";
import type { JobTally } from "../../schema/internal/jobs.ts";
import type { TunnelEvent } from "../../schema/internal/rpc.ts";
import {
  completeWork,
  enqueueWork,
  failWork,
  leaseDueWork,
  msUntilNextWork,
  requeueWork,
} from "../../schema/store/work.ts";
import type { LeasedWork } from "../../schema/store/work.ts";
import { LeaseLost } from "../../schema/store/store.ts";
import type { Store } from "../../schema/store/store.ts";
import type { Env } from "../env.ts";
import { systemActor } from "../http/context.ts";
import { tunnelName } from "../../schema/internal/tunnel-name.ts";
import { createLogger } from "../../schema/logger.ts";
import type { Logger } from "../../schema/logger.ts";
import { openSql } from "../store/open-sql.ts";
import { openStore, poke } from "../store/open-store.ts";
import { sealerOf } from "../store/sealer-of.ts";
import { clusterLifecycle } from "./cluster-lifecycle/controller.ts";
import { newsOf, isReturning } from "./cluster-lifecycle/tunnel-news.ts";
import { wayThroughPeers } from "./cluster-lifecycle/through-peers.ts";
import { unhealthyClusters } from "./cluster-lifecycle/health-sweep.ts";
import type { Controller, ReconcileContext, StepResult } from "./controller.ts";
import { fetchDownstream } from "./downstream.ts";
import { expireEvents } from "./event-expiry.ts";
import { retainEvents } from "./event-retention.ts";
import { dialPeers, peerLinks } from "./peers.ts";
import { controllers } from "./registry.ts";
import { rewrap } from "./rewrap.ts";
import { rotateSigningKeys } from "./signing-keys.ts";
import { keepBusy } from "./slots.ts";

/** Longer than any key's steps may take; a crashed run's keys wait as long. */
const leaseMs = 60_000;
/** A key that hangs fails and backs off: clusters that answer nothing must not hold slots for good. */
const maxKeyMs = 40_000;
/** Most keys only wait for a cluster, and hold no connection to the database meanwhile. */
const slots = 32;
const lookEveryMs = 500;
/** How long after its main session an agent's steve session is waited for. */
const followsMs = 3_000;
/** An alarm lasts 15 min: what is left then, the next one does. */
const maxRunMs = 10 * 60_000;

/** Runs until nothing is due. `nextRunAt`: epoch milliseconds. `jobs`: what ran, by controller. */
export async function runDueWork(env: Env, now: Date): Promise<{ nextRunAt: number | null; jobs: JobTally }> {
  const log = createLogger(env.DROVER_LOG_LEVEL);
  // One client for the whole run, however many keys it has.
  const sql = openSql(env);
  const run: Run = { env, sql, log, store: openStore(env, { log, sql: () => sql }) };
  const until = now.getTime() + maxRunMs;
  let jobs: JobTally = {};
  await keepBusy<LeasedWork>({
    slots,
    lookEveryMs,
    take: async (free) => (free > 0 && Date.now() < until ? leaseDueWork(sql, free, leaseMs) : []),
    run: async (work) => {
      let failed = true;
      try {
        failed = (await runOne(run, work)) === "failed";
      } catch (error) {
        // Its lease ends by itself, and it runs again then.
        log.warn("work was not completed", { controller: work.controller, key: work.key, error });
      }
      jobs = counted(jobs, work.controller, failed, Date.now());
    },
  });
  const ms = await msUntilNextWork(sql);
  return { nextRunAt: ms === undefined ? null : Date.now() + ms, jobs };
}

/** A session came or went: the cluster's conditions follow at once. */
export async function onTunnelEvent(env: Env, event: TunnelEvent): Promise<void> {
  const log = createLogger(env.DROVER_LOG_LEVEL);
  log.info("tunnel session", { ...event });
  // A main session matters where there is no other; the other one of the same agent mostly follows.
  if (event.kind === "main" && (event.steveSessions ?? 1) > 0) return;
  const sql = openSql(env);
  const store = openStore(env, { log, sql: () => sql }).as(systemActor("tunnel-events"));
  const news = await newsOf({ env, sql, store }, event);
  // Its connect was judged before the cluster's tokens went, and came after its sessions were closed. Shard 0 may have
  // forgotten by then that there are others, or been told of them anew.
  if (news === "gone" && event.change === "opened")
    for (const shard of new Set([0, event.shard ?? 0]))
      await env.TUNNEL.getByName(tunnelName(event.clusterId, shard)).closeSessions("cluster deleted");
  if (news !== "news") return;
  const runAt = Date.now() + (event.kind === "main" && event.change === "opened" ? followsMs : 0);
  await enqueueWork(sql, [{ controller: clusterLifecycle.name, key: event.clusterId, runAt }]);
  await poke(env, log, runAt);
}

/** A peer's session came or went: its conditions follow. */
export async function onPeerChange(env: Env, name: string): Promise<void> {
  const runAt = Date.now();
  await enqueueWork(openSql(env), [{ controller: peerLinks.name, key: name, runAt }]);
  await poke(env, createLogger(env.DROVER_LOG_LEVEL), runAt);
}

/**
 * Cron's safety net: wakes the scheduler when work is due, whatever became of pokes and alarms; and what no change calls
 * for: the log is kept short. In a steady state it only reads.
 */
export async function sweep(env: Env, now = new Date()): Promise<void> {
  const log = createLogger(env.DROVER_LOG_LEVEL);
  const sql = openSql(env);
  const store = openStore(env, { log, sql: () => sql });
  let jobs: JobTally = {};
  /** `run`: `false` when it failed and has said so. */
  const part = async (job: string, run: () => Promise<boolean>): Promise<void> => {
    let failed = true;
    try {
      failed = !(await run());
    } finally {
      jobs = counted(jobs, job, failed, Date.now());
    }
  };
  try {
    await part("wake-up", async () => {
      const ms = await msUntilNextWork(sql);
      if (ms !== undefined) await poke(env, log, Date.now() + ms);
      return true;
    });
    await part("event-retention", async () => (await retainEvents(sql, log)) !== undefined);
    await part("event-expiry", () => expireEvents(sql, store.as(systemActor("event-expiry")), log));
    await part("signing-keys", () => rotateSigningKeys(sql, sealerOf(env), { log, now }));
    await part("rewrap", () => rewrap(sql, sealerOf(env), { log, now }));
    await part("peers", () => dialPeers(env, store.as(systemActor("peers")), log));
    await part("health-sweep", () => healthSweep(env, { sql, log, store, now }));
  } finally {
    await countJobs(env, log, jobs);
  }
}

/** Clusters that fell ill are looked at. */
async function healthSweep(
  env: Env,
  { sql, log, store, now }: Omit<Run, "env"> & { readonly now: Date },
): Promise<true> {
  const stale = await unhealthyClusters({
    store: store.as(systemActor("health-sweep")),
    downstream: (clusterId, path, init) => fetchDownstream(env, clusterId, path, init),
    isReturning: (clusterId) => isReturning(env, clusterId),
    throughPeers: (cluster) =>
      wayThroughPeers({ env, store: store.as(systemActor("health-sweep")) }, cluster),
    now: () => now,
  });
  if (stale.length === 0) return true;
  const runAt = Date.now();
  await enqueueWork(
    sql,
    stale.map((key) => ({ controller: clusterLifecycle.name, key, runAt })),
  );
  await poke(env, log, runAt);
  return true;
}

/** What `/metrics` shows is not worth a failure. */
async function countJobs(env: Env, log: Logger, jobs: JobTally): Promise<void> {
  try {
    await env.SCHEDULER.getByName("main").count(jobs);
  } catch (error) {
    log.warn("cannot count what the sweep did", { error });
  }
}

interface Run {
  readonly env: Env;
  readonly sql: Sql;
  readonly log: Logger;
  readonly store: Store;
}

async function runOne({ env, sql, log, store }: Run, work: LeasedWork): Promise<"failed" | "ran"> {
  const { controller: name, key, token } = work;
  const controller = controllers.find((one) => one.name === name);
  // A row of a newer version: it waits for that version.
  if (controller === undefined) {
    await failWork(sql, work, "no such controller in this version");
    return "failed";
  }
  const line = log.with({ controller: name, key });
  const context: ReconcileContext = {
    env,
    store: store.as(systemActor(`controller:${name}`, name), { controller: name, key, token }),
    types: await store.types.current(),
    now: () => new Date(),
    downstream: (clusterId, path, init) => fetchDownstream(env, clusterId, path, init),
    enqueue: (rows) => enqueueWork(sql, rows),
  };
  const result = await inTime(runSteps(controller, context, key, line));
  if (result === "lease lost") return "ran";
  switch (result.next) {
    case "continue":
    case "stop":
      await completeWork(sql, work);
      return "ran";
    case "requeue":
      await requeueWork(sql, work, result.afterMs);
      return "ran";
    case "failed":
      await failWork(sql, work, result.reason);
      return "failed";
    default:
      return result satisfies never;
  }
}

/** What goes on after that can write no more: the failure gives the lease back. */
async function inTime<R>(steps: Promise<R>): Promise<R | StepResult> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<StepResult>((resolve) => {
    const result = { next: "failed", reason: `not done after ${maxKeyMs / 1000} s` } as const;
    timer = setTimeout(() => resolve(result), maxKeyMs);
  });
  return Promise.race([steps, late]).finally(() => clearTimeout(timer));
}

/** Steps in order until one says more than "continue". What a step throws is a failure with its name. */
async function runSteps(
  controller: Controller,
  context: ReconcileContext,
  key: string,
  log: Logger,
): Promise<StepResult | "lease lost"> {
  let result: StepResult = { next: "continue" };
  for (const step of controller.steps) {
    try {
      result = await step.run(context, key);
    } catch (error) {
      if (error instanceof LeaseLost) return "lease lost";
      log.warn("step failed", { step: step.name, error });
      return {
        next: "failed",
        reason: `${step.name}: ${error instanceof Error ? error.message : String(error)}`,
      };
    }
    if (result.next === "failed") log.warn("step failed", { step: step.name, reason: result.reason });
    if (result.next !== "continue") return result;
  }
  return result;
}
