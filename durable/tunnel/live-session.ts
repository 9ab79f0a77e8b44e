/** One agent WebSocket while its object is in memory: the protocol session, its pool, and whether it still answers. */
import type { ClientKind } from "../../schema/internal/peers.ts";
import type { Logger } from "../../schema/logger.ts";
import type { Conn } from "../../wire/remotedialer/conn.ts";
import type { Budget } from "../../wire/remotedialer/limits.ts";
import { keepaliveMs } from "../../wire/remotedialer/keepalive.ts";
import { Session } from "../../wire/remotedialer/session.ts";
import type { SessionOptions } from "../../wire/remotedialer/session.ts";
import { connIdBase } from "./attachment.ts";
import type { Attachment } from "./attachment.ts";
import type { Meter, Traffic } from "./meter.ts";
import { ConnPool } from "./pool.ts";
import type { Route } from "./route.ts";

/** A client's WebSocket knows no back pressure: an upload may run this far ahead of a slow cluster (design 4: 64 MiB for all). */
const maxUnsent = 48 << 20;
const probeMs = 10_000;
const slowProbeMs = 60_000;
/** A request has waited this long and nothing at all has come: the agent is asked for a sign of life, */
const quietMs = 2_000;
/** and after this long new streams, and requests that can be repeated, go to another session (check 25: within 5 s). */
const suspectMs = 4_000;
const lookMs = 500;
/** A session that could not reach its server is the last choice for this long. */
const demotedMs = 30_000;
const pumpMs = 2;

/** The lower the better. */
export const sessionHealth = { good: 0, demoted: 1, suspect: 2 } as const;

export interface LiveSessionOptions<Kind extends string = ClientKind> {
  readonly socket: WebSocket;
  readonly attachment: Attachment<Kind>;
  /** What Go calls it: the client key. */
  readonly clientKey: string;
  /** See `SessionOptions`. */
  readonly onClient?: SessionOptions["onClient"];
  readonly budget: Budget;
  readonly address: string;
  /** When the agent last asked for a sign of life and the platform answered, epoch milliseconds; 0 = never. */
  readonly askedAt: () => number;
  readonly meter: Meter;
  readonly log: Logger;
  /** Of streams that nobody uses (times.ts). */
  readonly keptMs: number;
  /** The last stream has gone. */
  readonly onIdle: (session: LiveSession<Kind>) => void;
  /** The peer broke the protocol, or stopped answering. */
  readonly onBroken: (session: LiveSession<Kind>, change: "closed" | "dead", reason: string) => void;
}

/** A request that waits for its response head. */
interface Waiting {
  readonly since: number;
  readonly onSuspect: () => void;
}

interface Probe {
  readonly answered: Promise<boolean>;
  readonly answer: () => void;
}

export class LiveSession<Kind extends string = ClientKind> implements Route {
  readonly socket: WebSocket;
  attachment: Attachment<Kind>;
  readonly pool: ConnPool;
  readonly meter: Meter;
  readonly log: Logger;
  readonly keptMs: number;
  lastHeardAt = Date.now();
  /** Seconds, of the last probe that was answered. */
  roundTrip: number | undefined;
  readonly #options: LiveSessionOptions<Kind>;
  readonly #session: Session;
  readonly #waiting = new Set<Waiting>();
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  #suspect = false;
  #demotedUntil = 0;
  #leaving = false;
  #probe: Probe | undefined;
  #probedAt: number | undefined;
  #taken: Traffic = { dials: 0, receivedBytes: 0, sentBytes: 0 };

  constructor(options: LiveSessionOptions<Kind>) {
    const { socket, attachment, budget, address, meter, log, keptMs } = options;
    this.#options = options;
    this.socket = socket;
    this.attachment = attachment;
    this.meter = meter;
    this.log = log;
    this.keptMs = keptMs;
    this.#session = new Session({
      send: (message) => this.#send(message),
      onFatal: (reason) => options.onBroken(this, "closed", reason),
      connIdBase: connIdBase(Date.now()),
      label: `${options.clientKey}/${attachment.sessionKey}`,
      ...(options.onClient === undefined ? {} : { onClient: options.onClient }),
      budget,
      limits: { maxUnsent },
      ...bufferedAmountOf(socket),
      now: () => Date.now(),
      onPressed: () => void setTimeout(() => this.#session.pump(), pumpMs),
      onProbeAnswer: () => this.#measured(),
      onRemoved: () => {
        meter.streams();
        if (this.#leaving && this.streams === 0) options.onIdle(this);
      },
    });
    this.pool = new ConnPool(() => this.dial(address), keptMs);
  }

  /** A stream to that TCP address. Throws when the session has ended. */
  dial(address: string): Conn {
    return this.open("tcp", address);
  }

  /** The same, of a protocol that the other end knows: a peer one of its clients' (`throughClient`). */
  open(proto: string, address: string): Conn {
    return this.#session.dial(proto, address);
  }

  /** It has shown that it is of its cluster: also after an eviction. */
  letIn(): void {
    const { unproven: _, ...attachment } = this.attachment;
    this.attachment = attachment;
    this.socket.serializeAttachment(attachment);
  }

  receive(message: ArrayBuffer | string): void {
    this.lastHeardAt = Date.now();
    if (this.streams === 0) this.log.debug("message");
    this.#suspect = false;
    // Whatever comes is a sign of life: the probe's own answer waits behind all that is on the way.
    this.#probe?.answer();
    if (typeof message === "string") this.#session.fatal("text message");
    else this.#session.receive(new Uint8Array(message));
  }

