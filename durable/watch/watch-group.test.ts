import { describe, expect, it } from "vitest";
import { Bodies, selectionOf } from "./selection.ts";
import type { Selection } from "./selection.ts";
import { body, event } from "./test-events.ts";
import { WatchGroups } from "./watch-group.ts";
import type { Member } from "./watch-group.ts";
import { LoggedEvent } from "./watch-lines.ts";

function member(selection: Selection, more: Partial<Member> = {}): Member & { readonly got: Uint8Array[] } {
  const got: Uint8Array[] = [];
  return {
    selection,
    sealedToo: false,
    at: 0,
    write: (line) => void got.push(line),
    cutIfSlow: () => undefined,
    got,
    ...more,
  };
}

const text = (line: Uint8Array | undefined): string => new TextDecoder().decode(line);
const publish = (groups: WatchGroups, logged: LoggedEvent): void =>
  groups.publish(logged, new Bodies(logged.event));

const modified = event(5, {
  name: "x",
  kind: "MODIFIED",
  body: body({ name: "x" }, { a: 2 }),
  labels: { color: "blue" },
  before: body({ name: "x" }, { a: 1 }),
  beforeLabels: { color: "red" },
  sealed: "s1:new",
  beforeSealed: "s1:old",
});

describe("WatchGroups", () => {
  it("encodes each line once: watchers of all groups are given the very same bytes", () => {
    const groups = new WatchGroups();
    const everything = [member(selectionOf({})), member(selectionOf({})), member(selectionOf({ name: "x" }))];
    const reds = [
      member(selectionOf({ labelSelector: "color=red" })),
      member(selectionOf({ labelSelector: "color==red" })),
    ];
    for (const one of [...everything, ...reds]) groups.add(one);
    publish(groups, new LoggedEvent(modified));
    expect(text(everything[0]?.got[0])).toBe(
      '{"type":"MODIFIED","object":{"apiVersion":"v1","kind":"Test","metadata":{"resourceVersion":"5","name":"x"},"a":2}}\n',
    );
    for (const { got } of everything) expect(got[0]).toBe(everything[0]?.got[0]);
    expect(text(reds[0]?.got[0])).toBe(
      '{"type":"DELETED","object":{"apiVersion":"v1","kind":"Test","metadata":{"resourceVersion":"5","name":"x"},"a":1}}\n',
    );
    expect(reds[1]?.got[0]).toBe(reds[0]?.got[0]);
  });

  it("judges an event once for all who want the same", () => {
    let judged = 0;
    const selection: Selection = {
      ...selectionOf({}),
      get namespace() {
        judged++;
        return undefined;
      },
    };
    const groups = new WatchGroups();
    const members = Array.from({ length: 10 }, () => member(selection));
    for (const one of members) groups.add(one);
    publish(groups, new LoggedEvent(modified));
    expect(judged).toBe(1);
    expect(members.every(({ got }) => got.length === 1)).toBe(true);
  });

  it("gives the sealed part, of the state that is shown, to those alone who open it", () => {
    const groups = new WatchGroups();
    const opening = member(selectionOf({}), { sealedToo: true });
    const plain = member(selectionOf({}));
    const leaving = member(selectionOf({ labelSelector: "color=red" }), { sealedToo: true });
    for (const one of [opening, plain, leaving]) groups.add(one);
    publish(groups, new LoggedEvent(modified));
    expect(JSON.parse(text(opening.got[0]))).toMatchObject({
      type: "MODIFIED",
      sealed: "s1:new",
      uid: "uid-x",
      namespace: "",
      name: "x",
    });
    expect(JSON.parse(text(leaving.got[0]))).toMatchObject({ type: "DELETED", sealed: "s1:old" });
    expect(text(plain.got[0])).not.toContain("s1:");
  });

  it("sends nothing up to the revision from which a watcher came", () => {
    const groups = new WatchGroups();
    const ahead = member(selectionOf({}), { at: 5 });
    groups.add(ahead);
    publish(groups, new LoggedEvent(event(5)));
    publish(groups, new LoggedEvent(event(6)));
    expect(ahead.got).toHaveLength(1);
  });

  it("sends nothing to who has left, and forgets a group without members", () => {
    const groups = new WatchGroups();
    const [left, stays] = [member(selectionOf({})), member(selectionOf({}))];
    groups.add(left);
    groups.add(stays);
    groups.delete(left);
    publish(groups, new LoggedEvent(event(1)));
    expect([left.got.length, stays.got.length]).toEqual([0, 1]);
    groups.delete(stays);
    expect(groups.size).toBe(0);
  });
});
