/** The one reader of the log (design 3): hears of commits, and sends each fan-out the events of its type. */
import { DurableObject } from "cloudflare:workers";
import type { CommitNotice, WatchDelivery, WatchHubRpc, WatchStatistics } from "../../schema/internal/rpc.ts";
import { changesRights, fanoutType, redefinedType } from "../../schema/internal/watch.ts";
import type { DurableEnv } from "../env.ts";
import { KeptConnection } from "../store/kept-connection.ts";
import { within } from "../within.ts";
import { DeliveryQueue } from "./delivery-queue.ts";
import { fewEvents, pageEvents, readLogPage } from "./log-pages.ts";
import type { LogPage } from "./log-pages.ts";
import { watchLimits } from "./watch-limits.ts";
import type { WatchLimits } from "./watch-limits.ts";

interface Listener {
  readonly type: string;
  readonly queue: DeliveryQueue;
  sending: boolean;
  /** How often it has called: an answer to what was sent before its last call does not say that it has left. */
  calls: number;
  /** As it last said. */
  watchers: number;
}

export class WatchHub extends DurableObject<DurableEnv> implements WatchHubRpc {
  readonly #limits: WatchLimits;
  readonly #connection = new KeptConnection(this.env.DB);
  readonly #listeners = new Map<string, Listener>();
  /** The log was read up to here, and queued for every listener. */
  #position = 0;
  /** The last revision that was told of. */
  #wanted = 0;
  #reading: Promise<void> | undefined;
  #readAt = 0;
  #reads = 0;
  /** The last change of rights that was read, or where reading began. */
  #rightsAt = 0;
  /** By type: the last change of its definition that was read. */
  readonly #redefinedAt = new Map<string, number>();
  /** `StoreWriter` is known to tell of its commits. */
  #isTold = false;
  #empties: ReturnType<typeof setTimeout> | undefined;

  constructor(ctx: DurableObjectState, env: DurableEnv, limits: WatchLimits = watchLimits) {
    super(ctx, env);
    this.#limits = limits;
  }

