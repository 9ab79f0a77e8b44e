/** The feed against a log in memory that is read in small pages, with time passing in between. */
import { describe, expect, it, vi } from "vitest";
import type { WatchContext } from "../../schema/internal/watch.ts";
import type { LogEvent } from "../../schema/store/log.ts";
import type { LogPage } from "./log-pages.ts";
import { selectionOf } from "./selection.ts";
import { body, event, linesOf, revisions, watchContext } from "./test-events.ts";
import { WatchFeed } from "./watch-feed.ts";
import { watchLimits } from "./watch-limits.ts";
import type { WatchLimits } from "./watch-limits.ts";

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

class Log {
  events: LogEvent[] = [];
  revision = 0;
  compacted = 0;
  reads = 0;
  isAway = false;
  now = 0;
  readonly #pageEvents = 7;

  /** Of the type, or of another one. */
  commit(ofType = true, more: Partial<LogEvent> = {}): void {
    this.revision++;
    if (ofType) this.events.push(event(this.revision, more));
  }

  compact(revision: number): void {
    this.compacted = revision;
    this.events = this.events.filter((event) => event.revision > revision);
  }

  between(after: number, to: number): LogEvent[] {
    return this.events.filter(({ revision }) => revision > after && revision <= to);
  }

  async read({ after, upTo = Infinity }: { after: number; upTo?: number }): Promise<LogPage> {
    this.reads++;
    await turn();
    if (this.isAway) throw new Error("the database is away");
    const { revision, compacted } = this;
    const found = this.between(after, Math.min(upTo, revision));
    const events = found.slice(0, this.#pageEvents);
    const full = events.length < found.length;
    await turn();
    return {
      events,
      to: full ? (events.at(-1)?.revision ?? 0) : Math.min(upTo, revision),
      revision,
      compacted,
    };
  }

  /** `recent`: how many revisions the ring goes back. */
  start(limits: Partial<WatchLimits> = {}, recent = 0): Promise<WatchFeed> {
    const readPage = (query: { after: number; upTo?: number }) => this.read(query);
    return WatchFeed.start({
      limits: { ...watchLimits, ...limits },
      readPage,
      readPast: readPage,
      recent: async () => {
        const after = Math.max(this.compacted, this.revision - recent);
        return { revision: this.revision, compacted: this.compacted, after };
      },
      now: () => this.now,
    });
  }
}

function open(feed: WatchFeed, more: Partial<WatchContext> = {}) {
  const context = watchContext(more);
  const { watcher, joined } = feed.open(context, selectionOf(context));
  const lines: Awaited<ReturnType<typeof linesOf>> = [];
  const read = async (): Promise<void> => {
    for (;;) {
      const next = await linesOf(watcher.stream, 1);
      if (next.length === 0) return;
      lines.push(...next);
    }
  };
  return { watcher, joined, lines, read: read() };
}

/** Small, repeatable random numbers. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

describe("WatchFeed", () => {
  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    "gives every watcher each later event once and in order, whatever is lost or sent twice (seed %i)",
    async (seed) => {
      const next = random(seed + 1);
      const log = new Log();
      for (let count = 0; count < 60; count++) log.commit(next(3) > 0);
      // The ring may hold next to nothing.
      const feed = await log.start({ ringBytes: next(2) === 0 ? 12_000 : 1_000_000 }, next(40));
      const watchers: (ReturnType<typeof open> & { after: number })[] = [];
      let told = feed.position;
      for (let step = 0; step < 80; step++) {
        for (let count = next(4); count > 0; count--) log.commit(next(3) > 0);
        if (next(3) === 0) {
          const after = next(log.revision + 4);
          watchers.push({ after, ...open(feed, { after }) });
        }
        // Of four deliveries one is lost; some overlap with what was sent before.
        if (next(2) === 0) {
          const after = next(4) === 0 ? Math.max(0, told - next(5)) : told;
          const to = log.revision;
          if (next(4) > 0) void feed.deliver({ after, to, events: log.between(after, to) });
          told = to;
        }
        if (next(4) === 0) await turn();
      }
      log.commit();
      await feed.deliver({ after: log.revision, to: log.revision, events: [] });
      await Promise.all(watchers.map(({ joined }) => joined));
      for (const { watcher } of watchers) watcher.finish();
      await Promise.all(watchers.map(({ read }) => read));
      const all = log.events.map(({ revision }) => revision);
      for (const { after, lines } of watchers)
        expect(revisions(lines)).toEqual(all.filter((revision) => revision > after));
    },
  );

  it("reads the recent past once, however many come back", async () => {
    const log = new Log();
    for (let count = 0; count < 50; count++) log.commit();
    const feed = await log.start({}, 50);
    const { reads } = log;
    const watchers = Array.from({ length: 100 }, (_, index) => open(feed, { after: index % 50 }));
    await Promise.all(watchers.map(({ joined }) => joined));
    expect(log.reads).toBe(reads);
    for (const { watcher } of watchers) watcher.finish();
    await Promise.all(watchers.map(({ read }) => read));
    expect(watchers[10]?.lines).toHaveLength(40);
  });

  it("rejects a delivery whose gap cannot be read, breaks no stream, and goes on with the next", async () => {
    const log = new Log();
    const feed = await log.start();
    const watcher = open(feed);
    log.commit();
    log.commit();
    log.isAway = true;
    await expect(feed.deliver({ after: 1, to: 2, events: log.between(1, 2) })).rejects.toThrow("away");
    expect(feed.position).toBe(0);
    log.isAway = false;
    await feed.deliver({ after: 2, to: 2, events: [] });
    watcher.watcher.finish();
    await watcher.read;
    expect(revisions(watcher.lines)).toEqual([1, 2]);
  });

  it("can do without the hub: reads to the end of the log by itself", async () => {
    const log = new Log();
    const feed = await log.start();
    const watcher = open(feed);
    await watcher.joined;
    for (let count = 0; count < 20; count++) log.commit(count % 2 === 0);
    await feed.fill();
    expect(feed.position).toBe(20);
    watcher.watcher.finish();
    await watcher.read;
    expect(revisions(watcher.lines)).toEqual([1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
  });

  it("takes no gap for filled when the log it reads ends before it", async () => {
    const log = new Log();
    const feed = await log.start();
    await expect(feed.deliver({ after: 5, to: 6, events: [event(6)] })).rejects.toThrow("ends at 0");
    expect(feed.position).toBe(0);
  });

  it("ends a watch whose past cannot be read, without an error of its own making", async () => {
    const quiet = vi.spyOn(console, "warn").mockReturnValue();
    const log = new Log();
    for (let count = 0; count < 5; count++) log.commit();
    const feed = await log.start();
    log.isAway = true;
    const watcher = open(feed);
    await watcher.read;
    expect(watcher.lines).toEqual([]);
    expect(feed.watchers).toBe(0);
    quiet.mockRestore();
  });

  it("tells watchers to list anew when events were compacted before it had them", async () => {
    const log = new Log();
    const feed = await log.start();
    const behind = open(feed);
    await behind.joined;
    for (let count = 0; count < 10; count++) log.commit();
    log.compact(8);
    const ahead = open(feed, { after: 9 });
    await ahead.joined;
    await feed.deliver({ after: 10, to: 10, events: [] });
    await behind.read;
    expect(behind.lines).toMatchObject([
      { type: "ERROR", object: { message: "too old resource version: 0 (8)" } },
    ]);
    ahead.watcher.finish();
    await ahead.read;
    expect(revisions(ahead.lines)).toEqual([10]);
  });

  it("tells one that catches up the same when the log is compacted under it", async () => {
    const log = new Log();
    for (let count = 0; count < 30; count++) log.commit();
    const feed = await log.start();
    const watcher = open(feed);
    while (watcher.lines.length === 0) await turn();
    log.compact(29);
    await watcher.read;
    const last = watcher.lines.pop();
    const reached = revisions(watcher.lines).at(-1) ?? 0;
    expect(last).toMatchObject({ object: { message: `too old resource version: ${reached} (29)` } });
    expect(revisions(watcher.lines)).toEqual(Array.from({ length: reached }, (_, index) => index + 1));
  });

  it("never cuts one that catches up slowly: the log waits for it", async () => {
    const log = new Log();
    const text = "x".repeat(10_000);
    for (let count = 0; count < 50; count++) log.commit(true, { body: body({}, { text }) });
    const feed = await log.start({ waitingBytes: 100_000, pageBytes: 20_000 });
    const context = watchContext();
    const { watcher, joined } = feed.open(context, selectionOf(context));
    for (let count = 0; count < 20; count++) await turn();
    expect(watcher.waiting).toBeLessThan(100_000);
    const lines = await linesOf(watcher.stream, 50);
    await joined;
    expect(lines).toHaveLength(50);
    expect(watcher.isOpen).toBe(true);
  });

  it("cuts the fullest when those who catch up from the log hold too much together", async () => {
    const log = new Log();
    const text = "x".repeat(10_000);
    for (let count = 0; count < 20; count++) log.commit(true, { body: body({}, { text }) });
    const feed = await log.start({ pageBytes: 50_000, catchUpBytes: 300_000 });
    const opened = Array.from({ length: 10 }, () => {
      const context = watchContext();
      return feed.open(context, selectionOf(context));
    });
    await vi.waitFor(() => expect(feed.watchers).toBeLessThan(10));
    const kept = opened.filter(({ watcher }) => watcher.isOpen);
    expect(kept.reduce((sum, { watcher }) => sum + watcher.waiting, 0)).toBeLessThanOrEqual(300_000);
    expect(kept.length).toBeGreaterThan(2);
  });

  it("cuts one that does not read live events, and sends them to the others", async () => {
    const log = new Log();
    const feed = await log.start({ waitingBytes: 100_000 });
    const context = watchContext();
    const slow = feed.open(context, selectionOf(context));
    const good = open(feed);
    await Promise.all([slow.joined, good.joined]);
    const text = "x".repeat(10_000);
    for (let count = 0; count < 30; count++) {
      log.commit(true, { body: body({}, { text }) });
      await feed.deliver({ after: count, to: count + 1, events: log.between(count, count + 1) });
      await turn();
    }
    expect(slow.watcher.isOpen).toBe(false);
    good.watcher.finish();
    await good.read;
    expect(good.lines).toHaveLength(30);
  });

  it("bookmarks what the watcher has, at its times and at its end", async () => {
    const log = new Log();
    const feed = await log.start({ bookmarkMs: 1_000 });
    const marked = open(feed, { bookmarks: true, timeoutMs: 2_000 });
    const unmarked = open(feed, { timeoutMs: 2_000 });
    await Promise.all([marked.joined, unmarked.joined]);
    log.now = 700;
    feed.beat();
    log.commit(false);
    await feed.deliver({ after: 0, to: 1, events: [] });
    log.now = 1_260;
    feed.beat();
    log.commit(false);
    await feed.deliver({ after: 1, to: 2, events: [] });
    log.now = 2_000;
    feed.beat();
    await Promise.all([marked.read, unmarked.read]);
    expect(marked.lines.map(({ type }) => type)).toEqual(["BOOKMARK", "BOOKMARK"]);
    expect(revisions(marked.lines)).toEqual([1, 2]);
    expect(unmarked.lines).toEqual([]);
  });

  it("bookmarks no event that one who catches up has yet to get", async () => {
    const log = new Log();
    for (let count = 0; count < 30; count++) log.commit();
    const feed = await log.start();
    const context = watchContext({ bookmarks: true, timeoutMs: 0 });
    const { watcher } = feed.open(context, selectionOf(context));
    feed.beat();
    expect(revisions(await linesOf(watcher.stream))).toEqual([0]);
  });

  it("gives a watch that is over some time to be read, then drops what waits", async () => {
    const log = new Log();
    const feed = await log.start({ graceMs: 500 });
    const context = watchContext({ timeoutMs: 1_000 });
    const { watcher, joined } = feed.open(context, selectionOf(context));
    await joined;
    const text = "x".repeat(100_000);
    log.commit(true, { body: body({}, { text }) });
    log.commit(true, { body: body({}, { text }) });
    await feed.deliver({ after: 0, to: 2, events: log.events });
    log.now = 1_000;
    feed.beat();
    expect(feed.watchers).toBe(1);
    log.now = 1_500;
    feed.beat();
    expect(feed.watchers).toBe(0);
    expect(watcher.waiting).toBe(0);
  });

  it("knows for how long nobody has watched", async () => {
    const log = new Log();
    const feed = await log.start();
    log.now = 100;
    expect(feed.idleMs()).toBe(100);
    const watcher = open(feed);
    expect(feed.idleMs()).toBe(0);
    watcher.watcher.leave();
    log.now = 250;
    expect(feed.idleMs()).toBe(150);
  });

  it("goes on after an event whose body cannot be sent, live and for who comes later", async () => {
    const loud = vi.spyOn(console, "error").mockReturnValue();
    const log = new Log();
    const feed = await log.start();
    const live = open(feed);
    await live.joined;
    log.commit(true, { body: "{}" });
    log.commit();
    await feed.deliver({ after: 0, to: 2, events: log.events });
    const late = open(feed);
    await late.joined;
    for (const { watcher } of [live, late]) watcher.finish();
    await Promise.all([live.read, late.read]);
    expect([live, late].map(({ lines }) => revisions(lines))).toEqual([[2], [2]]);
    expect(loud).toHaveBeenCalledOnce();
    loud.mockRestore();
  });
});
