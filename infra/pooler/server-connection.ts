/** One pooled connection to PostgreSQL, lent to one client for one transaction at a time. */
import type { Socket } from "node:net";
import { code, errorFields, message } from "./messages.ts";
import { FrameScanner } from "./frames.ts";
import { PARSE_COMPLETE, ServerStatements } from "./prepared-statements.ts";
import type { ServerSession } from "./server-startup.ts";

/** Whoever holds the connection. */
export interface Borrower {
  /** Bytes for the client, in order. */
  receive(bytes: Buffer): void;
  /** A ReadyForQuery has just been received; the connection may be given back if nothing more is under way. */
  ready(): void;
  /** The connection broke; it is the pool's business no more. */
  lost(): void;
  /** Everything between these two may go out as one write. */
  cork(): void;
  uncork(): void;
}

const GATHERED = new Set(["1", "3", "Z", "E"].map(code));
const MAX_GATHERED_BYTES = 1_000_000;
/** The server's copy of a statement is broken or gone; the next client must not meet it. */
const STALE_STATEMENT = new Set(["26000", "0A000"]);

export class ServerConnection {
  readonly statements = new ServerStatements();
  readonly cancelKey: Buffer;
  /** Transaction status of the last ReadyForQuery: `I` idle, `T` in a transaction, `E` in a failed one. */
  status = "I";
  /** Session state was changed: not to be used again after this transaction. */
  tainted = false;
  /** A cancel request is on its way to this connection, which must not hit the next client. */
  cancelling: Promise<void> | undefined;
  idleSince = Date.now();
  readonly #socket: Socket;
  readonly #scanner: FrameScanner;
  #borrower: Borrower | undefined;

  constructor(session: ServerSession, onGone: () => void) {
    this.#socket = session.socket;
    this.cancelKey = session.cancelKey;
    this.#scanner = new FrameScanner(
      {
        gathers: (type) => GATHERED.has(type),
        frame: (type, frame) => this.#receive(type, frame),
        pass: (bytes) => this.#borrower?.receive(bytes),
      },
      MAX_GATHERED_BYTES,
    );
    this.#socket
      .on("data", (chunk: Buffer) => this.#onData(chunk))
      .on("drain", () => this.onDrain?.())
      .on("error", () => this.#socket.destroy())
      .on("close", () => {
        onGone();
        this.#borrower?.lost();
      })
      .resume();
  }

  /** Called when the server can take bytes again after `send` returned `false`. */
  onDrain: (() => void) | undefined;

  lendTo(borrower: Borrower): void {
    this.#borrower = borrower;
  }

  /** Takes the connection back; answers that still come are dropped. */
  takeBack(): void {
    this.#borrower = undefined;
    this.onDrain = undefined;
    this.resume();
  }

  /** Sends frames in one write. Returns `false` when the sender should wait for `onDrain`. */
  send(...frames: readonly Buffer[]): boolean {
    this.#socket.cork();
    let room = true;
    for (const frame of frames) room = this.#socket.write(frame);
    this.#socket.uncork();
    return room;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Ends an open transaction so that the connection can serve somebody else. Resolves to `false` when that failed. */
  async rollBack(): Promise<boolean> {
    if (this.status === "I") return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.lendTo({
      receive: () => undefined,
      ready: () => resolve(this.status === "I"),
      lost: () => resolve(false),
      cork: () => undefined,
      uncork: () => undefined,
    });
    this.statements.syncSent("query");
    this.send(message("Q", "ROLLBACK"));
    const clean = await promise;
    this.takeBack();
    return clean;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    const borrower = this.#borrower;
    borrower?.cork();
    try {
      this.#scanner.push(chunk);
    } catch {
      this.#socket.destroy();
    } finally {
      borrower?.uncork();
    }
  }

  #receive(type: number, frame: Buffer): void {
    switch (String.fromCharCode(type)) {
      case "1":
      case "3": {
        const answer = this.statements.completed();
        if (answer === "parse-complete") this.#borrower?.receive(PARSE_COMPLETE);
        else if (answer === "pass") this.#borrower?.receive(frame);
        break;
      }
      case "Z": {
        this.status = String.fromCharCode(frame[5] ?? 0);
        if (this.statements.ready() === "pass") this.#borrower?.receive(frame);
        this.#borrower?.ready();
        break;
      }
      default:
        if (STALE_STATEMENT.has(errorFields(frame).get("C") ?? "")) this.tainted = true;
        this.#borrower?.receive(frame);
    }
  }
}
