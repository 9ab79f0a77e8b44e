/** One client of the pooler: holds a server connection while a transaction runs, and none in between. */
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import type { ConnectionPool } from "./connection-pool.ts";
import { FrameScanner } from "./frames.ts";
import {
  CANCEL_REQUEST,
  GSSENC_REQUEST,
  PROTOCOL_3_0,
  SSL_REQUEST,
  code,
  cString,
  errorResponse,
  int32,
  message,
} from "./messages.ts";
import type { Statement, StatementRegistry } from "./prepared-statements.ts";
import type { Borrower, ServerConnection } from "./server-connection.ts";
import type { Verdict } from "./statement-rules.ts";
import { judge } from "./statement-rules.ts";

export interface ClientContext {
  readonly pool: ConnectionPool;
  readonly registry: StatementRegistry;
  /** Clients by their cancel key (hex). */
  readonly clients: Map<string, ClientConnection>;
}

/** A commit batch of 128 objects of 1.5 MiB is one message; more than this is a mistake. */
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;
const MAX_STARTUP_BYTES = 10_000;

export class ClientConnection implements Borrower {
  readonly #socket: Socket;
  readonly #context: ClientContext;
  readonly #cancelKey = randomBytes(8);
  readonly #statements = new Map<string, Statement>();
  readonly #scanner: FrameScanner;
  #startup: Buffer | undefined = Buffer.alloc(0);
  #server: ServerConnection | undefined;
  /** Frames that wait for a server connection. Bounded: the socket is paused meanwhile. */
  #queue: Buffer[] = [];
  #withdraw: (() => void) | undefined;
  /** Extended-protocol messages were sent that no Sync has closed yet. */
  #unsynced = false;
  /** A transaction was begun by a message whose ReadyForQuery has not come yet. */
  #begun = false;
  /** A statement was refused; messages up to the next Sync are skipped, as the server would do after an error. */
  #refused: { readonly reason: string; raised: boolean } | undefined;

