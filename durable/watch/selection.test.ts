import { describe, expect, it } from "vitest";
import type { LogEvent } from "../../schema/store/log.ts";
import { Bodies, judge, selectionOf } from "./selection.ts";
import { body, event } from "./test-events.ts";

/** A change of labels, and of `spec.color`, from one value to another; null: the object is not there. */
function change(before: string | null, after: string | null, more: Partial<LogEvent> = {}): LogEvent {
  const of = (value: string | null) =>
    value === null
      ? null
      : body({ name: "x", labels: { color: value } }, { spec: { color: value, size: 3 } });
  return event(7, {
    name: "x",
    namespace: "ns",
    kind: before === null ? "ADDED" : after === null ? "DELETED" : "MODIFIED",
    body: of(after),
    labels: after === null ? null : { color: after },
    before: of(before),
    beforeLabels: before === null ? null : { color: before },
    ...more,
  });
}

const shown = (wanted: Parameters<typeof selectionOf>[0], logged: LogEvent) =>
  judge(selectionOf(wanted), logged, new Bodies(logged));

describe("judge", () => {
  for (const wanted of [{ labelSelector: "color=red" }, { fieldSelector: "spec.color=red" }]) {
    const words = Object.keys(wanted)[0];
    it.each([
      ["comes matching", null, "red", "ADDED"],
      ["comes not matching", null, "blue", undefined],
      ["changes and still matches", "red", "red", "MODIFIED"],
      ["begins to match", "blue", "red", "ADDED"],
      ["no longer matches", "red", "blue", "DELETED"],
      ["changes and never matched", "blue", "green", undefined],
      ["goes while it matched", "red", null, "DELETED"],
      ["goes and did not match", "blue", null, undefined],
    ] as const)(`shows an object that %s to a ${words}`, (_what, before, after, verdict) => {
      expect(shown(wanted, change(before, after))).toBe(verdict);
    });
  }

  it("knows name and namespace from the key, not from the body", () => {
    const odd = change("red", "red", { body: "not JSON", before: "not JSON" });
    expect(shown({ fieldSelector: "metadata.name=x,metadata.namespace=ns" }, odd)).toBe("MODIFIED");
    expect(shown({ fieldSelector: "metadata.name!=x" }, odd)).toBeUndefined();
    expect(shown({ name: "x", namespace: "ns" }, odd)).toBe("MODIFIED");
    expect(shown({ name: "y" }, odd)).toBeUndefined();
    expect(shown({ namespace: "other" }, odd)).toBeUndefined();
  });

  it("takes a field that is absent for empty, and a number by its digits", () => {
    expect(shown({ fieldSelector: "status.phase=" }, change(null, "red"))).toBe("ADDED");
    expect(shown({ fieldSelector: "spec.size=3" }, change(null, "red"))).toBe("ADDED");
    expect(shown({ fieldSelector: "spec.color.toString!=" }, change(null, "red"))).toBeUndefined();
  });

  it("wants all of what is asked for", () => {
    const wanted = { labelSelector: "color=red", fieldSelector: "spec.size=4" };
    expect(shown(wanted, change("red", "red"))).toBeUndefined();
  });
});

describe("selectionOf", () => {
  it("gives equal keys to equal wishes alone", () => {
    const keys = [
      {},
      { namespace: "a" },
      { name: "a" },
      { labelSelector: "a" },
      { fieldSelector: "a=b" },
      { namespace: "" },
    ].map((wanted) => selectionOf(wanted).key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(selectionOf({ namespace: "a" }).key).toBe(keys[1]);
  });

  it("refuses what the parsers refuse", () => {
    expect(() => selectionOf({ labelSelector: "a in" })).toThrow();
    expect(() => selectionOf({ fieldSelector: "a" })).toThrow();
  });
});