  /** The socket is gone: all its streams fail at once. */
  fail(reason: string): void {
    clearTimeout(this.#watchdog);
    // Nobody needs its answer any more.
    this.#probe?.answer();
    this.#session.fail(reason);
  }

  /** Streams that are open or kept for the next request. */
  get streams(): number {
    return this.#session.stats.conns;
  }

  get health(): number {
    if (this.#suspect) return sessionHealth.suspect;
    return this.#leaving || Date.now() < this.#demotedUntil ? sessionHealth.demoted : sessionHealth.good;
  }

  /** It ends as soon as it has no stream (`onIdle`), and is not used for new ones if there is another. */
  leaveWhenIdle(): void {
    this.#leaving = true;
    if (this.streams === 0) this.#options.onIdle(this);
  }

  /** It could not connect to its server just now (tunnel.md 6, row 11). */
  demote(): void {
    this.#demotedUntil = Date.now() + demotedMs;
  }

  /** Traffic since the last call. */
  takeTraffic(): Traffic {
    const { dials, bytesIn: receivedBytes, bytesOut: sentBytes } = this.#session.stats;
    const before = this.#taken;
    this.#taken = { dials, receivedBytes, sentBytes };
    return {
      dials: dials - before.dials,
      receivedBytes: receivedBytes - before.receivedBytes,
      sentBytes: sentBytes - before.sentBytes,
    };
  }

  /** Sends a probe, whose answer tells `roundTrip`. */
  measure(): void {
    this.#probedAt = performance.now();
    this.#session.probe();
  }

  /** Of two probes on their way, the later one's time counts: never too long. */
  #measured(): void {
    if (this.#probedAt === undefined) return;
    this.roundTrip = (performance.now() - this.#probedAt) / 1_000;
    this.#probedAt = undefined;
  }

  get askedAt(): number {
    return this.#options.askedAt();
  }

  /** The agent has shown by itself that it lives: no need to wake it, and to be woken by its answer. */
  get askedLately(): boolean {
    return Date.now() - this.askedAt < keepaliveMs + probeMs;
  }

  /** Asks for a sign of life and waits up to 10 s; up to 60 s while the socket still takes what we send (a slow line). */
  async isAlive(): Promise<boolean> {
    this.#probe ??= this.#startProbe();
    return this.#probe.answered;
  }

  #startProbe(): Probe {
    let answer: () => void = () => undefined;
    const answered = new Promise<boolean>((resolve) => {
      const until = Date.now() + slowProbeMs;
      let timer: ReturnType<typeof setTimeout>;
      const wait = (unsent: number): void => {
        timer = setTimeout(() => {
          const left = bufferedBytes(this.socket);
          if (left < unsent && Date.now() < until) wait(left);
          else resolve(false);
        }, probeMs);
      };
      wait(bufferedBytes(this.socket));
      answer = () => {
        clearTimeout(timer);
        resolve(true);
      };
    }).finally(() => (this.#probe = undefined));
    this.measure();
    return { answered, answer };
  }

  /**
   * A request waits for its answer. When it has for 2 s and nothing came at all, the session is probed: a slow cluster is no
   * dead agent, and a dead agent must not let requests hang. `onSuspect`: there was no sign of life for 2 s more. Call the
   * result when the answer came.
   */
  awaitAnswer(onSuspect: () => void = () => undefined): () => void {
    const entry = { since: Date.now(), onSuspect };
    this.#waiting.add(entry);
    this.#watchdog ??= setTimeout(() => this.#watch(), quietMs);
    return () => {
      this.#waiting.delete(entry);
      if (this.#waiting.size > 0) return;
      // A pending timer would keep an idle object in memory, and be paid for.
      clearTimeout(this.#watchdog);
      this.#watchdog = undefined;
    };
  }

  /** Unless it gives a sign of life. */
  async #die(): Promise<void> {
    if (!(await this.isAlive())) this.#options.onBroken(this, "dead", "no answer to a probe");
  }

  #watch(): void {
    const now = Date.now();
    const oldest = Math.min(...[...this.#waiting].map(({ since }) => since));
    const quiet = now - Math.max(this.lastHeardAt, oldest);
    if (quiet >= quietMs && this.#probe === undefined) void this.#die();
    if (quiet >= suspectMs) {
      this.#suspect = true;
      for (const { since, onSuspect } of this.#waiting) if (now - since >= suspectMs) onSuspect();
    }
    this.#watchdog = this.#waiting.size > 0 ? setTimeout(() => this.#watch(), lookMs) : undefined;
  }

  #send(message: Uint8Array): void {
    try {
      this.socket.send(message);
    } catch {
      // Closed: the close event fails the session.
    }
  }
}

/** workerd has it since November 2026; without it the agent's PAUSE is the only brake. */
function bufferedAmountOf(socket: WebSocket): { bufferedAmount?: () => number } {
  return "bufferedAmount" in socket ? { bufferedAmount: () => socket.bufferedAmount } : {};
}

/** Bytes that the socket holds unsent; 0 where the platform does not tell. */
export function bufferedBytes(socket: WebSocket): number {
  return bufferedAmountOf(socket).bufferedAmount?.() ?? 0;
}