  constructor(socket: Socket, context: ClientContext) {
    this.#socket = socket;
    this.#context = context;
    this.#scanner = new FrameScanner(
      {
        gathers: () => true,
        frame: (_type, frame) => this.#enqueue(frame),
        pass: () => undefined,
      },
      MAX_MESSAGE_BYTES,
    );
    socket
      .on("data", (chunk: Buffer) => this.#onData(chunk))
      .on("drain", () => this.#server?.resume())
      .on("error", () => socket.destroy())
      .on("close", () => this.#onClose());
  }

  /** Asks the server to cancel what this client is doing, if it is doing anything. */
  cancel(): void {
    if (this.#server !== undefined) this.#context.pool.cancel(this.#server);
  }

  receive(bytes: Buffer): void {
    if (!this.#socket.write(bytes)) this.#server?.pause();
  }

  ready(): void {
    this.#begun = false;
    const server = this.#server;
    if (server === undefined || server.status !== "I" || !server.statements.settled || this.#unsynced) return;
    this.#server = undefined;
    void this.#context.pool.giveBack(server);
    this.#socket.resume();
  }

  lost(): void {
    this.#server = undefined;
    this.#fatal("08006", "the connection to the database was lost");
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    try {
      if (this.#startup === undefined) this.#scanner.push(chunk);
      else this.#onStartup(Buffer.concat([this.#startup, chunk]));
    } catch (error) {
      this.#fatal("08P01", error instanceof Error ? error.message : String(error));
    }
  }

  #onStartup(buffer: Buffer): void {
    this.#startup = buffer;
    if (buffer.length < 8) return;
    const size = buffer.readInt32BE(0);
    if (size < 8 || size > MAX_STARTUP_BYTES) throw new RangeError("malformed start-up packet");
    if (buffer.length < size) return;
    const request = buffer.readInt32BE(4);
    const rest = buffer.subarray(size);
    switch (request) {
      case SSL_REQUEST:
      case GSSENC_REQUEST:
        this.#socket.write("N");
        this.#startup = Buffer.alloc(0);
        break;
      case CANCEL_REQUEST:
        this.#context.clients.get(buffer.toString("hex", 8, size))?.cancel();
        this.#socket.destroySoon();
        return;
      default:
        if (request >> 16 !== 3) throw new RangeError("unsupported protocol version");
        this.#startup = undefined;
        this.#welcome(request, buffer.subarray(8, size));
    }
    if (rest.length > 0) this.#onData(rest);
  }

  /** Trust: the socket is in a directory of mode 0700. Only the database we were told to use is behind it. */
  #welcome(version: number, packet: Buffer): void {
    const options = packet
      .toString("utf8")
      .split("\0")
      .filter((name, index) => index % 2 === 0 && name.startsWith("_pq_."));
    const parameters = [...this.#context.pool.parameters].map(([name, value]) => message("S", name, value));
    const negotiation = message("v", 0, options.length, ...options);
    this.#context.clients.set(this.#cancelKey.toString("hex"), this);
    this.#socket.write(
      Buffer.concat([
        ...(version === PROTOCOL_3_0 && options.length === 0 ? [] : [negotiation]),
        message("R", 0),
        ...parameters,
        message("K", this.#cancelKey),
        READY,
      ]),
    );
  }

  #enqueue(frame: Buffer): void {
    if (this.#withdraw !== undefined) this.#queue.push(frame);
    else if (this.#server !== undefined) this.#dispatch(frame, this.#server);
    else this.#dispatchIdle(frame);
  }

  /** No server connection is held: anything but housekeeping needs one. */
  #dispatchIdle(frame: Buffer): void {
    const type = String.fromCharCode(frame[0] ?? 0);
    if (type === "X") this.#socket.destroySoon();
    else if (type === "S") this.#socket.write(READY);
    else if (type !== "H") {
      this.#queue.push(frame);
      this.#socket.pause();
      let waiting = true;
      const withdraw = this.#context.pool.borrow(
        (server) => {
          waiting = false;
          this.#withdraw = undefined;
          this.#begin(server);
        },
        (reason) => {
          this.#withdraw = undefined;
          this.#fatal("53300", `no database connection: ${reason}`);
        },
      );
      if (waiting) this.#withdraw = withdraw;
    }
  }

  #begin(server: ServerConnection): void {
    this.#server = server;
    server.lendTo(this);
    server.onDrain = () => this.#socket.resume();
    const queue = this.#queue;
    this.#queue = [];
    this.#socket.resume();
    try {
      for (const frame of queue) this.#dispatch(frame, server);
    } catch (error) {
      this.#fatal("08P01", error instanceof Error ? error.message : String(error));
    }
  }

  #send(server: ServerConnection, ...frames: readonly Buffer[]): void {
    if (!server.send(...frames)) this.#socket.pause();
  }

  #dispatch(frame: Buffer, server: ServerConnection): void {
    const type = String.fromCharCode(frame[0] ?? 0);
    if (type === "X") {
      this.#socket.destroySoon();
      return;
    }
    if (this.#refused !== undefined && type !== "S") {
      if (type === "H") this.#raise(server, this.#refused, "drop");
      return;
    }
    switch (type) {
      case "Q":
        this.#query(frame, server);
        return;
      case "S":
        this.#sync(frame, server);
        return;
      case "P":
        this.#parse(frame, server);
        break;
      case "B":
        this.#bind(frame, server);
        break;
      case "D":
        this.#describe(frame, server);
        break;
      case "C":
        this.#close(frame, server);
        break;
      case "E":
      case "H":
        this.#send(server, frame);
        break;
      default:
        throw new RangeError(`message type ${type} is not supported`);
    }
    this.#unsynced = true;
  }

  #query(frame: Buffer, server: ServerConnection): void {
    // PostgreSQL would skip a Query after an error in such a pipeline, and answers could no longer be told apart.
    if (this.#unsynced) throw new RangeError("Query inside an extended-protocol sequence without Sync");
    const refusal = this.#refusal(judge(cString(frame, 5).text), server);
    server.statements.syncSent("query");
    this.#send(server, refusal === undefined ? frame : raise(refusal));
  }

  #sync(frame: Buffer, server: ServerConnection): void {
    this.#unsynced = false;
    const refused = this.#refused;
    this.#refused = undefined;
    if (refused !== undefined && !refused.raised) {
      this.#raise(server, refused, "pass");
      return;
    }
    server.statements.syncSent("sync");
    this.#send(server, frame);
  }

