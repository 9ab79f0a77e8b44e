/**
 * The management store under kill -9 of workerd and Postgres, as a history of what many client-go clients did and saw:
 * the checker (test/checker) finds lost, doubled and reordered events, lost writes and stale reads.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkHistory } from "../checker/check-history.ts";
import { parseHistory } from "../checker/history.ts";
import { buildClientGo, startClientGo } from "../clientgo/clientgo.ts";
import { eventually, processesOf } from "../e2e/drover.ts";
import { startLocal } from "../e2e/local.ts";
import type { Local } from "../e2e/local.ts";

const SECONDS = 25;
/** What dies at one moment. */
const turns = [["workerd"], ["postgres"], ["workerd", "postgres"]] as const;

describe("the store while its parts are killed", () => {
  let local: Local;
  let binary: string;

  beforeAll(async () => {
    [local, binary] = await Promise.all([startLocal(), buildClientGo((line) => console.error(line))]);
  }, 900_000);

  afterAll(async () => {
    await local?.stop();
  }, 60_000);

  /** Kills one part, the other, and both at random moments, each as soon as it runs again or up to 3 s later. */
  async function killParts(until: number): Promise<string[]> {
    const killed: string[] = [];
    for (let turn = 0; Date.now() < until; turn++) {
      const parts = turns[turn % turns.length] ?? [];
      for (const part of parts)
        await eventually(`${part} runs`, 20_000, () =>
          processesOf(local.drover, part).length > 0 ? true : undefined,
        );
      await sleep(500 + Math.random() * 3_000);
      for (const pid of parts.flatMap((part) => processesOf(local.drover, part))) killIfThere(pid);
      killed.push(parts.join(" and "));
    }
    return killed;
  }

  it("loses, doubles and reorders nothing, and no read is stale", async () => {
    const out = join(local.home, "history.jsonl");
    const clients = startClientGo(binary, "history", local.kubeconfig, { seconds: SECONDS, out });
    try {
      await clients.next("watching", 60_000);
      const killed = await killParts(Date.now() + (SECONDS - 3) * 1_000);
      expect(killed).toContain("workerd");
      expect(killed).toContain("postgres");
      expect(killed).toContain("workerd and postgres");
      await clients.next("done", 180_000);
    } finally {
      await clients.stop();
    }
    const { violations, checked } = checkHistory(parseHistory(readFileSync(out, "utf8")));
    expect(violations.map(({ rule, message }) => `${rule}: ${message}`)).toEqual([]);
    expect(checked.watchers).toBe(4);
    expect(checked.acknowledged).toBeGreaterThan(100);
    expect(checked.reads).toBeGreaterThan(100);
    expect(checked.resumed).toBeGreaterThan(4);
  }, 300_000);
});

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended a moment ago.
  }
}
