import { describe, expect, it } from "vitest";
import { changed, eventsOf, findings, good, rulesOf, someEvent, stateAt } from "./good-history.ts";
import type { HistoryRecord, SeenObject } from "./history.ts";

describe("what watchers are told", () => {
  const target = someEvent("MODIFIED");

  it("finds an event that one watcher never had, and says which", () => {
    const found = findings(changed((each) => (each === target ? undefined : each)));
    expect(found).toHaveLength(1);
    expect(found[0]?.rule).toBe("lost event");
    expect(found[0]?.message).toContain(
      `watcher-1 never had MODIFIED ${target.object.key} at revision ${target.object.revision}`,
    );
  });

  it("finds an event that a watcher had twice", () => {
    expect(rulesOf(changed((each) => (each === target ? [each, each] : each)))).toEqual(["doubled event"]);
  });

  it("finds an event that comes again after the watcher resumed", () => {
    const records = [...good];
    const later = records.findIndex((each) => each.kind === "disconnect" && each.at > target.at);
    const at = records[later]?.at ?? 0;
    records.splice(later + 1, 0, { ...target, at });
    expect(rulesOf(records)).toEqual(["doubled event"]);
  });

  it("finds an event that the watcher's list already had", () => {
    const revision = eventsOf("watcher-1").at(-1)?.object.revision ?? 0;
    const late: HistoryRecord[] = [
      {
        kind: "synced",
        at: 1e6,
        began: 1e6,
        process: "late",
        how: "list",
        revision,
        objects: stateAt(revision),
      },
      { ...target, at: 1e6 + 1, process: "late" },
      { kind: "stopped", at: 1e6 + 2, process: "late", revision },
    ];
    expect(rulesOf([...good, ...late])).toEqual(["doubled event"]);
  });

  it("finds any event that is missing, doubled or swapped with the next", () => {
    const events = eventsOf("watcher-2");
    for (const [index, event] of events.entries()) {
      const next = events[index + 1];
      if (next === undefined) break;
      expect(rulesOf(changed((each) => (each === event ? undefined : each)))).toContain("lost event");
      expect(rulesOf(changed((each) => (each === event ? [each, each] : each)))).toContain("doubled event");
      const swapped = changed((each) => {
        if (each === event) return { ...next, at: event.at };
        return each === next ? { ...event, at: next.at } : each;
      });
      expect(rulesOf(swapped)).toContain("reordered event");
    }
  });

  it("finds two events in the wrong order", () => {
    const events = eventsOf("watcher-1");
    const next = events[events.indexOf(target) + 1] ?? target;
    const swapped = changed((each) => {
      if (each === target) return { ...next, at: target.at };
      return each === next ? { ...target, at: next.at } : each;
    });
    expect(rulesOf(swapped)).toContain("reordered event");
    expect(
      findings(swapped).some(({ message }) => message.includes(`revision ${target.object.revision}`)),
    ).toBe(true);
  });

  it("finds an event that comes after a bookmark which promised that it had been there", () => {
    const bookmark: HistoryRecord = {
      kind: "bookmark",
      at: target.at,
      process: "watcher-1",
      revision: target.object.revision,
    };
    expect(rulesOf(changed((each) => (each === target ? [bookmark, each] : each)))).toEqual([
      "reordered event",
    ]);
  });

  it.each<[string, Partial<SeenObject>]>([
    ["another value", { value: "client-0.1" }],
    ["another uid", { uid: "uid-0" }],
    ["another key", { key: "key-09" }],
    ["a label of another version", { label: "client-0.1" }],
  ])("finds an event that shows one watcher %s", (_, other) => {
    const records = changed((each) =>
      each === target ? { ...each, object: { ...each.object, ...other } } : each,
    );
    expect(rulesOf(records)).toContain("wrong object");
  });

  it("finds a label of another version when all watchers have it", () => {
    const records = changed((each) =>
      each.kind === "event" && each.object.revision === target.object.revision
        ? { ...each, object: { ...each.object, label: "client-0.1" } }
        : each,
    );
    expect(rulesOf(records)).toContain("wrong object");
  });

  it("finds a watcher that did not get to the end", () => {
    const last = eventsOf("watcher-2").at(-1);
    const records = changed((each) => (each === last ? undefined : each));
    expect(findings(records)).toMatchObject([{ rule: "stalled watcher" }]);
    expect(findings(records)[0]?.message).toContain("watcher-2 ended at revision");
  });

  it("finds a watcher that never had a list", () => {
    const records = changed((each) =>
      each.process === "watcher-2" && each.kind !== "stopped" ? undefined : each,
    );
    expect(findings(records)).toMatchObject([
      { rule: "stalled watcher", message: "watcher-2 never had a list" },
    ]);
  });

  it("does not take for proven what nobody watched", () => {
    const gap = someEvent("MODIFIED", 5).object.revision;
    const records = good.flatMap((each): readonly HistoryRecord[] => {
      if (each.kind !== "event" || each.object.revision !== gap) return [each];
      const { at, process } = each;
      return [
        {
          kind: "synced",
          at,
          began: at,
          process,
          how: "list",
          revision: gap,
          objects: stateAt(gap),
        },
      ];
    });
    expect(rulesOf(records)).toEqual(["unwatched"]);
  });
});
