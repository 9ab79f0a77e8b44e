/** The watchers of one type: answers their watches with a stream, and hears of events from `WatchHub`. */
import { DurableObject } from "cloudflare:workers";
import { CONTEXT_HEADER } from "../../schema/internal/context.ts";
import type { WatchDelivery, WatchFanoutRpc } from "../../schema/internal/rpc.ts";
import { decodeWatch, fanoutType } from "../../schema/internal/watch.ts";
import type { WatchContext } from "../../schema/internal/watch.ts";
import type { DurableEnv } from "../env.ts";
import { statusAnswer } from "../tunnel/answers.ts";
import { KeptConnection } from "../store/kept-connection.ts";
import { within } from "../within.ts";
import { readLogPage, recentLog } from "./log-pages.ts";
import { RelayLink } from "./relay-link.ts";
import { selectionOf } from "./selection.ts";
import type { Selection } from "./selection.ts";
import { WatchAccess } from "./watch-access.ts";
import { WatchFeed } from "./watch-feed.ts";
import { watchLimits } from "./watch-limits.ts";
import type { WatchLimits } from "./watch-limits.ts";

export class WatchFanout extends DurableObject<DurableEnv> implements WatchFanoutRpc {
  readonly #limits: WatchLimits;
  readonly #name = this.ctx.id.name ?? "";
  readonly #connection = new KeptConnection(this.env.DB);
  /** Of those who catch up. */
  readonly #past = new KeptConnection(this.env.DB);
  /** Absent without watchers. */
  #feed: Promise<WatchFeed> | undefined;
  #running: WatchFeed | undefined;
  #ticking = false;
  #link: RelayLink | undefined;
  #linking: Promise<void> | undefined;
  readonly #access: WatchAccess;