  async committed({ from, to, events }: CommitNotice): Promise<{ readonly listeners: number }> {
    const listeners = this.#listeners.size;
    if (listeners === 0) this.#isTold = false;
    else if (to > this.#position) {
      this.#wanted = Math.max(this.#wanted, to);
      // What is under way of reading is let go when it finds that the position has moved.
      if (events !== undefined && from === this.#position + 1) this.#queue({ events, to, compacted: 0 });
      else this.#read();
    }
    return { listeners };
  }

  async listen(name: string, position: number, watchers = 0): Promise<{ readonly rightsAt: number }> {
    // Nobody has anything from before: what went by while nobody listened is not read.
    if (this.#listeners.size === 0) {
      this.#position = Math.max(this.#position, position);
      this.#rightsAt = this.#position;
    }
    let listener = this.#listeners.get(name);
    if (listener === undefined) {
      const queue = new DeliveryQueue(this.#position, this.#limits.deliveryBytes);
      listener = { type: fanoutType(name), queue, sending: false, calls: 0, watchers };
      this.#listeners.set(name, listener);
    }
    listener.calls++;
    listener.watchers = watchers;
    if (!listener.sending) listener.queue.heard(position);
    this.#send(name, listener, false);
    if (!this.#isTold) this.ctx.waitUntil(this.#askToBeTold());
    // A notice may have been lost, and a Worker that commits by itself tells nobody.
    if (Date.now() - this.#readAt >= this.#limits.checkMs) this.#read();
    return { rightsAt: this.#rightsAt };
  }

  async leave(name: string): Promise<void> {
    this.#listeners.delete(name);
  }

  async statistics(): Promise<WatchStatistics> {
    const watchers = Object.fromEntries([...this.#listeners].map(([name, each]) => [name, each.watchers]));
    return { position: this.#position, reads: this.#reads, watchers };
  }

  async #askToBeTold(): Promise<void> {
    this.#isTold = true;
    try {
      const asked = this.env.STORE_WRITER.getByName("main").resumeWatch();
      await within(this.#limits.answerMs, "StoreWriter", asked);
    } catch (error) {
      this.#isTold = false;
      warn("cannot ask to be told of commits", error);
    }
  }

  #read(): void {
    if (this.#reading !== undefined) return;
    this.#reading = this.#readAll().finally(() => (this.#reading = undefined));
    this.ctx.waitUntil(this.#reading);
  }

  /** One read at a time; what is told of meanwhile is read by the next. */
  async #readAll(): Promise<void> {
    try {
      for (let more = true; more && this.#listeners.size > 0;) {
        const after = this.#position;
        this.#readAt = Date.now();
        this.#reads++;
        const limit = Math.min(Math.max(this.#wanted - after, fewEvents), pageEvents);
        const query = { after, limit, bytes: this.#limits.deliveryBytes };
        const page = await this.#connection.use((sql) => readLogPage(sql, query));
        // Everybody left and somebody else came, with another position; or the writer told of what was read.
        more = this.#position < this.#wanted;
        if (after !== this.#position) continue;
        this.#queue(page);
        this.#wanted = Math.max(this.#wanted, page.revision);
        more = after < this.#position && this.#position < this.#wanted;
      }
    } catch (error) {
      warn("the log cannot be read; the next tick will try again", error);
    }
  }

  #queue({ events, to, compacted }: Omit<LogPage, "revision">): void {
    // Events that nobody can read any more: fan-outs find the gap, and say so to their watchers.
    const isCompacted = compacted > this.#position;
    this.#position = isCompacted ? compacted : to;
    this.#rightsAt = isCompacted
      ? compacted
      : (events.findLast((event) => changesRights(event))?.revision ?? this.#rightsAt);
    const redefined = new Set<string>();
    for (const event of events) {
      const type = redefinedType(event);
      if (type === undefined) continue;
      this.#redefinedAt.set(type, event.revision);
      redefined.add(type);
    }
    const byType = Object.groupBy(events, ({ type }) => type);
    for (const [name, listener] of this.#listeners) {
      if (isCompacted) listener.queue.skip(this.#position);
      else listener.queue.add(byType[listener.type] ?? [], this.#position);
      this.#send(name, listener, redefined.has(listener.type));
      if (listener.queue.isBehind)
        this.#empties ??= setTimeout(() => this.#sendEmpties(), this.#limits.emptyMs);
    }
  }

  /** For bookmarks, fan-outs learn of revisions without an event of theirs, but not with every commit. */
  #sendEmpties(): void {
    this.#empties = undefined;
    for (const [name, listener] of this.#listeners) this.#send(name, listener, true);
  }

  #send(name: string, listener: Listener, emptyToo: boolean): void {
    if (listener.sending) return;
    const delivery = listener.queue.take(emptyToo);
    if (delivery === undefined) return;
    listener.sending = true;
    this.ctx.waitUntil(this.#deliver(name, listener, delivery));
  }

  /** A fan-out that fails is forgotten: its tick brings it back, and it reads what it missed. */
  async #deliver(name: string, listener: Listener, delivery: WatchDelivery): Promise<void> {
    const { calls } = listener;
    let keep = false;
    try {
      const redefinedAt = this.#redefinedAt.get(listener.type);
      const answer = this.env.WATCH.getByName(name).deliver({
        ...delivery,
        rightsAt: this.#rightsAt,
        ...(redefinedAt === undefined ? {} : { redefinedAt }),
      });
      const { listening } = await within(this.#limits.answerMs, "WatchFanout", answer);
      keep = listening || listener.calls > calls;
    } catch (error) {
      warn("a watch fan-out failed", error);
    }
    listener.sending = false;
    if (this.#listeners.get(name) !== listener) return;
    if (keep) this.#send(name, listener, false);
    else this.#listeners.delete(name);
  }
}

function warn(message: string, error: unknown): void {
  console.warn(JSON.stringify({ level: "warn", message, error: String(error) }));
}
