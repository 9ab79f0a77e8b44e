import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Part } from "../process/child.ts";
import { supervise } from "./supervise.ts";
import type { Supervised } from "./supervise.ts";

interface FakePart extends Part {
  readonly die: () => void;
}

function fakePart(pid: number): FakePart {
  const { promise: exited, resolve } = Promise.withResolvers<string>();
  return { pid, exited, stop: async () => resolve("stopped"), die: () => resolve("exit code 1") };
}

const silent = (): void => undefined;

describe("supervise", () => {
  /** When each start was tried, and the part that is running. */
  function track(
    timing: { firstDelayMs: number; maxDelayMs: number; goodAfterMs: number },
    fails: (attempt: number) => boolean,
  ): { tries: number[]; current: () => FakePart; run: () => Promise<Supervised> } {
    const tries: number[] = [];
    let part = fakePart(0);
    const start = async (): Promise<Part> => {
      tries.push(performance.now());
      if (fails(tries.length)) throw new Error("no");
      part = fakePart(tries.length);
      return part;
    };
    return { tries, current: () => part, run: () => supervise({ name: "part", log: silent, start, timing }) };
  }

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await sleep(2);
  }

  /** Timers may fire a millisecond early by another clock. */
  const gaps = (tries: readonly number[]): number[] =>
    tries.slice(1).map((at, index) => at - (tries[index] ?? 0) + 2);

  it("waits longer before each further try, up to a limit", async () => {
    const timing = { firstDelayMs: 20, maxDelayMs: 80, goodAfterMs: 60_000 };
    const { tries, current, run } = track(timing, (attempt) => attempt > 1 && attempt < 6);
    const supervised = await run();
    current().die();
    await until(() => supervised.pid() === 6);
    for (const [index, least] of [20, 40, 80, 80, 80].entries())
      expect(gaps(tries)[index]).toBeGreaterThanOrEqual(least);
    expect((tries.at(-1) ?? 0) - (tries[0] ?? 0)).toBeLessThan(5000);
    await supervised.stop();
  });

  it("goes on waiting longer when a part dies soon after it came up", async () => {
    const timing = { firstDelayMs: 20, maxDelayMs: 80, goodAfterMs: 60_000 };
    const { tries, current, run } = track(timing, () => false);
    const supervised = await run();
    for (let pid = 1; pid <= 3; pid += 1) {
      current().die();
      await until(() => supervised.pid() === pid + 1);
    }
    for (const [index, least] of [20, 40, 80].entries())
      expect(gaps(tries)[index]).toBeGreaterThanOrEqual(least);
    await supervised.stop();
  });

  it("begins with a short wait again once a part has run long enough", async () => {
    const timing = { firstDelayMs: 10, maxDelayMs: 60_000, goodAfterMs: 200 };
    const { current, run } = track(timing, (attempt) => attempt > 1 && attempt < 8);
    const supervised = await run();
    current().die();
    // The next wait would be 1280 ms.
    await until(() => supervised.pid() === 8);
    await sleep(timing.goodAfterMs + 10);
    const died = performance.now();
    current().die();
    await until(() => supervised.pid() === 9);
    expect(performance.now() - died).toBeLessThan(1000);
    await supervised.stop();
  });

  it("tells a start that is under way to end, and says nothing of its failure then", async () => {
    let signal: AbortSignal | undefined;
    const part = fakePart(1);
    let first = true;
    const start = (given: AbortSignal): Promise<Part> => {
      if (first) {
        first = false;
        return Promise.resolve(part);
      }
      signal = given;
      return new Promise((_resolve, reject) =>
        given.addEventListener("abort", () => reject(new Error("aborted"))),
      );
    };
    const lines: string[] = [];
    const timing = { firstDelayMs: 1, maxDelayMs: 1, goodAfterMs: 1 };
    const log = (_level: string, _part: string, message: string): void => void lines.push(message);
    const supervised = await supervise({ name: "part", log, start, timing });
    part.die();
    await until(() => signal !== undefined);
    const began = performance.now();
    await supervised.stop();
    expect(performance.now() - began).toBeLessThan(1000);
    expect(lines).toEqual(["ended (exit code 1); starting it again"]);
  });

  it("does not hide that the first start failed", async () => {
    const { run } = track({ firstDelayMs: 1, maxDelayMs: 1, goodAfterMs: 1 }, () => true);
    await expect(run()).rejects.toThrow("no");
  });
});
