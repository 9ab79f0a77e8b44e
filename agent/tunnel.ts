/**
 * One session: a WebSocket that this side opens, its keepalive (tunnel.md 1.8), and the streams that the server opens
 * on it. Compression and redirects stay off, as in the Go agent (1.1).
 */
import type { ClientRequest, IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import type { RawData } from "ws";
import type { Conn } from "../wire/remotedialer/conn.ts";
import type { Budget } from "../wire/remotedialer/limits.ts";
import {
  KEEPALIVE_HEADER,
  keepaliveAnswer,
  keepaliveAsk,
  keepaliveMs,
} from "../wire/remotedialer/keepalive.ts";
import { Session } from "../wire/remotedialer/session.ts";
import type { Route } from "./route.ts";

export interface TunnelOptions {
  /** `wss://host[:port]/v3/connect…` */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly route: Route;
  /** Each stream that the server opens. */
  readonly onConnect: (conn: Conn) => void;
  /** Which streams may be opened; absent = all. */
  readonly authorize?: (proto: string, address: string) => boolean;
  /** Shared by all sessions of the process. */
  readonly budget: Budget;
  /** Ends the session with close code 1001. */
  readonly signal: AbortSignal;
  readonly onOpen: () => void;
}

/** Why there is no session (any more): no 101, no connection at all, or the end of an open one. */
export type TunnelEnd =
  | { readonly kind: "refused"; readonly status: number; readonly text: string }
  | { readonly kind: "failed"; readonly text: string }
  | { readonly kind: "closed"; readonly text: string; readonly livedMs: number };

/** tunnel.md 1.8; the Go server drops a session that sent no PING for 60 s. */
const pingMs = 5_000;
const silenceMs = 60_000;
const syncMs = 60_000;
const handshakeMs = 10_000;
/** How long the server may take to answer a close frame; a Go server keeps the connection open. */
const closeMs = 1_000;
/** A Go server sends each `Write` as one message, whatever its size. */
const maxMessageBytes = 64 << 20;
/** A PING waits behind this much: it must leave within seconds on a slow line too. */
const socketHighWater = 256 << 10;
const refusalBytes = 512;

/** Opens a session and resolves when it has ended. Never rejects. */
export function runTunnel(options: TunnelOptions): Promise<TunnelEnd> {
  const { promise, resolve } = Promise.withResolvers<TunnelEnd>();
  const { signal } = options;
  const socket = new WebSocket(options.url, {
    ...options.route,
    headers: { ...options.headers, "X-API-Tunnel-Keepalive": "1" },
    perMessageDeflate: false,
    handshakeTimeout: handshakeMs,
    maxPayload: maxMessageBytes,
  });
  const timers: NodeJS.Timeout[] = [];
  let problem: string | undefined;
  let openedAt: number | undefined;
  let pressed = false;
  /** The server answers `keepaliveAsk` without waking: idle sessions say that, and send no SYNC. */
  let keepsAlive = false;
  /** The last SYNC was about streams. */
  let listed = false;

  const session = new Session({
    send: (message) => socket.send(message, flushed),
    onFatal: (reason) => end(1002, reason),
    onConnect: options.onConnect,
    ...(options.authorize === undefined ? {} : { authorize: options.authorize }),
    budget: options.budget,
    limits: { writeHighWater: 0, socketHighWater },
    bufferedAmount: () => socket.bufferedAmount,
    now: () => performance.now(),
    onPressed: () => (pressed = true),
  });

  /** Runs after every message that went out; the streams are pressed only while messages are on their way. */
  function flushed(): void {
    if (!pressed || socket.bufferedAmount > socketHighWater / 2) return;
    pressed = false;
    session.pump();
  }

  /**
   * A server lets go of what one SYNC listed and the next lacks (tunnel.md 1.9). Of a stream that came and went in between, such as
   * each health question's, it has been told by the message that ended it: a SYNC about nothing would only wake it.
   */
  function sync(): void {
    const { conns } = session.stats;
    if (keepsAlive && conns === 0 && !listed) return;
    listed = conns > 0;
    session.sendSync();
  }

  function end(code: number, reason: string): void {
    problem ??= reason;
    session.fail(reason);
    socket.close(code, reason);
    timers.push(setTimeout(() => socket.terminate(), closeMs));
  }

  function stop(): void {
    for (const conn of session.conns) conn.abort("tunnel disconnect");
    end(1001, "agent stopping");
  }

  function finish(result: TunnelEnd): void {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    session.fail("tunnel disconnect");
    resolve(result);
  }

  socket.on("upgrade", ({ headers }: IncomingMessage) => {
    keepsAlive = headers[KEEPALIVE_HEADER] === keepaliveAsk;
  });
  socket.on("open", () => {
    openedAt = performance.now();
    let pongAt = openedAt;
    // A PONG only: data that flows proves nothing about the other direction (tunnel.md 1.8).
    socket.on("pong", () => (pongAt = performance.now()));
    timers.push(
      setInterval(() => {
        if (performance.now() - pongAt < silenceMs) {
          socket.ping();
          return;
        }
        problem ??= `no PONG for ${silenceMs / 1000} s`;
        socket.terminate();
      }, pingMs),
      setInterval(sync, syncMs),
    );
    if (keepsAlive) {
      socket.send(keepaliveAsk);
      timers.push(setInterval(() => socket.send(keepaliveAsk), keepaliveMs));
    }
    options.onOpen();
  });
  socket.on("message", (data: RawData, isBinary: boolean) => {
    if (!isBinary) {
      if (!keepsAlive || !Buffer.isBuffer(data) || data.toString() !== keepaliveAnswer)
        session.fatal("text message");
    } else if (Buffer.isBuffer(data)) session.receive(data);
  });
  socket.on("unexpected-response", (request: ClientRequest, response: IncomingMessage) => {
    let text = "";
    const refused = (): void => {
      finish({ kind: "refused", status: response.statusCode ?? 0, text: text.slice(0, refusalBytes).trim() });
      request.destroy();
    };
    response.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.length >= refusalBytes) refused();
    });
    response.on("close", refused);
    response.on("error", refused);
  });
  socket.on("error", (error) => (problem ??= error.message));
  socket.on("close", (code, reason) => {
    const text = problem ?? `close code ${code} ${reason.toString()}`.trim();
    if (openedAt === undefined) finish({ kind: "failed", text });
    else finish({ kind: "closed", text, livedMs: performance.now() - openedAt });
  });
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  return promise;
}
