/**
 * One WebSocket's worth of streams, in either role (tunnel.md 1). Pure: bytes in by `receive`, bytes out by `send`;
 * no socket, no clock, no timers. A broken stream never breaks the session; a broken session fails every stream.
 */
import { decodeMessage, decodeSync, encodeMessage, encodeSync, encodeText, messageType } from "./codec.ts";
import { formatClient, maxClientBytes, parseClient } from "./clients.ts";
import { Conn, endedId, fenceId, maxErrorBytes } from "./conn.ts";
import type { ConnHost } from "./conn.ts";
import { Budget, defaultLimits } from "./limits.ts";
import type { Limits } from "./limits.ts";

export interface SessionOptions {
  /** One binary WebSocket message. Must not throw. */
  readonly send: (message: Uint8Array) => void;
  /** The peer broke the protocol (tunnel.md 1.10): close the socket. All streams have failed already. */
  readonly onFatal: (reason: string) => void;
  /**
   * Ids of dialled streams count up from here. Whoever can lose memory while the socket lives must give a base above
   * every id ever used on it (tunnel.md 1.6). At least 1: id 1 is the probe's.
   */
  readonly connIdBase?: number;
  /** `<client key>/<session key>` in the text that answers DATA for an unknown stream. */
  readonly label?: string;
  /** Streams that the peer opens; absent = refused, each on its own (a Go server ends the session instead). */
  readonly onConnect?: (conn: Conn) => void;
  readonly authorize?: (proto: string, address: string) => boolean;
  /** A peer can reach that client by this session, or no longer (tunnel.md 1.13). Absent: who is no peer says nothing by it. */
  readonly onClient?: (change: "added" | "removed", clientKey: string, sessionKey: string) => void;
  readonly limits?: Partial<Limits>;
  /** Shared by the sessions of one object. */
  readonly budget?: Budget;
  /** Bytes waiting in the socket, where the platform tells. */
  readonly bufferedAmount?: () => number;
  /** Milliseconds, from any start. Without a clock no reader is found to be slow. */
  readonly now?: () => number;
  /** Called when streams wait for the socket: call `pump` a little later. */
  readonly onPressed?: () => void;
  /** The answer to `probe`. */
  readonly onProbeAnswer?: () => void;
  /** A stream has gone. */
  readonly onRemoved?: () => void;
}

export interface SessionStats {
  /** Open now. */
  conns: number;
  /** Streams that this side has opened. */
  dials: number;
  bytesIn: number;
  bytesOut: number;
}

/** Never dialled: an empty DATA on it is answered with an ERROR by every Go version, at once (tunnel.md 1.8). */
const probeConnId = 1;
/** Closed ids remembered, so that late messages on them are ignored without an answer (tunnel.md 1.6). */
const rememberedIds = 1024;
/** Longest `proto/address`: agents before mid-2025 cut it at 100 bytes, silently (tunnel.md 1.4). */
const maxConnectBytes = 100;
/** What a receiver reads of a CONNECT (tunnel.md 1.4). */
const maxConnectRead = 266;
/** Each unknown id of a SYNC is answered: no agent holds more streams than this. */
const maxSyncBytes = 8 * 65_536;
const decoder = new TextDecoder();

