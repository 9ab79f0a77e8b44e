/** The alarm inside workerd. The runner is the one of test/setup/worker.ts, which does what a test says. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { DurableEnv } from "../env.ts";

const env = bindings as unknown as DurableEnv;
const runs: NonNullable<typeof globalThis.testRuns> = { answers: [], count: 0 };
let name = "";
const scheduler = () => env.SCHEDULER.getByName(name);
const alarm = (): Promise<number | null> =>
  runInDurableObject(scheduler(), (_instance, state) => state.storage.getAlarm());
const later = (ms: number): number => Date.now() + ms;

beforeEach(() => {
  name = crypto.randomUUID();
  runs.answers = [];
  runs.count = 0;
  globalThis.testRuns = runs;
});

describe("Scheduler", () => {
  it("has its alarm at the earliest work that it was told of", async () => {
    const [first, second] = [later(600_000), later(300_000)];
    await scheduler().poke(first);
    expect(await alarm()).toBe(first);
    await scheduler().poke(second);
    await scheduler().poke(later(900_000));
    expect(await alarm()).toBe(second);
  });

  it("keeps its alarm when it is evicted", async () => {
    const due = later(600_000);
    await scheduler().poke(due);
    await evictDurableObject(scheduler());
    expect(await alarm()).toBe(due);
    expect(await runDurableObjectAlarm(scheduler())).toBe(true);
    expect(runs.count).toBe(1);
  });

  it("counts what ran, and keeps the counts when it is evicted", async () => {
    await scheduler().count({ rewrap: { runs: 1, failures: 0, lastRunAt: 5_000 } });
    await evictDurableObject(scheduler());
    await scheduler().count({ rewrap: { runs: 2, failures: 1, lastRunAt: 4_000 } });
    expect(await scheduler().counts()).toEqual({ rewrap: { runs: 3, failures: 1, lastRunAt: 5_000 } });
  });

  it("wakes when the runner says that more is due, and not when nothing is", async () => {
    const next = later(120_000);
    runs.answers = [async () => next];
    await scheduler().poke(later(600_000));
    await runDurableObjectAlarm(scheduler());
    expect(await alarm()).toBe(next);
    await runDurableObjectAlarm(scheduler());
    expect(await alarm()).toBeNull();
    expect(runs.count).toBe(2);
  });

  it("tries again some seconds after the runner failed", async () => {
    // As workerd words the loss of an isolate: anything else would be printed as uncaught, on the runner's side.
    const lost = new Error("disconnected: worker_do_not_log; Request failed due to internal error");
    runs.answers = [() => Promise.reject(lost)];
    await scheduler().poke(later(600_000));
    await runDurableObjectAlarm(scheduler());
    const due = (await alarm()) ?? 0;
    expect(due).toBeGreaterThan(Date.now());
    expect(due).toBeLessThan(later(6_000));
  });

  it("starts another run for what is due while one hangs, and forgets no later work meanwhile", async () => {
    let release = (): void => undefined;
    const hung = new Promise<number | null>((resolve) => (release = () => resolve(null)));
    const next = later(200_000);
    runs.answers = [() => hung];
    await scheduler().poke(later(600_000));
    const first = runDurableObjectAlarm(scheduler());
    await expect.poll(() => runs.count).toBe(1);
    await scheduler().poke(next);
    await scheduler().poke(Date.now() - 1);
    await expect.poll(() => runs.count).toBe(2);
    release();
    await first;
    expect(await alarm()).toBe(next);
  });
});
