/** The runner (design 7): leases due work, runs each key's steps, and says when the next is due. Needs no leader. */
import type { Sql } from "postgres";
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
import type { Env } from "../env.ts";
import { systemActor } from "../http/context.ts";
import { createLogger } from "../log.ts";
import type { Logger } from "../log.ts";
import { openSql, openStore, poke } from "../store/open-store.ts";
import { clusterLifecycle } from "./cluster-lifecycle/controller.ts";
import type { Controller, ReconcileContext, StepResult } from "./controller.ts";
import { fetchDownstream } from "./downstream.ts";
import { controllers } from "./registry.ts";

/** Longer than any key's steps may take; a crashed run's keys wait as long. */
const leaseMs = 60_000;
const rowsAtOnce = 8;
/** An alarm lasts 15 min: what is left then, the next one does. */
const maxRunMs = 10 * 60_000;

/** Runs until nothing is due. `nextRunAt`: epoch milliseconds. */
export async function runDueWork(env: Env, now: Date): Promise<{ nextRunAt: number | null }> {
  const log = createLogger(env.DROVER_LOG_LEVEL);
  const sql = openSql(env);
  const until = now.getTime() + maxRunMs;
  while (Date.now() < until) {
    const leased = await leaseDueWork(sql, rowsAtOnce, leaseMs);
    if (leased.length === 0) break;
    await Promise.all(leased.map((work) => runOne(env, sql, log, work)));
  }
  const ms = await msUntilNextWork(sql);
  return { nextRunAt: ms === undefined ? null : Date.now() + ms };
}

/** A session came or went: the cluster's conditions follow at once. */
export async function onTunnelEvent(env: Env, event: TunnelEvent): Promise<void> {
  const log = createLogger(env.DROVER_LOG_LEVEL);
  log.info("tunnel session", { ...event });
  if (event.kind !== "steve") return;
  const runAt = Date.now();
  await enqueueWork(openSql(env), [{ controller: clusterLifecycle.name, key: event.clusterId, runAt }]);
  await poke(env, log, runAt);
}

/** Cron's safety net: wakes the scheduler when work is due, whatever became of pokes and alarms. Writes nothing. */
export async function sweep(env: Env): Promise<void> {
  const ms = await msUntilNextWork(openSql(env));
  if (ms !== undefined) await poke(env, createLogger(env.DROVER_LOG_LEVEL), Date.now() + ms);
}

async function runOne(env: Env, sql: Sql, log: Logger, work: LeasedWork): Promise<void> {
  const { controller: name, key, token } = work;
  const controller = controllers.find((one) => one.name === name);
  // A row of a newer version: it waits for that version.
  if (controller === undefined) return failWork(sql, work, "no such controller in this version");
  const line = log.with({ controller: name, key });
  const context: ReconcileContext = {
    env,
    store: openStore(env, { log: line }).as(systemActor(`controller:${name}`), {
      controller: name,
      key,
      token,
    }),
    now: () => new Date(),
    downstream: (clusterId, path, init) => fetchDownstream(env, clusterId, path, init),
  };
  const result = await runSteps(controller, context, key, line);
  if (result === "lease lost") return undefined;
  switch (result.next) {
    case "continue":
    case "stop":
      return completeWork(sql, work);
    case "requeue":
      return requeueWork(sql, work, result.afterMs);
    case "failed":
      return failWork(sql, work, result.reason);
    default:
      return result satisfies never;
  }
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
