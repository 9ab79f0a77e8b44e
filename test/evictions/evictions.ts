/** What tests see of evictions in their Drovers: which tunnels are in memory, and how often they left it. */
import type { EventEmitter } from "node:events";
import { request } from "node:http";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

/** Whether this run is the one with evictions (the vitest project of that name). */
export const withEvictions = process.env["DROVER_TEST_EVICTIONS"] === "1";

const awake = new Set<string>();
let count = 0;

/** Has tunnels evicted until the Drover whose socket this is ends. */
export async function keepEvicting(socketPath: string, ended: Promise<unknown>): Promise<void> {
  let over = false;
  void ended.then(() => (over = true));
  while (!over) {
    await new Promise<void>((resolve) => {
      const outgoing = request({ socketPath, agent: false }, (answer) => {
        answer.on("error", () => undefined);
        const lines = createInterface(answer);
        // The interface tells of its stream's errors too.
        (lines as EventEmitter).on("error", () => undefined);
        lines.on("line", noted).on("close", resolve);
      });
      outgoing.on("error", () => resolve()).end();
      void ended.then(() => outgoing.destroy());
    });
    // workerd was restarted: what it had in memory is gone.
    awake.clear();
    await sleep(100);
  }
}

function noted(line: string): void {
  const [what, name = ""] = line.split(" ");
  if (what === "woke") awake.add(name);
  if (what !== "evicted") return;
  awake.delete(name);
  count += 1;
}

/** Evictions so far. */
export const evictions = (): number => count;

/** Resolves when no tunnel is in memory. Rejects with the names of those that are busy for longer. */
export async function allAtRest(timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (awake.size > 0) {
    if (Date.now() > deadline)
      throw new Error(`still in memory after ${timeoutMs} ms: ${[...awake].join(", ")}`);
    await sleep(5);
  }
}