export class Session implements ConnHost {
  readonly limits: Limits;
  readonly budget: Budget;
  readonly #options: SessionOptions;
  readonly #conns = new Map<number, Conn>();
  readonly #closedIds = new Set<number>();
  #lastConnId: number;
  #ended = false;
  #pressed = false;
  #dials = 0;
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.limits = { ...defaultLimits, ...options.limits };
    this.budget = options.budget ?? new Budget();
    this.#lastConnId = Math.max(options.connIdBase ?? 1, probeConnId);
  }

  get stats(): SessionStats {
    return { conns: this.#conns.size, dials: this.#dials, bytesIn: this.#bytesIn, bytesOut: this.#bytesOut };
  }

  get lastConnId(): number {
    return this.#lastConnId;
  }

  /** Open streams, for a host that looks for idle ones. */
  get conns(): Iterable<Conn> {
    return this.#conns.values();
  }

  /**
   * Opens a stream. CONNECT has no acknowledgement: data may be written at once, and a dial failure arrives as
   * `onClose`. Throws RangeError when `proto/address` is longer than old agents read.
   */
  dial(proto: string, address: string): Conn {
    if (this.#ended) throw new Error("session ended");
    const payload = new TextEncoder().encode(`${proto}/${address}`);
    if (payload.length > maxConnectBytes) throw new RangeError("proto/address is longer than 100 bytes");
    this.#lastConnId += 1;
    const conn = new Conn(this, this.#lastConnId, proto, address);
    this.#conns.set(conn.id, conn);
    this.#dials += 1;
    this.send(encodeMessage(messageType.connect, conn.id, payload));
    return conn;
  }

  /** Asks the peer for a sign of life; it costs it no dial. */
  probe(): void {
    this.send(encodeMessage(messageType.data, probeConnId));
  }

  /** The agent's list of its streams, every 60 s: the other side closes what is missing. */
  sendSync(): void {
    this.send(encodeSync([...this.#conns.keys()]));
  }

  /** Tells a peer that it can reach a client by this session, or no longer. `sessionKey`: decimal int63. */
  announce(change: "added" | "removed", clientKey: string, sessionKey: string): void {
    const type = change === "added" ? messageType.addClient : messageType.removeClient;
    this.send(encodeText(type, 0, formatClient(clientKey, sessionKey)));
  }

  /** The socket is gone: every stream fails, all buffers are freed. Nothing is sent. */
  fail(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    const conns = [...this.#conns.values()];
    this.#conns.clear();
    for (const conn of conns) conn.fail(reason);
  }

  /** One binary WebSocket message. Never throws; a malformed one ends the session through `onFatal`. */
  receive(bytes: Uint8Array): void {
    if (this.#ended) return;
    this.#bytesIn += bytes.length;
    const message = decodeMessage(bytes);
    if (message === undefined) {
      this.fatal("malformed message");
      return;
    }
    const { type, connId, payload } = message;
    const conn = this.#conns.get(connId);
    switch (type) {
      case messageType.data:
        if (conn !== undefined) conn.receiveData(payload);
        else if (!this.#closedIds.has(connId)) this.#answerUnknown(connId);
        return;
      case messageType.connect:
        this.#receiveConnect(connId, payload);
        return;
      case messageType.error:
        if (conn !== undefined) conn.receiveError(decoder.decode(payload.subarray(0, maxErrorBytes)));
        else if (connId === probeConnId) this.#options.onProbeAnswer?.();
        else {
          this.#conns.get(fenceId(connId))?.receiveFence();
          this.#conns.get(endedId(connId))?.receiveEnd();
        }
        return;
      case messageType.pause:
        conn?.receivePause();
        return;
      case messageType.resume:
        conn?.receiveResume();
        return;
      case messageType.sync:
        this.#receiveSync(payload);
        return;
      case messageType.addClient:
        this.#receiveClient("added", payload);
        return;
      case messageType.removeClient:
        this.#receiveClient("removed", payload);
        return;
      default:
      // A newer peer's.
    }
  }

  #receiveClient(change: "added" | "removed", payload: Uint8Array): void {
    const { onClient } = this.#options;
    if (onClient === undefined) return;
    const client = parseClient(decoder.decode(payload.subarray(0, maxClientBytes)));
    if (client === undefined) this.fatal("malformed announcement of a client");
    else onClient(change, client.clientKey, client.sessionKey);
  }

  /** A text message, or anything else that Go would not survive either. */
  fatal(reason: string): void {
    if (this.#ended) return;
    this.fail(reason);
    this.#options.onFatal(reason);
  }

  #answerUnknown(connId: number): void {
    this.send(
      encodeText(
        messageType.error,
        connId,
        `connection not found ${this.#options.label ?? "client/0"}/${connId}`,
      ),
    );
  }

  #receiveConnect(connId: number, payload: Uint8Array): void {
    const text = decoder.decode(payload.subarray(0, maxConnectRead));
    const slash = text.indexOf("/");
    if (slash < 0) {
      this.fatal("CONNECT without an address");
      return;
    }
    const proto = text.slice(0, slash);
    const address = text.slice(slash + 1);
    const { onConnect, authorize } = this.#options;
    if (onConnect === undefined || this.#conns.has(connId) || authorize?.(proto, address) === false) {
      // Go ends the whole session here; one stream is enough (tunnel.md 1.11).
      this.#remember(connId);
      this.send(encodeText(messageType.error, connId, "connect not allowed"));
      return;
    }
    const conn = new Conn(this, connId, proto, address);
    this.#conns.set(connId, conn);
    onConnect(conn);
  }

  /** tunnel.md 1.9, "Ours": closes what an earlier SYNC listed and this one lacks, or what two in a row lack. */
  #receiveSync(payload: Uint8Array): void {
    const ids = payload.length > maxSyncBytes ? undefined : decodeSync(payload);
    if (ids === undefined) {
      this.fatal("SYNC of a wrong length");
      return;
    }
    const listed = new Set(ids);
    for (const conn of this.#conns.values()) {
      if (listed.has(conn.id)) {
        conn.syncSeen = true;
        conn.syncMissed = 0;
      } else {
        conn.syncMissed += 1;
        if (conn.syncSeen || conn.syncMissed >= 2) this.#closeUnlisted(conn);
      }
    }
    for (const id of ids) {
      // Greater ones are nobody's, and no varint of 64 bits holds all of them: Go would end the session.
      if (Number.isSafeInteger(id) && !this.#conns.has(id))
        this.send(encodeText(messageType.error, id, "EOF"));
    }
  }

  #closeUnlisted(conn: Conn): void {
    this.removed(conn);
    conn.fail("sync from client");
  }

  /** Sends queued data of all streams in turn, while the socket takes it. */
  pump(): void {
    this.#pressed = false;
    let sent = true;
    while (sent) {
      sent = false;
      for (const conn of this.#conns.values()) {
        if (conn.flushOne()) sent = true;
      }
    }
  }

  // ConnHost

  send(message: Uint8Array): void {
    if (this.#ended) return;
    this.#bytesOut += message.length;
    this.#options.send(message);
  }

  maySend(): boolean {
    const { bufferedAmount, onPressed } = this.#options;
    if (bufferedAmount === undefined || bufferedAmount() < this.limits.socketHighWater) return true;
    if (!this.#pressed) {
      this.#pressed = true;
      onPressed?.();
    }
    return false;
  }

  now(): number {
    return this.#options.now?.() ?? 0;
  }

  removed(conn: Conn): void {
    this.#conns.delete(conn.id);
    this.#remember(conn.id);
    this.#options.onRemoved?.();
  }

  #remember(connId: number): void {
    this.#closedIds.add(connId);
    if (this.#closedIds.size <= rememberedIds) return;
    const [oldest] = this.#closedIds;
    if (oldest !== undefined) this.#closedIds.delete(oldest);
  }
}
