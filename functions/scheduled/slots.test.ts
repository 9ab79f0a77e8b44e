import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { keepBusy } from "./slots.ts";

/** Jobs by name that end when they are told to. */
function jobs(): { run: (name: string) => Promise<void>; end: (name: string) => void; started: string[] } {
  const ends = new Map<string, () => void>();
  const started: string[] = [];
  return {
    started,
    run: (name) => {
      started.push(name);
      return new Promise((resolve) => ends.set(name, resolve));
    },
    end: (name) => ends.get(name)?.(),
  };
}

const tick = () => sleep(5);

describe("keepBusy", () => {
  it("takes the next job as soon as one ends, whatever hangs beside it", async () => {
    const waiting = ["hung", "a", "b", "c"];
    const { run, end, started } = jobs();
    const done = keepBusy({
      slots: 2,
      lookEveryMs: 60_000,
      take: async (free) => waiting.splice(0, free),
      run,
    });
    await tick();
    expect(started).toEqual(["hung", "a"]);
    for (const name of ["a", "b"]) {
      end(name);
      await tick();
    }
    expect(started).toEqual(["hung", "a", "b", "c"]);
    end("c");
    end("hung");
    await done;
  });

  it("finds what becomes due while a job hangs and slots are free", async () => {
    const waiting = ["hung"];
    const { run, end, started } = jobs();
    const done = keepBusy({ slots: 4, lookEveryMs: 10, take: async (free) => waiting.splice(0, free), run });
    await tick();
    waiting.push("later");
    await sleep(40);
    expect(started).toEqual(["hung", "later"]);
    end("hung");
    end("later");
    await done;
  });

  it("ends at once when there is nothing to do", async () => {
    await keepBusy({ slots: 4, lookEveryMs: 60_000, take: async () => [], run: async () => undefined });
  });

  it("waits for its jobs when no more can be taken, then says why", async () => {
    let taken = 0;
    const { run, end } = jobs();
    let ended = false;
    const done = keepBusy({
      slots: 2,
      lookEveryMs: 5,
      take: async () => {
        if (taken++ > 0) throw new Error("no database");
        return ["a"];
      },
      run,
    }).finally(() => (ended = true));
    await sleep(30);
    expect(ended).toBe(false);
    end("a");
    await expect(done).rejects.toThrow("no database");
  });
});
