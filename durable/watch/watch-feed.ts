/**
 * The events of one type on their way to its watchers: who joins after a revision gets every later event once and in
 * order. Nothing here awaits between finding that a watcher is level with the feed and letting it join.
 */
import type { WatchContext } from "../../schema/internal/watch.ts";
import type { WatchDelivery } from "../../schema/internal/rpc.ts";
import type { LogEvent } from "../../schema/store/log.ts";
import { EventRing } from "./event-ring.ts";
import type { LogPage, RecentLog } from "./log-pages.ts";
import type { RelayLink } from "./relay-link.ts";
import { Bodies, judge } from "./selection.ts";
import type { Selection } from "./selection.ts";
import { WatchGroups } from "./watch-group.ts";
import type { WatchLimits } from "./watch-limits.ts";
import { LoggedEvent } from "./watch-lines.ts";
import { Watcher } from "./watcher.ts";
import type { WatcherOptions } from "./watcher.ts";

export interface FeedDeps {
  readonly limits: WatchLimits;
  /** Events of the type. */
  readonly readPage: (query: {
    readonly after: number;
    readonly upTo?: number;
    readonly bytes: number;
  }) => Promise<LogPage>;
  /** As `readPage`, on a connection of their own: many who catch up must not hold up the feed. */
  readonly readPast: FeedDeps["readPage"];
  readonly recent: () => Promise<RecentLog>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** To the front, where there is one and it can be reached. */
  readonly link?: () => RelayLink | undefined;
}

export class WatchFeed {
  readonly #deps: FeedDeps;
  readonly #watchers = new Set<Watcher>();
  readonly #joined = new Set<Watcher>();
  readonly #groups = new WatchGroups();
  #ring: EventRing;
  /** Every event of the type up to here is with the joined watchers. */
  #position: number;
  /** Deliveries are taken one after the other. */
  #intake: Promise<void> = Promise.resolve();
  #idleSince: number | undefined;
  #redefinedAt = 0;

  private constructor(deps: FeedDeps, start: number) {
    this.#deps = deps;
    this.#ring = new EventRing(start, deps.limits);
    this.#position = start;
    this.#idleSince = deps.now();
  }

  /** Knows the recent past. Rejects when the database does not answer. */
  static async start(deps: FeedDeps): Promise<WatchFeed> {
    const { after, revision } = await deps.recent();
    const feed = new WatchFeed(deps, after);
    await feed.#fill(revision);
    return feed;
  }

