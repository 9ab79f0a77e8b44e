/**
 * The session that we open at a peer (tunnel.md 1.13): TLS and WebSocket of our own over a TCP connection, so that PINGs can be sent.
 * By it the peer reaches our clusters. It is opened again, for ever, after an exponential delay with jitter; Go waits 5 s each time.
 */
import type { Logger } from "../../schema/logger.ts";
import type { PeerDial, PeerStatus } from "../../schema/internal/peers.ts";
import { clientKeysOf, clusterOfClient } from "../../schema/internal/peers.ts";
import { reconnectDelay } from "../../wire/backoff.ts";
import type { ByteStream } from "../../wire/byte-stream.ts";
import { parseThrough } from "../../wire/remotedialer/clients.ts";
import type { Conn } from "../../wire/remotedialer/conn.ts";
import type { Budget } from "../../wire/remotedialer/limits.ts";
import { Session } from "../../wire/remotedialer/session.ts";
import { TlsStream } from "../../wire/tls/stream.ts";
import { parseTrustAnchors } from "../../wire/tls/trust.ts";
import { ClientSocket } from "../../wire/websocket/client.ts";
import type { ClientSocketEnd } from "../../wire/websocket/client.ts";
import { newSessionKey } from "../tunnel/attachment.ts";

/** tunnel.md 1.8. */
const pingMs = 5_000;
const silenceMs = 60_000;
const pingsPerSync = 12;
/** TCP, TLS and WebSocket together. */
const handshakeMs = 10_000;
/** A Go server sends each `Write` as one message, whatever its size. */
const maxMessageBytes = 16 << 20;
/** A session that lasted so long was a good one: the next delay is the first again. */
const goodMs = 30_000;

export interface DiallerOptions {
  /** Asked before each try: it may have changed. `undefined`: it is not to be dialled (any more). */
  readonly settings: () => Promise<PeerDial | undefined>;
  readonly openTcp: (hostname: string, port: number) => ByteStream;
  /** Ids of the clusters that the peer may use now. */
  readonly offers: () => Promise<readonly string[]>;
  /** The peer opens a stream to one of them. */
  readonly onStream: (conn: Conn, client: ReturnType<typeof clusterOfClient>) => void;
  /** `failed`: there is no session, for another reason than before. */
  readonly onChange: (change: "opened" | "closed" | "failed") => void;
  readonly budget: Budget;
  readonly log: Logger;
}

type State =
  | { readonly kind: "idle"; readonly problem?: string }
  | { readonly kind: "open"; readonly since: number };

export class Dialler {
  readonly #options: DiallerOptions;
  /** Present while it runs; aborted to end it. */
  #running: AbortController | undefined;
  #state: State = { kind: "idle" };
  #session: Session | undefined;
  /** Client key → the session key that it was announced with. What is not in it, the peer cannot reach. */
  readonly #announced = new Map<string, string>();
  #refreshing: Promise<void> | undefined;
  #refreshAgain = false;

  constructor(options: DiallerOptions) {
    this.#options = options;
  }

  get running(): boolean {
    return this.#running !== undefined;
  }

