/**
 * One virtual TCP stream inside a session (tunnel.md 1.6, 1.7). There is no half-close: either end closes both.
 *
 * Reading is push with a brake: chunks go to `onData` while reading is on; after `pauseReading()` they queue here, and
 * the peer is told to PAUSE above the threshold. `onClose` comes exactly once, after all data.
 */
import { encodeMessage, encodeText, messageType } from "./codec.ts";
import type { Budget, BudgetMember, Limits } from "./limits.ts";

/** `eof`: the peer ended cleanly. `error`: dial failure, abort, lost session; the text says which. */
export type CloseReason = { readonly kind: "eof" } | { readonly kind: "error"; readonly text: string };

/** What a stream needs of its session. */
export interface ConnHost {
  readonly limits: Limits;
  readonly budget: Budget;
  send(message: Uint8Array): void;
  /** Whether the socket takes more right now; when not, the session calls `flush` in turn later. */
  maySend(conn: Conn): boolean;
  removed(conn: Conn): void;
}

const eofText = "EOF";
/** A receiver reads 100 bytes of an ERROR and drops the rest (tunnel.md 1.4). */
const maxErrorText = 100;

export class Conn implements BudgetMember {
  readonly id: number;
  readonly proto: string;
  readonly address: string;
  onData: (chunk: Uint8Array) => void = () => undefined;
  onClose: (reason: CloseReason) => void = () => undefined;
  /** `write` answered false and there is room again. */
  onDrain: () => void = () => undefined;

  /** SYNC bookkeeping of the session (tunnel.md 1.9). */
  syncSeen = false;
  syncMissed = 0;

  readonly #host: ConnHost;
  readonly #unread: Uint8Array[] = [];
  readonly #unsent: Uint8Array[] = [];
  #unreadBytes = 0;
  #unsentBytes = 0;
  #reading = true;
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

  /** Bytes that this stream keeps in memory, both directions. */
  get heldBytes(): number {
    return this.#unreadBytes + this.#unsentBytes;
  }

  get unsentBytes(): number {
    return this.#unsentBytes;
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
      if (this.#unsent.length === 0 && this.#maySend()) {
        this.#host.send(encodeMessage(messageType.data, this.id, chunk));
      } else if (!this.#queue(chunk)) {
        return true;
      }
    }
    if (this.#unsentBytes <= this.#host.limits.writeHighWater) return true;
    this.#wantsDrain = true;
    return false;
  }

  #queue(chunk: Uint8Array): boolean {
    this.#unsent.push(chunk);
    this.#unsentBytes += chunk.length;
    this.#host.budget.changed(chunk.length);
    if (this.#open && this.#unsentBytes > this.#host.limits.maxUnsent) this.abort("write buffer exceeded");
    return this.#open;
  }

  #maySend(): boolean {
    return !this.#held && this.#host.maySend(this);
  }

  /** Sends one queued chunk if it may; the session takes its streams in turn. False = nothing (more) to send now. */
  flushOne(): boolean {
    const chunk = this.#unsent[0];
    if (!this.#open || chunk === undefined || !this.#maySend()) return false;
    this.#unsent.shift();
    this.#unsentBytes -= chunk.length;
    this.#host.budget.changed(-chunk.length);
    this.#host.send(encodeMessage(messageType.data, this.id, chunk));
    if (this.#wantsDrain && this.#unsentBytes <= this.#host.limits.writeHighWater / 2) {
      this.#wantsDrain = false;
      this.onDrain();
    }
    return this.#unsent.length > 0;
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
      this.#unreadBytes -= chunk.length;
      this.#host.budget.changed(-chunk.length);
      if (this.#open && this.#holding && this.#unreadBytes < this.#host.limits.pauseAbove / 8)
        this.#release();
      this.onData(chunk);
    }
    if (this.#closing !== undefined && this.#unread.length === 0) this.#finish();
  }

  #release(): void {
    this.#holding = false;
    this.#host.send(encodeMessage(messageType.resume, this.id));
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

  /** Ends the stream with an error on both sides: the peer gets the text, and so does `onClose`. */
  abort(text: string): void {
    if (!this.#open) return;
    this.#end(text);
    this.onClose({ kind: "error", text });
  }

  #end(text: string): void {
    const wasOpen = this.#open;
    this.#drop();
    this.#closing = undefined;
    if (!wasOpen) return;
    // A paused Go writer leaks for ever unless it is woken before it hears of the end (tunnel.md 1.7).
    if (this.#holding) this.#release();
    this.#host.send(encodeText(messageType.error, this.id, text.slice(0, maxErrorText)));
    this.#host.removed(this);
  }

  /** Frees all buffers. */
  #drop(): void {
    this.#host.budget.leave(this);
    this.#open = false;
    this.#unread.length = 0;
    this.#unsent.length = 0;
    this.#unreadBytes = 0;
    this.#unsentBytes = 0;
  }

  /** DATA arrived. The chunk is a view of the received message, which nobody else keeps. */
  receiveData(chunk: Uint8Array): void {
    if (!this.#open || chunk.length === 0) return;
    if (this.#reading && this.#unread.length === 0) {
      this.onData(chunk);
      return;
    }
    this.#unread.push(chunk);
    this.#unreadBytes += chunk.length;
    this.#host.budget.changed(chunk.length);
    if (!this.#open) return;
    if (this.#unreadBytes > this.#host.limits.maxUnread) {
      this.abort("read buffer exceeded");
    } else if (!this.#holding && this.#unreadBytes > this.#host.limits.pauseAbove) {
      this.#holding = true;
      this.#host.send(encodeMessage(messageType.pause, this.id));
    }
  }

  /** ERROR arrived: echoed once with the same text, so that the peer frees its side; data first, then the end. */
  receiveError(text: string): void {
    if (!this.#open) return;
    if (this.#holding) this.#release();
    this.#host.send(encodeText(messageType.error, this.id, text));
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
    this.#host.budget.changed(-this.#unsentBytes);
    this.#unsent.length = 0;
    this.#unsentBytes = 0;
    this.#closing = reason;
    this.#deliver();
  }

  receivePause(): void {
    this.#held = true;
  }

  /**
   * RESUME arrived. Go's two sides share one flag for both directions, and clearing it does not wake its writer:
   * so the end of a pause is answered with RESUME, or with PAUSE where we still hold the peer; a RESUME that ends no
   * pause is answered only to re-assert our own (tunnel.md 1.7). Two implementations of this rule never ping-pong.
   */
  receiveResume(): void {
    if (this.#held || this.#holding) {
      this.#host.send(encodeMessage(this.#holding ? messageType.pause : messageType.resume, this.id));
    }
    if (!this.#held) return;
    this.#held = false;
    while (this.flushOne());
  }
}
