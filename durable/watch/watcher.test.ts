import { describe, expect, it } from "vitest";
import { selectionOf } from "./selection.ts";
import { linesOf, revisions, watchContext } from "./test-events.ts";
import { bookmarkLine } from "./watch-lines.ts";
import { Watcher } from "./watcher.ts";

function watcher(maxWaitingBytes = 1_000_000) {
  const ended: Watcher[] = [];
  const one = new Watcher({
    selection: selectionOf({}),
    watch: watchContext({ after: 3 }),
    endsAt: 0,
    maxWaitingBytes,
    onEnded: (watcher) => void ended.push(watcher),
  });
  return { one, ended };
}

/** A line of a revision, padded to 10 kB. */
const line = (revision: number): Uint8Array =>
  bookmarkLine({ apiVersion: "v1", kind: "x".repeat(10_000) }, revision);
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe("Watcher", () => {
  it("hands out what was written, in order, whether the client waits for it or comes late", async () => {
    const { one } = watcher();
    for (const revision of range(1, 20)) one.write(line(revision));
    const first = linesOf(one.stream, 25);
    for (const revision of range(21, 25)) one.write(line(revision));
    expect(revisions(await first)).toEqual(range(1, 25));
  });

  it("counts what waits, and nothing once it is read", async () => {
    const { one } = watcher();
    for (const revision of range(1, 20)) one.write(line(revision));
    expect(one.waiting).toBe(range(1, 20).reduce((sum, revision) => sum + line(revision).byteLength, 0));
    await linesOf(one.stream, 20);
    expect(one.waiting).toBe(0);
  });

  it("is cut when more waits than it may: what was not handed out is dropped, and the end is a whole line", async () => {
    const { one, ended } = watcher(100_000);
    for (const revision of range(1, 9)) {
      one.write(line(revision));
      one.cutIfSlow();
    }
    expect(ended).toEqual([]);
    one.write(line(10));
    one.cutIfSlow();
    expect(ended).toEqual([one]);
    expect(one.waiting).toBe(0);
    const got = revisions(await linesOf(one.stream));
    expect(got).toEqual(range(1, got.length));
    expect(got.length).toBeLessThan(4);
  });

  it("finishes when all that was written is read, and not before", async () => {
    const { one, ended } = watcher();
    for (const revision of range(1, 20)) one.write(line(revision));
    one.finish();
    one.write(line(21));
    expect(one.isOpen).toBe(false);
    expect(ended).toEqual([]);
    expect(revisions(await linesOf(one.stream))).toEqual(range(1, 20));
    expect(ended).toEqual([one]);
  });

  it("ends once when its client leaves, and takes nothing more", async () => {
    const { one, ended } = watcher();
    for (const revision of range(1, 20)) one.write(line(revision));
    await one.stream.cancel();
    one.leave();
    one.cut();
    one.finish();
    one.write(line(21));
    expect(ended).toEqual([one]);
    expect(one.waiting).toBe(0);
  });

  it("tells who waits for room when the client has read, and when it is gone", async () => {
    const { one } = watcher();
    for (const revision of range(1, 20)) one.write(line(revision));
    let drained = false;
    const waiting = one.drained(50_000).then(() => (drained = true));
    await linesOf(one.stream, 10);
    expect(drained).toBe(false);
    await linesOf(one.stream, 6);
    await waiting;
    for (const revision of range(21, 40)) one.write(line(revision));
    const again = one.drained(50_000);
    one.leave();
    await again;
  });

  it("says from where the log is gone when it expires, and ends", async () => {
    const { one } = watcher();
    one.expire(9);
    expect(await linesOf(one.stream)).toMatchObject([
      { type: "ERROR", object: { code: 410, reason: "Expired", message: "too old resource version: 3 (9)" } },
    ]);
  });
});
