/**
 * One virtual TCP stream inside a session (tunnel.md 1.6, 1.7). There is no half-close: either end closes both.
 *
 * Reading is push with a brake: chunks go to `onData` while reading is on; after `pauseReading()` they queue here, and
 * the peer is told to PAUSE above the threshold. `onClose` comes exactly once, after all data.
 */
import type { ByteStream, CloseReason } from "../byte-stream.ts";
import { ChunkQueue } from "./chunk-queue.ts";
import { encodeMessage, messageType } from "./codec.ts";
import type { Budget, BudgetMember, Limits } from "./limits.ts";
import { Pace } from "./pace.ts";
import { UnreadQueue } from "./unread-queue.ts";
import type { Spill } from "./unread-queue.ts";

export type { CloseReason };

/** What a stream needs of its session. */
export interface ConnHost {
  readonly limits: Limits;
  readonly budget: Budget;
  send(message: Uint8Array): void;
  /** Whether the socket takes more right now; when not, the session calls `flush` in turn later. */
  maySend(conn: Conn): boolean;
  removed(conn: Conn): void;
  /** Milliseconds, from any start. */
  now(): number;
}

const eofText = "EOF";
/** A reader that is known to be quick comes back sooner. */
const waitingMs = 250;
/** A receiver reads 100 bytes of an ERROR and drops the rest (tunnel.md 1.4). */
export const maxErrorBytes = 100;
const encoder = new TextEncoder();

/** The id of a stream's fence, and back: streams have positive ids. */
export function fenceId(connId: number): number {
  return -connId;
}

/** Ids of streams stay below it until 2112 (docs/design/tunnel.md, "Hibernation"). Twice a negative one beyond it is no double. */
const markId = 2 ** 52;

/** The id of the end of a stream's round. */
export function endId(connId: number): number {
  return markId + connId;
}

/** The stream whose round ends there; of other ids, none's. */
export function endedId(connId: number): number {
  return connId - markId;
}

export class Conn implements BudgetMember, ByteStream {
  readonly id: number;
  readonly proto: string;
  readonly address: string;
  onData: (chunk: Uint8Array) => void = () => undefined;
  onClose: (reason: CloseReason) => void = () => undefined;
  /** The peer has ended the stream while data waits to be read: `onClose` comes after it, which may be never. */
  onEnding: () => void = () => undefined;
  /** `write` answered false and there is room again. */
  onDrain: () => void = () => undefined;

  /** SYNC bookkeeping of the session (tunnel.md 1.9). */
  syncSeen = false;
  syncMissed = 0;

  readonly #host: ConnHost;
  readonly #unread = new UnreadQueue();
  readonly #unsent = new ChunkQueue();
  readonly #pace = new Pace();
  /** What the budget knows of. */
  #heldBytes = 0;
  #reading = true;
  /** When the reader last took something that had to wait, or had to begin to wait. */
  #takenAt = 0;
  /** We told the peer to pause. */
  #holding = false;
  /** The peer told us to pause. */
  #held = false;
  #wantsDrain = false;
  #open = true;
  #closing: CloseReason | undefined;

  constructor(host: ConnHost, id: number, proto: string, address: string) {
    this.#host = host;
    this.id = id;
    this.proto = proto;
    this.address = address;
    host.budget.join(this);
  }

  /** False once either side has closed; buffered data may still be delivered. */
  get open(): boolean {
    return this.#open;
  }

  /** What this stream keeps in memory, both directions. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  get spillableBytes(): number {
    return this.#unread.spillable;
  }

  get isWaiting(): boolean {
    return !this.#pace.isQuick || this.#host.now() - this.#takenAt > waitingMs;
  }

  /** Memory is short: what the reader does not need next goes elsewhere. */
  spill(store: Spill): void {
    this.#unread.spillTo(store);
    this.#account();
  }

  get unsentBytes(): number {
    return this.#unsent.bytes;
  }