  /**
   * Makes the server itself raise the error of a refusal: in its turn, and failing the transaction as any error does.
   * A client that asked by Flush waits for the error before it sends its Sync.
   */
  #raise(
    server: ServerConnection,
    refused: { readonly reason: string; raised: boolean },
    answer: "pass" | "drop",
  ): void {
    if (refused.raised) return;
    refused.raised = true;
    server.statements.syncSent("sync", "drop");
    server.statements.syncSent("query", answer);
    this.#send(server, SYNC, raise(refused.reason));
  }

  /** Notes a refusal and says whether there is one. */
  #refuses(verdict: Verdict, server: ServerConnection): boolean {
    const reason = this.#refusal(verdict, server);
    if (reason !== undefined) this.#refused = { reason, raised: false };
    return reason !== undefined;
  }

  #parse(frame: Buffer, server: ServerConnection): void {
    const name = cString(frame, 5);
    const statement = this.#context.registry.intern(frame.subarray(name.end));
    if (this.#refuses(statement.verdict, server)) return;
    this.#statements.set(name.text, statement);
    this.#send(server, ...server.statements.parse(statement, name.text !== ""));
  }

  #bind(frame: Buffer, server: ServerConnection): void {
    const portal = cString(frame, 5);
    const name = cString(frame, portal.end);
    const statement = this.#statements.get(name.text);
    if (statement === undefined) {
      this.#send(server, frame);
      return;
    }
    if (this.#refuses(statement.verdict, server)) return;
    const named = name.text !== "";
    const missing = server.statements.require(statement, named);
    if (!named) {
      this.#send(server, ...missing, frame);
      return;
    }
    // The parameters may be megabytes: only what stands before them is written anew.
    const head = Buffer.concat([frame.subarray(5, portal.end), Buffer.from(`${statement.name}\0`)]);
    const parameters = frame.subarray(name.end);
    this.#send(
      server,
      ...missing,
      Buffer.from("B"),
      int32(4 + head.length + parameters.length),
      head,
      parameters,
    );
  }

  #describe(frame: Buffer, server: ServerConnection): void {
    const name = cString(frame, 6);
    const statement = frame[5] === code("S") ? this.#statements.get(name.text) : undefined;
    if (statement === undefined) {
      this.#send(server, frame);
      return;
    }
    const named = name.text !== "";
    const describe = named ? message("D", Buffer.from("S"), statement.name) : frame;
    this.#send(server, ...server.statements.require(statement, named), describe);
  }

  #close(frame: Buffer, server: ServerConnection): void {
    if (frame[5] === code("S")) {
      this.#statements.delete(cString(frame, 6).text);
      this.#send(server, server.statements.closeStatement());
    } else {
      server.statements.closePortalSent();
      this.#send(server, frame);
    }
  }

  /** Why a statement may not run now, or `undefined`. */
  #refusal(verdict: Verdict, server: ServerConnection): string | undefined {
    if (verdict.refused !== undefined) {
      return `${verdict.refused} is not available: database connections are shared between transactions, as with Hyperdrive`;
    }
    const { session } = verdict;
    if (session !== undefined) {
      if (!session.covered && server.status === "I" && !this.#begun) {
        return `${session.name} outside a transaction is not available: database connections are shared, as with Hyperdrive`;
      }
      server.tainted = true;
    }
    this.#begun ||= verdict.begins;
    return undefined;
  }

  #fatal(sqlState: string, text: string): void {
    this.#socket.removeAllListeners("data");
    this.#socket.write(errorResponse({ severity: "FATAL", sqlState, message: text }));
    this.#socket.destroySoon();
    // The client may never read it: what it holds is given back now.
    this.#letGo();
  }

  #onClose(): void {
    this.#context.clients.delete(this.#cancelKey.toString("hex"));
    this.#letGo();
  }

  #letGo(): void {
    this.#withdraw?.();
    this.#withdraw = undefined;
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    if (server.statements.settled && !this.#unsynced) void this.#context.pool.giveBack(server);
    else this.#context.pool.abandon(server);
  }
}

const READY = message("Z", Buffer.from("I"));
const SYNC = message("S");

/** A query that fails with our words. `text` holds names of a fixed set or single SQL words, so no quote. */
function raise(text: string): Buffer {
  return message("Q", `DO 'BEGIN RAISE EXCEPTION USING ERRCODE = ''0A000'', MESSAGE = ''${text}''; END'`);
}
