import { describe, expect, it } from "vitest";
import type { Condition } from "../../schema/object.ts";
import { conditionStatus, withConditions } from "./conditions.ts";

const early = "2026-01-01T00:00:00Z";
const now = new Date("2026-02-02T02:02:02.345Z");
const time = "2026-02-02T02:02:02Z";
const ready: Condition = {
  type: "Ready",
  status: "True",
  lastUpdateTime: early,
  lastTransitionTime: early,
};
const other: Condition = { type: "Other", status: "Unknown", message: "m" };

describe("withConditions", () => {
  it("returns the very same array when nothing differs; an empty reason is none", () => {
    const conditions = [ready, other];
    expect(withConditions(conditions, [], now)).toBe(conditions);
    expect(withConditions(conditions, [{ type: "Ready", status: "True", reason: "" }], now)).toBe(conditions);
  });

  it("moves both times with the status, and keeps order and the untouched entries themselves", () => {
    const result = withConditions([ready, other], [{ type: "Ready", status: "False", reason: "R" }], now);
    expect(result).toEqual([
      { type: "Ready", status: "False", reason: "R", lastUpdateTime: time, lastTransitionTime: time },
      other,
    ]);
    expect(result[1]).toBe(other);
  });

  it("keeps the time of the transition when only words change, and drops words that are not said again", () => {
    const worded = withConditions([ready], [{ type: "Ready", status: "True", message: "fine" }], now);
    expect(worded).toEqual([{ ...ready, message: "fine", lastUpdateTime: time }]);
    expect(withConditions(worded, [{ type: "Ready", status: "True" }], now)).toEqual([
      { ...ready, lastUpdateTime: time },
    ]);
  });

  it("adds what is new at the end, also to none", () => {
    const added = { type: "New", status: "True", lastUpdateTime: time, lastTransitionTime: time };
    expect(withConditions([ready], [{ type: "New", status: "True" }], now)).toEqual([ready, added]);
    expect(withConditions(undefined, [{ type: "New", status: "True" }], now)).toEqual([added]);
  });

  it("applies several changes of one type in their order", () => {
    const changes = [
      { type: "Ready", status: "False" },
      { type: "Ready", status: "True" },
    ] as const;
    expect(conditionStatus(withConditions([ready], changes, now), "Ready")).toBe("True");
    expect(conditionStatus(undefined, "Ready")).toBeUndefined();
  });
});
