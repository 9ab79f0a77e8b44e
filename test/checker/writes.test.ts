import { describe, expect, it } from "vitest";
import {
  acknowledgedUpdate,
  changed,
  eventsOf,
  findings,
  firstOperation,
  good,
  operations,
  revisionOf,
  rulesOf,
  someEvent,
} from "./good-history.ts";
import type { Event } from "./good-history.ts";
import type { HistoryRecord, Operation } from "./history.ts";

describe("what writes do", () => {
  it("finds an acknowledged update that is nowhere", () => {
    const write = acknowledgedUpdate();
    const records = changed((each) =>
      each.kind === "event" && each.object.value === write.value && each.event === "MODIFIED"
        ? undefined
        : each,
    );
    expect(findings(records)).toContainEqual(
      expect.objectContaining({
        rule: "lost write",
        message: expect.stringContaining(`update ${write.op} of ${write.key} by ${write.process}`),
      }),
    );
  });

  it("finds an acknowledged delete that is nowhere", () => {
    const write = firstOperation(({ call, outcome }) => call === "delete" && outcome.kind === "ok");
    const uid = write.outcome.kind === "ok" ? write.outcome.uid : "";
    const records = changed((each) =>
      each.kind === "event" && each.event === "DELETED" && each.object.uid === uid ? undefined : each,
    );
    expect(rulesOf(records)).toContain("lost write");
  });

  it("finds an acknowledged write that all watchers have at another revision", () => {
    const write = acknowledgedUpdate();
    const records = changed((each) =>
      each.kind === "ok" && each.op === write.op ? { ...each, revision: revisionOf(write) - 1 } : each,
    );
    expect(rulesOf(records)).toContain("doubled write");
    expect(rulesOf(records)).toContain("lost write");
  });

  it("finds an unknown write that took effect twice", () => {
    const later = (write: Operation): Event | undefined =>
      eventsOf("watcher-1").find(
        ({ event, at, object }) =>
          event === "MODIFIED" &&
          at > write.ended &&
          object.key === write.key &&
          object.value !== write.value,
      );
    const landed = firstOperation(
      (write) =>
        write.call === "update" &&
        write.outcome.kind === "unknown" &&
        good.some((each) => each.kind === "event" && each.object.value === write.value) &&
        later(write) !== undefined,
    );
    // Another write's revision shows the value of the first.
    const next = later(landed);
    const value = landed.value ?? "";
    const records = changed((each) =>
      each.kind === "event" && each.object.revision === next?.object.revision
        ? { ...each, object: { ...each.object, value, label: value } }
        : each,
    );
    expect(rulesOf(records)).toContain("doubled write");
  });

  it("finds a refused write that took effect", () => {
    const write = acknowledgedUpdate();
    const records = changed((each) =>
      each.kind === "ok" && each.op === write.op
        ? { kind: "fail", at: each.at, process: each.process, op: each.op, reason: "Conflict" }
        : each,
    );
    expect(rulesOf(records)).toContain("failed write took effect");
  });

  it("finds a deletion that no delete explains", () => {
    const write = firstOperation(({ call, outcome }) => call === "delete" && outcome.kind === "ok");
    const records = changed((each) => {
      if (each.kind === "ok" && each.op === write.op) {
        return { kind: "fail", at: each.at, process: each.process, op: each.op, reason: "Timeout" };
      }
      // No other delete of the key may serve as an explanation.
      return each.kind === "unknown" && operations.some(({ op, key }) => op === each.op && key === write.key)
        ? { ...each, kind: "fail", reason: "Timeout" }
        : each;
    });
    expect(rulesOf(records)).toContain("unexplained event");
  });

  it("lets one unknown delete explain one deletion, not two", () => {
    const [first, second] = eventsOf("watcher-0").filter(({ event }) => event === "DELETED");
    const key = first?.object.key;
    expect(second).toBeDefined();
    const attempt: HistoryRecord = {
      kind: "invoke",
      at: 1,
      process: "stranger",
      op: 9_000,
      call: "delete",
      ...(key === undefined ? {} : { key }),
    };
    const withoutDeletes = good.filter(
      (each) => !("op" in each) || !operations.some(({ op, call }) => op === each.op && call === "delete"),
    );
    const deletions = eventsOf("watcher-0").filter(
      ({ event, object }) => event === "DELETED" && object.key === key,
    );
    const unexplained = findings([attempt, ...withoutDeletes]).filter(
      ({ rule, message }) => rule === "unexplained event" && message.includes(` ${key} `),
    );
    expect(deletions.length).toBeGreaterThan(1);
    expect(unexplained).toHaveLength(deletions.length - 1);
  });

  it("finds two acknowledged deletes of one object", () => {
    const write = firstOperation(({ call, outcome }) => call === "delete" && outcome.kind === "ok");
    const other = firstOperation(
      ({ call, outcome, key, began }) =>
        call === "delete" && outcome.kind === "fail" && key === write.key && began > write.ended,
    );
    const uid = write.outcome.kind === "ok" ? (write.outcome.uid ?? "") : "";
    const records = changed((each) =>
      each.kind === "fail" && each.op === other.op
        ? { kind: "ok", at: each.at, process: each.process, op: each.op, uid }
        : each,
    );
    expect(rulesOf(records)).toContain("doubled write");
  });

  it("finds a value that nobody wrote", () => {
    const target = someEvent("ADDED");
    const records = changed((each) =>
      each.kind === "event" && each.object.revision === target.object.revision
        ? { ...each, object: { ...each.object, value: "x", label: "x" } }
        : each,
    );
    expect(rulesOf(records)).toContain("unexplained event");
  });

  it("finds an update that went through although its precondition did not hold", () => {
    const write = acknowledgedUpdate();
    const records = changed((each) =>
      each.kind === "invoke" && each.op === write.op ? { ...each, precondition: { revision: 99 } } : each,
    );
    expect(findings(records)).toMatchObject([{ rule: "precondition ignored" }]);
    expect(findings(records)[0]?.message).toContain("named revision 99");
  });

  it("finds a delete that went through although its uid did not hold", () => {
    const write = firstOperation(({ call, outcome }) => call === "delete" && outcome.kind === "ok");
    const records = changed((each) =>
      each.kind === "invoke" && each.op === write.op ? { ...each, precondition: { uid: "uid-0" } } : each,
    );
    expect(findings(records)).toMatchObject([{ rule: "precondition ignored" }]);
  });

  it("finds a create over an object that was there", () => {
    const target = someEvent("MODIFIED");
    const records = changed((each) =>
      each.kind === "event" && each.object.revision === target.object.revision
        ? { ...each, event: "ADDED" }
        : each,
    );
    expect(rulesOf(records)).toEqual(["broken chain", "wrong object"]);
  });

  it("finds a deletion that shows an older version", () => {
    const target = someEvent("DELETED");
    const records = changed((each) =>
      each.kind === "event" && each.object.revision === target.object.revision
        ? { ...each, object: { ...each.object, value: "client-0.1", label: "client-0.1" } }
        : each,
    );
    expect(rulesOf(records)).toEqual(["broken chain"]);
  });

  it("finds a uid that a new object has again", () => {
    const [first, second] = eventsOf("watcher-1").filter(
      ({ event, object }) => event === "ADDED" && object.key === "key-01",
    );
    const uid = first?.object.uid ?? "";
    const records = changed((each) => {
      if (each.kind === "event" && each.object.uid === second?.object.uid) {
        return { ...each, object: { ...each.object, uid } };
      }
      return each.kind === "ok" && each.uid === second?.object.uid ? { ...each, uid } : each;
    });
    expect(rulesOf(records)).toContain("broken chain");
  });

  it("finds a write that was sent after a later revision had been acknowledged", () => {
    const write = acknowledgedUpdate();
    const later = firstOperation(
      (each) =>
        each.outcome.kind === "ok" && revisionOf(each) > revisionOf(write) && each.began > write.ended,
    );
    const records = changed((each) => {
      if (each.kind === "invoke" && each.op === write.op) return { ...each, at: later.ended + 1 };
      return each.kind === "ok" && each.op === write.op ? { ...each, at: later.ended + 2 } : each;
    });
    expect(rulesOf(records)).toContain("revision went back");
    expect(rulesOf(records)).toContain("seen before it was written");
  });
});
