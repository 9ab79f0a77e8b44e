import { describe, expect, it, vi } from "vitest";
import type { CommitNotice } from "../../schema/internal/rpc.ts";
import type { LogEvent } from "../../schema/store/log.ts";
import type { CommitResult } from "../../schema/store/types.ts";
import { CommitNotices } from "./commit-notices.ts";

const committed = (...revisions: number[]): CommitResult[] => [{ ok: true, revisions }];

/** A hub that answers when it is told to. */
function hub() {
  const told: CommitNotice[] = [];
  const answers: { readonly answer: (listeners: number) => void; readonly fail: () => void }[] = [];
  const notices = new CommitNotices((notice) => {
    told.push(notice);
    return new Promise((resolve, reject) =>
      answers.push({
        answer: (listeners) => resolve({ listeners }),
        fail: () => reject(new Error("the hub is away")),
      }),
    );
  });
  /** Answers the oldest notice, and lets the writer hear it. */
  const settle = async (act: "fail" | number): Promise<void> => {
    const next = answers.shift();
    if (act === "fail") next?.fail();
    else next?.answer(act);
    await new Promise((resolve) => setTimeout(resolve, 0));
  };
  return { notices, told, settle };
}

describe("CommitNotices", () => {
  it("tells of the first and the last revision, and of nothing where nothing was committed", async () => {
    const { notices, told } = hub();
    await notices.committed([
      { ok: false, reason: "exists" },
      { ok: true, revisions: [] },
    ]);
    expect(told).toEqual([]);
    void notices.committed([...committed(5, 6), { ok: false, reason: "stale" }, ...committed(4)]);
    expect(told).toEqual([{ from: 4, to: 6 }]);
  });

  it("has one notice under way, and joins into the next what is committed meanwhile", async () => {
    const { notices, told, settle } = hub();
    void notices.committed(committed(1));
    void notices.committed(committed(2, 3));
    void notices.committed(committed(4));
    expect(told).toEqual([{ from: 1, to: 1 }]);
    await settle(1);
    expect(told).toEqual([
      { from: 1, to: 1 },
      { from: 2, to: 4 },
    ]);
    await settle(1);
    void notices.committed(committed(5));
    expect(told.at(-1)).toEqual({ from: 5, to: 5 });
  });

  it("stops when nobody listens, until it is asked to go on", async () => {
    const { notices, told, settle } = hub();
    void notices.committed(committed(1));
    void notices.committed(committed(2));
    await settle(0);
    void notices.committed(committed(3));
    expect(told).toHaveLength(1);
    notices.resume();
    void notices.committed(committed(4));
    expect(told.at(-1)).toEqual({ from: 4, to: 4 });
  });

  it("goes on when it was asked to while the answer of nobody was on its way", async () => {
    const { notices, told, settle } = hub();
    void notices.committed(committed(1));
    notices.resume();
    await settle(0);
    void notices.committed(committed(2));
    expect(told.at(-1)).toEqual({ from: 2, to: 2 });
  });

  it("tells again after a failure, which no commit hears of", async () => {
    const quiet = vi.spyOn(console, "warn").mockReturnValue();
    const { notices, told, settle } = hub();
    const first = notices.committed(committed(1));
    await settle("fail");
    await expect(first).resolves.toBeUndefined();
    void notices.committed(committed(2));
    expect(told.at(-1)).toEqual({ from: 2, to: 2 });
    expect(quiet).toHaveBeenCalledOnce();
    quiet.mockRestore();
  });

  const event = (revision: number, size = 1): LogEvent => ({
    revision,
    type: "tests",
    namespace: "",
    name: `o-${revision}`,
    uid: "u",
    kind: "ADDED",
    body: "x".repeat(size),
    sealed: null,
    labels: {},
    before: null,
    beforeSealed: null,
    beforeLabels: null,
  });

  it("tells the events too, of joined notices together", async () => {
    const { notices, told, settle } = hub();
    void notices.committed(committed(1), [event(1)]);
    void notices.committed(committed(2, 3), [event(2), event(3)]);
    void notices.committed(committed(4), [event(4)]);
    await settle(1);
    expect(told).toEqual([
      { from: 1, to: 1, events: [event(1)] },
      { from: 2, to: 4, events: [event(2), event(3), event(4)] },
    ]);
  });

  it.each<[what: string, second: number, events: LogEvent[] | undefined]>([
    ["some are not known", 3, undefined],
    ["there is a gap", 4, [event(4)]],
    ["one comes twice", 2, [event(2)]],
    ["they are too large together", 3, [event(3, 5 << 20)]],
  ])("tells no events where %s", async (_, second, events) => {
    const { notices, told, settle } = hub();
    void notices.committed(committed(1));
    void notices.committed(committed(2), [event(2)]);
    void notices.committed(committed(second), events);
    await settle(1);
    expect(told.at(-1)).toEqual({ from: 2, to: second });
  });
});
