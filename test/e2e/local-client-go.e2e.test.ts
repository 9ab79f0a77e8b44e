/** Unmodified client-go against the management store: what controllers are made of, under load (issue 4). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildClientGo, startClientGo } from "../clientgo/clientgo.ts";
import type { ClientGoMode } from "../clientgo/clientgo.ts";
import type { PeerEvent } from "../peers/peers.ts";
import { startLocal } from "./local.ts";
import type { Local } from "./local.ts";

describe("client-go against the management store", () => {
  let local: Local;
  let binary: string;

  beforeAll(async () => {
    [local, binary] = await Promise.all([startLocal(), buildClientGo((line) => console.error(line))]);
  }, 900_000);

  afterAll(async () => {
    await local?.stop();
  }, 60_000);

  async function outcome(mode: ClientGoMode, flags: Record<string, number> = {}): Promise<PeerEvent> {
    const program = startClientGo(binary, mode, local.kubeconfig, flags);
    try {
      return await program.next("done", 280_000);
    } finally {
      await program.stop();
    }
  }

  it("a shared informer of 5,000 objects under 50 writers for 60 s has every object as it is", async () => {
    const done = await outcome("informer", { objects: 5_000, writers: 50, seconds: 60 });
    expect(done).toMatchObject({ differences: 0, examples: [], watchErrors: 0 });
    // WatchList, client-go's way since 1.35: the watch brings the state, and there is no list.
    expect(done["lists"]).toBe(0);
    expect(done["streamedLists"]).toBe(1);
    expect(done["writes"]).toBeGreaterThan(1_000);
  }, 300_000);

  it("a Lease has one leader, another after it was killed, and another after it resigned", async () => {
    const done = await outcome("leader");
    expect(done).toMatchObject({ overlaps: 0, holderLeads: true });
    expect(new Set(done["terms"] as string[]).size).toBe(3);
    expect(done["transitions"]).toBeGreaterThanOrEqual(2);
  }, 120_000);

  it("a controller-runtime manager with a type of its own reconciles, records events, and cleans up", async () => {
    // Few, because client-go lets an untouched rest.Config make five requests a second.
    const objects = 5;
    const done = await outcome("controller", { objects });
    expect(done).toMatchObject({ owned: objects, dugUp: objects, ended: "<nil>" });
    expect(done["events"]).toBeGreaterThanOrEqual(objects);
  }, 120_000);
});
