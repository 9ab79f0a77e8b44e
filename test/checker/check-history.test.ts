import { describe, expect, it } from "vitest";
import { checkHistory } from "./check-history.ts";
import { parseHistory } from "./history.ts";
import { simulateHistory } from "./simulated-history.ts";
import { acknowledgedUpdate, changed, findings, good } from "./good-history.ts";

describe("a history of a store that does everything right", () => {
  it("has no violation, whatever the interleaving", () => {
    for (let seed = 1; seed <= 60; seed++) {
      expect(findings(simulateHistory(seed))).toEqual([]);
    }
  });

  it("was checked: there are writes of each outcome, reads, and watchers that resumed", () => {
    const { checked } = checkHistory(good);
    expect(checked.acknowledged).toBeGreaterThan(50);
    expect(checked.refused).toBeGreaterThan(20);
    expect(checked.unknown).toBeGreaterThan(checked.landed);
    expect(checked.landed).toBeGreaterThan(5);
    expect(checked.reads).toBeGreaterThan(50);
    expect(checked.events).toBe(checked.acknowledged + checked.landed);
    expect(checked.watchers).toBe(3);
    expect(checked.resumed).toBeGreaterThan(3);
  });

  it("reads back from JSON lines", () => {
    expect(parseHistory(good.map((record) => `${JSON.stringify(record)}\n`).join(""))).toEqual(good);
  });

  it("counts a write that is still under way at the end as unknown", () => {
    const write = acknowledgedUpdate();
    expect(
      findings(changed((each) => (each.kind === "ok" && each.op === write.op ? undefined : each))),
    ).toEqual([]);
  });
});