  get position(): number {
    return this.#position;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  /** For how long it has had no watcher. */
  idleMs(): number {
    return this.#idleSince === undefined ? 0 : this.#deps.now() - this.#idleSince;
  }

  /** A new watcher, and when it has joined or ended. */
  open(watch: WatchContext, selection: Selection): { watcher: Watcher; joined: Promise<void> } {
    const { limits, now } = this.#deps;
    const watcher = new Watcher({
      selection,
      watch,
      endsAt: now() + watch.timeoutMs,
      maxWaitingBytes: limits.waitingBytes,
      ...this.#relayOf(watch),
      onEnded: (ended) => this.#remove(ended),
    });
    this.#watchers.add(watcher);
    this.#idleSince = undefined;
    this.#planBookmark(watcher);
    return { watcher, joined: this.#catchUp(watcher) };
  }

  #relayOf({ relay: key, sealedToo }: WatchContext): Pick<WatcherOptions, "relay"> {
    const link = this.#deps.link?.();
    return key === undefined || link === undefined || sealedToo ? {} : { relay: { link, key } };
  }

  /** The front says that a client has gone. */
  left(id: number): void {
    for (const watcher of this.#joined) if (watcher.relayId === id) return watcher.leave();
  }

  /** The front is gone. */
  unlink(): void {
    for (const watcher of this.#joined) if (watcher.relayId !== undefined) watcher.leave();
  }

  /** By which rights they watch. */
  grants(): ReadonlySet<string> {
    const grants = [...this.#watchers].flatMap(({ grant }) => (grant === undefined ? [] : [grant]));
    return new Set(grants);
  }

  /** Ends all who watch by these rights, at once and after a whole line: nothing more is theirs to see. */
  revoke(grants: ReadonlySet<string>): void {
    for (const watcher of this.#watchers)
      if (watcher.grant !== undefined && grants.has(watcher.grant)) watcher.cut();
  }

  /**
   * The type's definition changed at this revision: who began before gets what there was and ends, as a kube-apiserver
   * has it, so that clients look anew at what the type is.
   */
  redefine(revision: number): void {
    if (revision <= this.#redefinedAt) return;
    this.#redefinedAt = revision;
    for (const watcher of this.#watchers) {
      if (watcher.begunAt >= revision) continue;
      this.#leave(watcher);
      watcher.finish();
    }
  }

  /** Takes what the hub sends; what is missing before it is read from the log. Rejects when that fails. */
  deliver({ after, to, events }: WatchDelivery): Promise<void> {
    return this.#take(async () => {
      if (after > this.#position) await this.#fill(after);
      this.#advance(events, to);
    });
  }

  /** Without the hub: reads what the log has. */
  fill(): Promise<void> {
    return this.#take(() => this.#fill());
  }

  /** Bookmarks and ends that are due. To be called often. */
  beat(): void {
    const { limits, now } = this.#deps;
    const time = now();
    this.#ring.trim(time);
    for (const watcher of this.#watchers) {
      if (time >= watcher.endsAt + limits.graceMs) watcher.cut();
      else if (watcher.isOpen && time >= watcher.endsAt) {
        if (watcher.wantsBookmarks) watcher.bookmark(this.#reached(watcher));
        this.#leave(watcher);
        watcher.finish();
      } else if (watcher.isOpen && time >= watcher.bookmarkAt) {
        watcher.bookmark(this.#reached(watcher));
        this.#planBookmark(watcher);
      }
    }
  }

  #take(work: () => Promise<void>): Promise<void> {
    const taken = this.#intake.then(work);
    this.#intake = taken.catch(() => undefined);
    return taken;
  }

  /** Reads the log up to `upTo`, or to its end. */
  async #fill(upTo?: number): Promise<void> {
    for (;;) {
      const query = { after: this.#position, bytes: this.#deps.limits.deliveryBytes };
      const page = await this.#deps.readPage(upTo === undefined ? query : { ...query, upTo });
      if (page.compacted > this.#position) this.#skip(page.compacted);
      else this.#advance(page.events, page.to);
      if (this.#position >= (upTo ?? page.revision)) return;
      if (page.revision <= this.#position)
        throw new Error(`the log ends at ${page.revision}, before ${upTo}`);
    }
  }

  /** Synchronous: `position`, ring and joined watchers always agree. */
  #advance(events: readonly LogEvent[], to: number): void {
    const now = this.#deps.now();
    for (const event of events) {
      if (event.revision <= this.#position) continue;
      this.#groups.publish(this.#ring.push(event, now), new Bodies(event), this.#deps.link?.());
      this.#position = event.revision;
    }
    this.#position = Math.max(this.#position, to);
    this.#ring.trim(now);
  }

  /** Events are gone from the log before this feed had them: whoever has not seen them has to list anew. */
  #skip(compacted: number): void {
    this.#ring = new EventRing(compacted, this.#deps.limits);
    for (const watcher of this.#joined) {
      watcher.at = this.#reached(watcher);
      if (watcher.at < compacted) watcher.expire(compacted);
    }
    this.#position = compacted;
  }

  async #catchUp(watcher: Watcher): Promise<void> {
    const { limits, readPast } = this.#deps;
    try {
      for (;;) {
        await watcher.drained(limits.pageBytes);
        if (!watcher.isOpen) return;
        if (watcher.at >= this.#ring.start) {
          if (this.#replay(watcher)) return;
          continue;
        }
        const page = await readPast({ after: watcher.at, upTo: this.#position, bytes: limits.pageBytes });
        if (page.compacted > watcher.at) return watcher.expire(page.compacted);
        for (const event of page.events) write(watcher, new LoggedEvent(event));
        watcher.at = page.to;
        this.#boundCatchUp();
      }
    } catch (error) {
      // The database: the client watches again from what it has.
      console.warn(
        JSON.stringify({ level: "warn", message: "a watch cannot catch up", error: String(error) }),
      );
      watcher.finish();
    }
  }

  /** Writes a page out of the ring. True when the watcher is level with the feed, and has joined it. */
  #replay(watcher: Watcher): boolean {
    for (const logged of this.#ring.after(watcher.at)) {
      if (watcher.waiting > this.#deps.limits.pageBytes) return false;
      write(watcher, logged);
      watcher.at = logged.event.revision;
    }
    this.#joined.add(watcher);
    this.#groups.add(watcher);
    watcher.join();
    return true;
  }

  /** What those who catch up from the log wait for is their own: all of it together is bounded. */
  #boundCatchUp(): void {
    const behind = [...this.#watchers].filter((watcher) => !this.#joined.has(watcher));
    const total = behind.reduce((sum, { waiting }) => sum + waiting, 0);
    if (total <= this.#deps.limits.catchUpBytes) return;
    behind.reduce((fullest, watcher) => (watcher.waiting > fullest.waiting ? watcher : fullest)).cut();
  }

  /** Up to which revision it has everything. One that joined from ahead of the feed is still there. */
  #reached(watcher: Watcher): number {
    return this.#joined.has(watcher) ? Math.max(this.#position, watcher.at) : watcher.at;
  }

  #planBookmark(watcher: Watcher): void {
    if (!watcher.wantsBookmarks) return;
    const jitter = 0.75 + Math.random() / 2;
    watcher.bookmarkAt = this.#deps.now() + this.#deps.limits.bookmarkMs * jitter;
  }

  #leave(watcher: Watcher): void {
    this.#joined.delete(watcher);
    this.#groups.delete(watcher);
  }

  #remove(watcher: Watcher): void {
    this.#leave(watcher);
    this.#watchers.delete(watcher);
    if (this.#watchers.size === 0) this.#idleSince = this.#deps.now();
  }
}

function write(watcher: Watcher, logged: LoggedEvent): void {
  const change = judge(watcher.selection, logged.event, new Bodies(logged.event));
  if (change !== undefined) watcher.write(logged.line(change, watcher.sealedToo));
}
