import { describe, expect, it } from "vitest";
import { eventsOf, findings, good, rulesOf, someEvent, stateAt, versionBefore } from "./good-history.ts";
import type { HistoryRecord, RecordOf, SeenObject } from "./history.ts";

describe("what reads show", () => {
  const target = someEvent("MODIFIED", 3);
  const knownAt = Math.min(
    ...good
      .filter((each) => each.kind === "event" && each.object.revision === target.object.revision)
      .map(({ at }) => at),
  );

  /** The good history and one more read, sent after the target was known and answered before anything else happened. */
  function withRead(call: "get" | "list", answer: Partial<RecordOf<"ok">>): HistoryRecord[] {
    const invoke = { kind: "invoke", at: knownAt + 0.01, process: "r", op: 9_000, call } as const;
    return [
      ...good,
      call === "get" ? { ...invoke, key: target.object.key } : invoke,
      { kind: "ok", at: knownAt + 0.02, process: "r", op: 9_000, ...answer },
    ];
  }

  it("allows the version that is there", () => {
    expect(findings(withRead("get", { object: target.object }))).toEqual([]);
  });

  it("finds a version that was over before the request was sent", () => {
    const old = versionBefore(target);
    const found = findings(withRead("get", { object: old }));
    expect(found).toMatchObject([{ rule: "stale read" }]);
    expect(found[0]?.message).toContain(`get 9000 of ${target.object.key} by r shows ${old.value}`);
    expect(found[0]?.message).toContain(`there was ${target.object.value}`);
  });

  it("finds an object that is said not to be there", () => {
    expect(findings(withRead("get", {}))).toMatchObject([{ rule: "stale read" }]);
  });

  it("finds a version that never was", () => {
    const object = { ...target.object, value: "x" };
    expect(findings(withRead("get", { object }))).toMatchObject([{ rule: "phantom read" }]);
  });

  it("finds a version that was written only after the answer", () => {
    const next = eventsOf("watcher-1").find(
      ({ object, event }) =>
        event !== "DELETED" &&
        object.key === target.object.key &&
        object.revision > target.object.revision + 10,
    );
    expect(next).toBeDefined();
    const found = rulesOf(withRead("get", next === undefined ? {} : { object: next.object }));
    expect(found).toContain("stale read");
  });

  it("allows a list that is the state at its revision", () => {
    const { revision } = target.object;
    expect(findings(withRead("list", { revision, objects: stateAt(revision) }))).toEqual([]);
  });

  it("finds a list of an earlier revision", () => {
    const revision = target.object.revision - 1;
    expect(findings(withRead("list", { revision, objects: stateAt(revision) }))).toMatchObject([
      { rule: "stale read", message: expect.stringContaining(`is at revision ${revision}`) },
    ]);
  });

  it("finds a list with an old version, one object too many, or one too few", () => {
    const { revision, key } = target.object;
    const state = stateAt(revision);
    const old = state.map((each) => (each.key === key ? versionBefore(target) : each));
    const extra = { ...target.object, key: "key-77" };
    for (const [objects, words] of [
      [old, `has ${key} as`],
      [[...state, extra], "has key-77 as"],
      [state.filter((each) => each.key !== key), `lacks ${key}`],
    ] as const) {
      expect(findings(withRead("list", { revision, objects }))).toMatchObject([
        { rule: "wrong list", message: expect.stringContaining(words) },
      ]);
    }
  });

  it("finds a watcher's own list that is not the state at its revision", () => {
    const { revision } = target.object;
    const late = (objects: readonly SeenObject[]): HistoryRecord[] => [
      ...good,
      {
        kind: "synced",
        at: knownAt + 0.02,
        began: knownAt + 0.01,
        process: "late",
        how: "stream",
        revision,
        objects,
      },
      ...eventsOf("watcher-1")
        .filter(({ object }) => object.revision > revision)
        .map((each) => ({ ...each, process: "late" })),
    ];
    expect(findings(late(stateAt(revision)))).toEqual([]);
    expect(findings(late(stateAt(revision).slice(1)))).toMatchObject([{ rule: "wrong list" }]);
  });

  it.each([
    ["create", "AlreadyExists", []],
    ["update", "NotFound", ["stale read"]],
    ["update", "Conflict", ["stale read"]],
    ["delete", "NotFound", ["stale read"]],
  ] as const)("takes a refusal for what it says: %s, %s", (call, reason, expected) => {
    const records: HistoryRecord[] = [
      ...good,
      {
        kind: "invoke",
        at: knownAt + 0.01,
        process: "w",
        op: 9_000,
        call,
        key: target.object.key,
        value: "w.1",
        precondition: { revision: target.object.revision },
      },
      { kind: "fail", at: knownAt + 0.02, process: "w", op: 9_000, reason },
    ];
    expect(rulesOf(records)).toEqual(expected);
  });
});
