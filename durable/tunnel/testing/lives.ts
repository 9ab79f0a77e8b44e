/**
 * The two lives of an object, in which every test of the tunnel runs (issue 5, requirement 4): in memory all the time, and out of memory
 * whenever its test lets it rest, its sockets open.
 */
import { evictDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect } from "vitest";
import type { TunnelTimes } from "../times.ts";

type Stub = Parameters<typeof evictDurableObject>[0];

/** So that a rest is short. Long enough for a stream to be kept from one request to the next. */
const quick: TunnelTimes = { keptMs: 250, reportMs: 50 };

export interface Life {
  readonly evicted: boolean;
  /**
   * In the evicted life: resolves when these objects have left memory, which they do when nothing is under way in them. One that is
   * not in memory is left alone; the first must be.
   */
  readonly rest: (first: Stub, ...others: Stub[]) => Promise<void>;
}

/** Like `describe`. Each of the tests must rest at least once: after its agents have connected, or between two steps. */
export function inBothLives(title: string, suite: (life: Life) => void): void {
  describe.each([
    ["in memory", false],
    ["evicted in the middle", true],
  ])(`${title}, %s`, (_life, evicted) => {
    let rests = 0;
    beforeEach(() => {
      rests = 0;
      globalThis.testTunnelTimes = evicted ? quick : undefined;
    });
    afterEach(({ task }) => {
      globalThis.testTunnelTimes = undefined;
      expect(rests, `${task.name} must rest`).toBeGreaterThan(0);
    });
    suite({
      evicted,
      async rest(first, ...others) {
        rests += 1;
        if (!evicted) return;
        await evictDurableObject(first, { webSockets: "hibernate" });
        for (const stub of others) {
          await evictDurableObject(stub, { webSockets: "hibernate" }).catch((error: unknown) => {
            if (!String(error).includes("not")) throw error;
          });
        }
      },
    });
  });
}
