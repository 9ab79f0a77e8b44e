/**
 * A stream of the tunnel as a Node Duplex, so that Node's HTTP server and sockets can be joined to it. Both directions
 * brake: an unread Duplex pauses the peer, an undrained tunnel holds the writer. The stream knows no half-close
 * (tunnel.md 1.6): the end of either direction ends both, after what was already written has gone out.
 */
import { Duplex } from "node:stream";
import type { CloseReason, Conn } from "../wire/remotedialer/conn.ts";

type Callback = (error?: Error | null) => void;

/** The session must have `writeHighWater: 0`: only then does a finished write mean that nothing is left to send. */
export class ConnStream extends Duplex {
  readonly #conn: Conn;
  #waiting: Callback | undefined;

  constructor(conn: Conn) {
    super({ allowHalfOpen: false });
    this.#conn = conn;
    conn.onData = (chunk) => {
      const { buffer, byteOffset, byteLength } = chunk;
      if (!this.push(Buffer.from(buffer, byteOffset, byteLength))) conn.pauseReading();
    };
    conn.onDrain = () => this.#release();
    // For readers that may never take what is still buffered.
    conn.onEnding = () => this.emit("peerEnd");
    conn.onClose = (reason) => this.#closed(reason);
  }

  override _read(): void {
    this.#conn.resumeReading();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    this.#write(chunk, callback);
  }

  /** An HTTP chunk is three small writes: one message for all of them. */
  override _writev(chunks: { chunk: Buffer }[], callback: Callback): void {
    this.#write(Buffer.concat(chunks.map(({ chunk }) => chunk)), callback);
  }

  #write(bytes: Buffer, callback: Callback): void {
    if (this.#conn.write(bytes)) callback();
    else this.#waiting = callback;
  }

  /** Not earlier: `close` discards what was not sent yet. */
  override _final(callback: Callback): void {
    this.#conn.close();
    callback();
  }

  override _destroy(error: Error | null, callback: Callback): void {
    if (error === null) this.#conn.close();
    else this.#conn.abort(error.message);
    callback(error);
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }

  #closed(reason: CloseReason): void {
    if (this.destroyed) return;
    if (reason.kind === "error") {
      this.destroy(new Error(reason.text));
      return;
    }
    // Nobody reads what was still to be written; the reader gets all data before the end.
    this.#release();
    // A paused reader comes to the end only when it reads on.
    if (this.readableLength > 0 || this.isPaused()) this.emit("peerEnd");
    this.push(null);
  }
}