  get status(): PeerStatus["dialled"] {
    if (!this.running) return undefined;
    const clusters = new Set([...this.#announced.keys()].map((key) => clusterOfClient(key).clusterId)).size;
    return this.#state.kind === "open"
      ? { open: true, since: new Date(this.#state.since).toISOString(), clusters }
      : {
          open: false,
          clusters,
          ...(this.#state.problem === undefined ? {} : { problem: this.#state.problem }),
        };
  }

  get streams(): number {
    return this.#session?.stats.conns ?? 0;
  }

  /** Resolves when it has ended. */
  start(): Promise<void> {
    if (this.running) return Promise.resolve();
    const running = new AbortController();
    this.#running = running;
    return this.#run(running.signal).finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
  }

  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#state = { kind: "idle" };
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      const began = Date.now();
      let problem: string;
      try {
        const dial = await this.#options.settings();
        if (dial === undefined || signal.aborted) return;
        problem = await this.#hold(dial, signal);
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
      }
      if (signal.aborted) return;
      if (Date.now() - began > goodMs) attempt = 0;
      const before = this.#state;
      this.#state = { kind: "idle", problem };
      const waitMs = reconnectDelay(attempt, Math.random);
      this.#options.log.warn(
        before.kind === "open" ? "session at the peer ended" : "cannot open a session at the peer",
        {
          problem,
          waitMs: Math.round(waitMs),
        },
      );
      // A peer that stays away is told of once.
      if (before.kind === "open") this.#options.onChange("closed");
      else if (before.problem !== problem) this.#options.onChange("failed");
      await sleep(waitMs, signal);
    }
  }

  /** Opens one session and resolves when it has ended: why. */
  #hold(dial: PeerDial, signal: AbortSignal): Promise<string> {
    const url = new URL(dial.url);
    const host = url.hostname;
    const port = url.port === "" ? 443 : Number(url.port);
    const { promise, resolve } = Promise.withResolvers<string>();
    const anchors = parseTrustAnchors(dial.ca);
    const stream = new TlsStream(this.#options.openTcp(host, port), { host, anchors, alpn: ["http/1.1"] });
    let timer = setTimeout(() => socket.abort(`no session within ${handshakeMs / 1_000} s`), handshakeMs);
    let pongAt = 0;
    let pings = 0;

    const session = new Session({
      send: (message) => socket.sendBinary(message),
      onFatal: (reason) => {
        socket.close(1002, reason);
        finish(reason);
      },
      onConnect: (conn) => this.#receive(conn),
      budget: this.#options.budget,
      // A stream that ends closes the other side only when everything has gone out (join-streams.ts).
      limits: { writeHighWater: 0 },
      bufferedAmount: () => (socket.full ? Infinity : 0),
    });
    const beat = (): void => {
      if (Date.now() - pongAt >= silenceMs) {
        socket.abort(`no PONG for ${silenceMs / 1_000} s`);
        return;
      }
      socket.ping();
      pings += 1;
      if (pings % pingsPerSync === 0) session.sendSync();
      timer = setTimeout(beat, pingMs);
    };
    const socket = new ClientSocket(
      stream,
      {
        host: url.host,
        target: url.pathname + url.search,
        headers: [
          ["X-API-Tunnel-ID", dial.localId],
          ["X-API-Tunnel-Token", dial.secret],
        ],
        maxMessageBytes,
      },
      {
        onOpen: () => {
          clearTimeout(timer);
          pongAt = Date.now();
          timer = setTimeout(beat, pingMs);
          this.#opened(session);
        },
        onBinary: (bytes) => session.receive(bytes),
        onText: () => session.fatal("text message"),
        onPong: () => (pongAt = Date.now()),
        onDrain: () => session.pump(),
        onEnd: (end) => finish(describe(end)),
      },
    );
    const leave = (): void => {
      for (const conn of session.conns) conn.abort("tunnel disconnect");
      socket.close(1001, "peer is not used any more");
      finish("stopped");
    };
    signal.addEventListener("abort", leave);
    const finish = (problem: string): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", leave);
      if (this.#session === session) this.#session = undefined;
      this.#announced.clear();
      session.fail("tunnel disconnect");
      resolve(problem);
    };
    return promise;
  }

  #opened(session: Session): void {
    this.#session = session;
    this.#announced.clear();
    this.#state = { kind: "open", since: Date.now() };
    this.#options.log.info("session at the peer opened");
    this.#options.onChange("opened");
    void this.refresh();
  }

  /** Announces what came, takes back what went, and ends streams to it. Calls that come meanwhile become one. */
  refresh(): Promise<void> {
    this.#refreshAgain = true;
    this.#refreshing ??= this.#refreshAll().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  async #refreshAll(): Promise<void> {
    while (this.#refreshAgain) {
      this.#refreshAgain = false;
      const session = this.#session;
      if (session === undefined) return;
      try {
        const offers = await this.#options.offers();
        if (session === this.#session) this.#announce(session, offers);
      } catch (error) {
        // The alarm asks again.
        this.#options.log.warn("cannot learn what the peer may use", { error });
      }
    }
  }

  #announce(session: Session, offers: readonly string[]): void {
    const wanted = new Set(offers.flatMap(clientKeysOf));
    for (const [clientKey, sessionKey] of this.#announced) {
      if (wanted.has(clientKey)) continue;
      this.#announced.delete(clientKey);
      session.announce("removed", clientKey, sessionKey);
    }
    for (const clientKey of wanted) {
      if (this.#announced.has(clientKey)) continue;
      const sessionKey = newSessionKey();
      session.announce("added", clientKey, sessionKey);
      this.#announced.set(clientKey, sessionKey);
    }
    for (const conn of session.conns) {
      if (this.#allowed(conn) === undefined) conn.abort("the cluster is not offered any more");
    }
  }

  #allowed(conn: Conn): string | undefined {
    const clientKey = parseThrough(conn.proto)?.clientKey;
    return clientKey !== undefined && this.#announced.has(clientKey) ? clientKey : undefined;
  }

  /** Only to what was announced: nothing else of ours is the peer's business. */
  #receive(conn: Conn): void {
    const clientKey = this.#allowed(conn);
    const { clientKey: asked = "", proto = "" } = parseThrough(conn.proto) ?? {};
    if (clientKey === undefined) conn.abort(`failed to find Session for client ${asked}`);
    else if (proto !== "tcp") conn.abort(`dial ${proto}: not supported`);
    else this.#options.onStream(conn, clusterOfClient(clientKey));
  }
}

function describe(end: ClientSocketEnd): string {
  return end.kind === "refused" ? `the peer answered ${end.status}: ${end.text}` : end.text;
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
