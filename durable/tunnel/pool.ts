/** Streams of one session kept open between requests: a new one costs the agent a connection to its server. */
import type { Conn } from "../../wire/remotedialer/conn.ts";
import type { Session } from "../../wire/remotedialer/session.ts";

const maxIdle = 16;
/** Short: a pending timer keeps the object in memory, and a stream that outlives it is freed only by the agent's SYNC. */
const idleMs = 4_000;

export class ConnPool {
  readonly #session: Session;
  readonly #address: string;
  readonly #idle: Conn[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #used = false;

  constructor(session: Session, address: string) {
    this.#session = session;
    this.#address = address;
  }

  /** A kept stream, which may turn out to be closed by the agent just now, or a fresh one. */
  take(): { conn: Conn; reused: boolean } {
    this.#used = true;
    const conn = this.#idle.pop();
    return conn === undefined ? { conn: this.dial(), reused: false } : { conn, reused: true };
  }

  dial(): Conn {
    return this.#session.dial("tcp", this.#address);
  }

  put(conn: Conn): void {
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
    this.#timer ??= setTimeout(() => this.#expire(), idleMs);
  }

  /** Closes all when nothing was taken since the last look. */
  #expire(): void {
    this.#timer = undefined;
    if (this.#used) {
      this.#used = false;
      this.#timer = setTimeout(() => this.#expire(), idleMs);
      return;
    }
    for (const conn of this.#idle.splice(0)) conn.close();
  }

  /** An answer that nobody asked for: the stream is out of step. */
  #drop(conn: Conn): void {
    this.#forget(conn);
    conn.close();
  }

  #forget(conn: Conn): void {
    const at = this.#idle.indexOf(conn);
    if (at >= 0) this.#idle.splice(at, 1);
  }
}
