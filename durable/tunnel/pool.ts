/** Streams of one route kept open between requests: a new one costs a connection to the server, and may cost a TLS handshake. */
import type { ByteStream } from "../../wire/byte-stream.ts";

const maxIdle = 16;

export class ConnPool {
  /** A fresh stream. Throws when there can be none. */
  readonly dial: () => ByteStream;
  readonly #keptMs: number;
  readonly #idle: ByteStream[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #used = false;

  /** `keptMs`: unused for so long, and at most twice that, they are closed (times.ts). */
  constructor(dial: () => ByteStream, keptMs: number) {
    this.dial = dial;
    this.#keptMs = keptMs;
  }

  /** A kept stream, which may turn out to be closed by the agent just now, or a fresh one. */
  take(): { conn: ByteStream; reused: boolean } {
    this.#used = true;
    const conn = this.#idle.pop();
    return conn === undefined ? { conn: this.dial(), reused: false } : { conn, reused: true };
  }

  put(conn: ByteStream): void {
    if (!conn.open) return;
    if (this.#idle.length >= maxIdle) {
      conn.close();
      return;
    }
    conn.onData = () => this.#drop(conn);
    conn.onClose = () => this.#forget(conn);
    this.#idle.push(conn);
    // The last response may have left its brake on.
    conn.resumeReading();
    this.#timer ??= setTimeout(() => this.#expire(), this.#keptMs);
  }

  /** Closes all when nothing was taken since the last look. */
  #expire(): void {
    this.#timer = undefined;
    if (this.#used) {
      this.#used = false;
      this.#timer = setTimeout(() => this.#expire(), this.#keptMs);
      return;
    }
    this.clear();
  }

  /** Closes what is kept. */
  clear(): void {
    for (const conn of this.#idle.splice(0)) conn.close();
  }

  /** An answer that nobody asked for: the stream is out of step. */
  #drop(conn: ByteStream): void {
    this.#forget(conn);
    conn.close();
  }

  #forget(conn: ByteStream): void {
    const at = this.#idle.indexOf(conn);
    if (at >= 0) this.#idle.splice(at, 1);
  }
}