  constructor(ctx: DurableObjectState, env: DurableEnv, limits: WatchLimits = watchLimits) {
    super(ctx, env);
    this.#limits = limits;
    this.#access = new WatchAccess({
      grants: () => this.#running?.grants() ?? new Set(),
      judge: (grants) => within(limits.answerMs, "API", this.env.API.judgeWatches(grants)),
      end: (grants) => this.#running?.revoke(grants),
      now: () => Date.now(),
      patienceMs: limits.judgeMs,
    });
  }

  override async fetch(request: Request): Promise<Response> {
    const watch = decodeWatch(request.headers.get(CONTEXT_HEADER));
    if (watch === undefined || watch.type !== fanoutType(this.#name))
      return statusAnswer(400, "the request has no valid internal context");
    let selection: Selection;
    try {
      selection = selectionOf(watch);
    } catch (error) {
      return statusAnswer(400, error instanceof Error ? error.message : String(error));
    }
    return this.#open(request, watch, selection);
  }

  async #open(request: Request, watch: WatchContext, selection: Selection): Promise<Response> {
    let feed: WatchFeed;
    try {
      feed = await this.#live();
    } catch (error) {
      warn("a watch cannot begin", error);
      return statusAnswer(503, "the log of changes cannot be read");
    }
    if (watch.relay !== undefined) await this.#openLink();
    if (feed.watchers >= this.#limits.watchers) return statusAnswer(503, "too many watchers");
    const { watcher, joined } = feed.open(watch, selection);
    // The stream's `cancel` does not come for every way in which a client may leave.
    request.signal.addEventListener("abort", () => watcher.gone());
    this.ctx.waitUntil(joined);
    this.ctx.waitUntil(this.#access.check());
    return new Response(watcher.stream, { headers: { "content-type": "application/json" } });
  }

  async deliver(delivery: WatchDelivery): Promise<{ readonly listening: boolean }> {
    const feed = await this.#feed;
    this.#rightsChanged(delivery);
    await feed?.deliver(delivery);
    if (delivery.redefinedAt !== undefined) feed?.redefine(delivery.redefinedAt);
    return { listening: feed !== undefined };
  }

  /** The feed, started if there is none. It may have ended while it was waited for. */
  async #live(): Promise<WatchFeed> {
    for (;;) {
      this.#feed ??= this.#start();
      const started = this.#feed;
      const feed = await started;
      if (started === this.#feed) return feed;
    }
  }

  async #start(): Promise<WatchFeed> {
    const { type, limits } = { type: fanoutType(this.#name), limits: this.#limits };
    try {
      const feed = await WatchFeed.start({
        limits,
        readPage: (query) => this.#connection.use((sql) => readLogPage(sql, { ...query, type })),
        readPast: (query) => this.#past.use((sql) => readLogPage(sql, { ...query, type })),
        recent: () =>
          this.#connection.use((sql) => recentLog(sql, { type, ms: limits.ringMs, bytes: limits.ringBytes })),
        now: () => Date.now(),
        link: () => this.#link,
      });
      this.#running = feed;
      this.ctx.waitUntil(this.#run(feed));
      return feed;
    } catch (error) {
      this.#feed = undefined;
      throw error;
    }
  }

  /**
   * Until nobody has watched for a while. Timers, not alarms: an open stream keeps the object in memory anyway, and
   * nothing is to be done once it is not.
   */
  async #run(feed: WatchFeed): Promise<void> {
    for (let tickAt = 0; ;) {
      feed.beat();
      if (feed.idleMs() >= this.#limits.idleMs && !this.#ticking) {
        await this.#leave();
        if (feed.idleMs() >= this.#limits.idleMs) break;
      }
      if (Date.now() >= tickAt && !this.#ticking) {
        tickAt = Date.now() + this.#limits.tickMs;
        this.ctx.waitUntil(this.#tick(feed));
      }
      await new Promise((resolve) => setTimeout(resolve, this.#limits.beatMs));
    }
    this.#feed = undefined;
    this.#running = undefined;
    this.#link?.close();
    this.#link = undefined;
  }

  /** Without it, watches are streams to their end. */
  async #openLink(): Promise<void> {
    const { FRONT: front } = this.env;
    if (front === undefined || this.#link !== undefined) return;
    this.#linking ??= (async () => {
      try {
        const link: RelayLink = await RelayLink.open(front, {
          onLeft: (id) => this.#running?.left(id),
          onClosed: () => {
            if (this.#link !== link) return;
            this.#link = undefined;
            this.#running?.unlink();
          },
        });
        this.#link = link;
      } catch (error) {
        warn("the front cannot be reached", error);
      } finally {
        this.#linking = undefined;
      }
    })();
    await this.#linking;
  }

  #rightsChanged({ rightsAt = 0 }: Pick<WatchDelivery, "rightsAt">): void {
    this.#access.rightsChanged(rightsAt);
    this.ctx.waitUntil(this.#access.check());
  }

  async #tick(feed: WatchFeed): Promise<void> {
    this.#ticking = true;
    try {
      const listening = this.#hub().listen(this.#name, feed.position, feed.watchers);
      this.#rightsChanged(await within(this.#limits.answerMs, "WatchHub", listening));
    } catch (error) {
      this.#access.rightsMayHaveChanged();
      this.ctx.waitUntil(this.#access.check());
      warn("the watch hub cannot be reached; reading the log", error);
      await feed.fill().catch((failure: unknown) => warn("the log cannot be read", failure));
    } finally {
      this.#ticking = false;
    }
  }

  /** If it is lost, the next delivery is answered with `listening: false`. */
  async #leave(): Promise<void> {
    try {
      await within(this.#limits.answerMs, "WatchHub", this.#hub().leave(this.#name));
    } catch (error) {
      warn("cannot leave the watch hub", error);
    }
  }

  #hub() {
    return this.env.WATCH_HUB.getByName("main");
  }
}

function warn(message: string, error: unknown): void {
  console.warn(JSON.stringify({ level: "warn", message, error: String(error) }));
}