  /** May end this stream, or another, when the budget is used up. */
  #account(): void {
    const held = this.#unread.cost + this.#unsent.cost;
    const change = held - this.#heldBytes;
    this.#heldBytes = held;
    if (change !== 0) this.#host.budget.changed(change);
  }

  /**
   * Sends or queues bytes. False = above the high-water mark: wait for `onDrain`. The bytes are copied when they go
   * out at once, kept by reference when they queue: do not reuse the buffer. Ignored on a closed stream.
   */
  write(bytes: Uint8Array): boolean {
    if (!this.#open) return true;
    const { maxData } = this.#host.limits;
    for (let start = 0; start < bytes.length; start += maxData) {
      const chunk = bytes.length <= maxData ? bytes : bytes.subarray(start, start + maxData);
      if (this.#unsent.isEmpty && this.#maySend()) {
        this.#host.send(encodeMessage(messageType.data, this.id, chunk));
      } else if (!this.#queue(chunk)) {
        return true;
      }
    }
    if (this.#unsent.bytes <= this.#host.limits.writeHighWater) return true;
    this.#wantsDrain = true;
    return false;
  }

  #queue(chunk: Uint8Array): boolean {
    this.#unsent.push(chunk);
    this.#account();
    if (this.#open && this.#unsent.cost > this.#host.limits.maxUnsent) this.abort("write buffer exceeded");
    return this.#open;
  }

  #maySend(): boolean {
    return !this.#held && this.#host.maySend(this);
  }

  /** Sends one queued chunk if it may; the session takes its streams in turn. False = nothing (more) to send now. */
  flushOne(): boolean {
    if (!this.#open || this.#unsent.isEmpty || !this.#maySend()) return false;
    const chunk = this.#unsent.shift();
    if (chunk === undefined) return false;
    this.#account();
    this.#host.send(encodeMessage(messageType.data, this.id, chunk));
    if (this.#wantsDrain && this.#unsent.bytes <= this.#host.limits.writeHighWater / 2) {
      this.#wantsDrain = false;
      this.onDrain();
    }
    return !this.#unsent.isEmpty;
  }

  pauseReading(): void {
    this.#reading = false;
  }

  /** Delivers what queued, until told to pause again. */
  resumeReading(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.#deliver();
  }

  #deliver(): void {
    while (this.#reading) {
      const chunk = this.#unread.shift();
      if (chunk === undefined) break;
      this.#account();
      this.#takenAt = this.#host.now();
      this.#pace.took(chunk.length);
      this.#letOn();
      this.onData(chunk);
    }
    if (this.#closing !== undefined && this.#unread.isEmpty) this.#finish();
  }

  /**
   * The peer may go on when little is left for the reader. Where that is slow, it stops again by itself: the PAUSE is sent at
   * once, behind messages that the peer answers one by one before it sees it, while it sends. However long the line, what comes
   * is bounded by their number.
   */
  #letOn(): void {
    if (!this.#open || !this.#holding || this.#pace.inRound) return;
    const { limits } = this.#host;
    if (this.#unread.bytes >= this.#pace.lowWater(limits.pauseAbove / 8)) return;
    const marks = this.#pace.next(this.#host.now());
    if (marks === undefined) {
      this.#holding = false;
      this.#sendResume();
      return;
    }
    this.#sendResume();
    for (let mark = 0; mark < marks; mark++) this.#host.send(encodeMessage(messageType.data, markId));
    this.#signal(messageType.pause);
    this.#host.send(encodeMessage(messageType.data, endId(this.id)));
  }

  /** What the peer was let send has come, or is about to. */
  receiveEnd(): void {
    this.#pace.ended(this.#host.now());
    this.#letOn();
  }

  /**
   * Go's two sides share one flag for both directions: our RESUME also erases the mark of a PAUSE that Go has sent, maybe
   * a moment ago, and the RESUME that ends it never comes. Go pauses only while it takes in our DATA, so the ERROR that
   * answers an empty DATA right before the RESUME comes after every PAUSE that the RESUME erases, and before all others.
   */
  #sendResume(): void {
    this.#host.send(encodeMessage(messageType.data, fenceId(this.id)));
    this.#signal(messageType.resume);
  }

  #signal(type: number): void {
    this.#host.send(encodeMessage(type, this.id));
  }

  /** The answer to the fence of a RESUME of ours: what the peer paused before it holds no more. */
  receiveFence(): void {
    this.#held = false;
    while (this.flushOne());
  }

  #finish(): void {
    const reason = this.#closing;
    if (reason === undefined) return;
    this.#closing = undefined;
    this.#host.budget.leave(this);
    this.onClose(reason);
  }

  /** Ends the stream cleanly: one ERROR `EOF`. No callback follows. */
  close(): void {
    this.#end(eofText);
  }

  /**
   * Ends the stream with an error on both sides: the peer gets the text, and so does `onClose`; also one that the peer has
   * closed already, whose reader has not taken everything.
   */
  abort(text: string): void {
    if (!this.#open && this.#closing === undefined) return;
    this.#end(text);
    this.onClose({ kind: "error", text });
  }

  #end(text: string): void {
    const wasOpen = this.#open;
    this.#drop();
    this.#closing = undefined;
    if (!wasOpen) return;
    // A paused Go writer leaks for ever unless it is woken before it hears of the end (tunnel.md 1.7).
    if (this.#holding) this.#signal(messageType.resume);
    this.#sendError(text);
    this.#host.removed(this);
  }

  #sendError(text: string): void {
    const bytes = encoder.encode(text).subarray(0, maxErrorBytes);
    this.#host.send(encodeMessage(messageType.error, this.id, bytes));
  }

  /** Frees all buffers. */
  #drop(): void {
    this.#host.budget.leave(this);
    this.#open = false;
    this.#unread.clear();
    this.#unsent.clear();
    this.#heldBytes = 0;
  }

  /** DATA arrived. The chunk is a view of the received message, which nobody else keeps. */
  receiveData(chunk: Uint8Array): void {
    if (!this.#open || chunk.length === 0) return;
    this.#pace.came(chunk.length);
    if (this.#reading && this.#unread.isEmpty) {
      this.onData(chunk);
      return;
    }
    if (this.#unread.isEmpty) this.#takenAt = this.#host.now();
    this.#unread.push(chunk);
    this.#account();
    if (!this.#open) return;
    if (Math.max(this.#unread.cost, this.#unread.bytes) > this.#host.limits.maxUnread) {
      this.abort("read buffer exceeded");
    } else if (!this.#holding && this.#unread.bytes > this.#host.limits.pauseAbove) {
      this.#holding = true;
      this.#pace.held(this.#host.now());
      this.#signal(messageType.pause);
    }
  }

  /** ERROR arrived: echoed once with the same text, so that the peer frees its side; data first, then the end. */
  receiveError(text: string): void {
    if (!this.#open) return;
    if (this.#holding) this.#signal(messageType.resume);
    this.#sendError(text);
    this.#host.removed(this);
    this.#shut(text === eofText ? { kind: "eof" } : { kind: "error", text });
  }

  /** The session is gone: nothing is sent, buffers are freed, the reader hears of it at once. */
  fail(text: string): void {
    if (!this.#open) return;
    this.#drop();
    this.onClose({ kind: "error", text });
  }

  /** Not open any more, but what was received is still delivered. */
  #shut(reason: CloseReason): void {
    this.#open = false;
    this.#unsent.clear();
    this.#account();
    this.#closing = reason;
    if (!this.#unread.isEmpty) this.onEnding();
    this.#deliver();
  }

  receivePause(): void {
    this.#held = true;
  }

  /**
   * RESUME arrived. With it Go clears its flag and does not wake its own writer, which waits for the same one: the end of
   * a pause is answered with RESUME, or with PAUSE where we still hold the peer; a RESUME that ends no pause is answered
   * only to re-assert our own (tunnel.md 1.7). Two implementations of this rule never ping-pong.
   */
  receiveResume(): void {
    if (this.#holding) this.#signal(messageType.pause);
    else if (this.#held) this.#sendResume();
    if (!this.#held) return;
    this.#held = false;
    while (this.flushOne());
  }
}
