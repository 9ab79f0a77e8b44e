/** To the kube-apiserver by TLS of our own, over streams that an agent or the platform opens (tunnel.md 4.9). */
import type { Logger } from "../../schema/logger.ts";
import type { ByteStream } from "../../wire/byte-stream.ts";
import { TlsStream } from "../../wire/tls/stream.ts";
import type { ApiServer } from "./api-server.ts";
import { Lookout } from "./lookout.ts";
import type { Manners } from "./lookout.ts";
import type { Meter } from "./meter.ts";
import { ConnPool } from "./pool.ts";
import type { Route } from "./route.ts";

/** Of the stream's own beginning and the handshake together. */
const handshakeMs = 15_000;

/** What carries it: an agent's session, or the platform's sockets. */
export interface Carrier extends Pick<Route, "meter" | "log" | "awaitAnswer" | "demote"> {
  /** A stream to `host:port`. Throws when there can be none. */
  readonly dial: (address: string) => ByteStream;
  /** Of streams that nobody uses (times.ts). */
  readonly keptMs: number;
  /** Nobody notices when the other side of its streams is gone without a word. */
  readonly mayVanish?: boolean;
}

export class TlsRoute implements Route {
  readonly server: ApiServer;
  readonly pool: ConnPool;
  readonly meter: Meter;
  readonly log: Logger;
  readonly authorization: string;
  readonly #carrier: Carrier;
  readonly #manners: Manners = { answers: false };

  constructor(carrier: Carrier, server: ApiServer) {
    this.#carrier = carrier;
    this.server = server;
    this.meter = carrier.meter;
    this.log = carrier.log;
    this.authorization = server.authorization;
    this.pool = new ConnPool(() => openTls(carrier, server), carrier.keptMs);
  }

  awaitAnswer(onSuspect?: () => void): () => void {
    return this.#carrier.awaitAnswer(onSuspect);
  }

  watchOver(stream: ByteStream): () => void {
    if (this.#carrier.mayVanish !== true || !(stream instanceof TlsStream)) return () => undefined;
    const lookout = new Lookout(stream, this.#manners);
    return () => lookout.stop();
  }

  demote(): void {
    this.#carrier.demote();
  }
}

/** What is written to it goes out once the server has proven who it is. */
function openTls(carrier: Carrier, { host, port, anchors }: ApiServer): TlsStream {
  const below = carrier.dial(`${host}:${port}`);
  const stream = new TlsStream(below, { host, anchors, alpn: ["http/1.1"] });
  const timer = setTimeout(
    () => stream.abort(`TLS: no end of the handshake within ${handshakeMs / 1_000} s`),
    handshakeMs,
  );
  stream.onSettled = () => clearTimeout(timer);
  return stream;
}

/** One route per carrier, made anew when what is known of the server has changed. */
export class TlsRoutes {
  readonly #routes = new WeakMap<Carrier, TlsRoute>();

  over(carrier: Carrier, server: ApiServer): TlsRoute {
    const known = this.#routes.get(carrier);
    if (known?.server === server) return known;
    // Its streams carry the old account's requests, if they are in use; no new ones.
    known?.pool.clear();
    const route = new TlsRoute(carrier, server);
    this.#routes.set(carrier, route);
    return route;
  }
}
