/** Connections to PostgreSQL, lent per transaction, first come first served. */
import type { Log } from "../log.ts";
import type { DatabaseTarget } from "../postgres/database-url.ts";
import { ServerConnection } from "./server-connection.ts";
import { cancelServerSession, openServerSession } from "./server-startup.ts";

export interface PoolOptions {
  /** Where to connect; asked each time, because a restarted PostgreSQL may have another port. */
  readonly target: () => DatabaseTarget;
  /** Connections at most. */
  readonly size: number;
  /** How long a client waits for a connection, in milliseconds; Hyperdrive gives up after 15 s. */
  readonly waitMs: number;
  readonly log: Log;
}

interface Waiter {
  assigned(server: ServerConnection): void;
  failed(reason: string): void;
  readonly timer: NodeJS.Timeout;
}

const CONNECT_TIMEOUT_MS = 10_000;
const RETRY_MS = 100;
const IDLE_MS = 300_000;
const SWEEP_MS = 60_000;

export class ConnectionPool {
  readonly #options: PoolOptions;
  readonly #servers = new Set<ServerConnection>();
  /** Last in, first out: a quiet pool shrinks. */
  readonly #idle: ServerConnection[] = [];
  readonly #waiters = new Set<Waiter>();
  readonly #sweep: NodeJS.Timeout;
  #opening = 0;
  #closed = false;
  #lastFailure = "";
  /** What the server says of itself at start-up, repeated to each client. */
  parameters: ReadonlyMap<string, string> = new Map();

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#sweep = setInterval(() => this.#closeIdle(Date.now() - IDLE_MS), SWEEP_MS).unref();
  }

  /** Opens the first connection. Throws when the database cannot be reached. */
  async open(): Promise<void> {
    this.#park(await this.#connect());
  }

  /** Number of open connections. */
  get size(): number {
    return this.#servers.size;
  }

  /** Asks for a connection; exactly one of the two functions is called, unless the returned one withdraws the request. */
  borrow(assigned: (server: ServerConnection) => void, failed: (reason: string) => void): () => void {
    const idle = this.#idle.pop();
    if (idle !== undefined) {
      assigned(idle);
      return () => undefined;
    }
    const timer = setTimeout(() => {
      this.#waiters.delete(waiter);
      failed(this.#lastFailure || `all ${this.#options.size} connections are busy`);
    }, this.#options.waitMs);
    const waiter: Waiter = { assigned, failed, timer };
    this.#waiters.add(waiter);
    this.#openMore();
    return () => {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
    };
  }

  /** Gives back a connection whose client is done with it, or gone: an open transaction is rolled back. */
  async giveBack(server: ServerConnection): Promise<void> {
    server.takeBack();
    await server.cancelling;
    const clean = !server.tainted && (await server.rollBack());
    if (clean && this.#servers.has(server)) this.#park(server);
    else server.destroy();
  }

  /** Gives back a connection in the middle of something: the statement is cancelled, the connection closed. */
  abandon(server: ServerConnection): void {
    server.takeBack();
    // Closing alone would let a long statement run on until it next looks at its socket.
    void cancelServerSession(this.#options.target(), server.cancelKey, CONNECT_TIMEOUT_MS);
    server.destroy();
  }

  /** Passes a client's cancel request on. The connection is not lent to anybody else until it has arrived. */
  cancel(server: ServerConnection): void {
    const request = cancelServerSession(this.#options.target(), server.cancelKey, CONNECT_TIMEOUT_MS);
    server.cancelling = Promise.all([server.cancelling, request]).then(() => undefined);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#sweep);
    for (const waiter of this.#waiters) {
      clearTimeout(waiter.timer);
      waiter.failed("the pooler is closing");
    }
    this.#waiters.clear();
    for (const server of this.#servers) server.destroy();
  }

  #park(server: ServerConnection): void {
    server.idleSince = Date.now();
    const [next] = this.#waiters;
    if (next === undefined) {
      this.#idle.push(server);
      return;
    }
    this.#waiters.delete(next);
    clearTimeout(next.timer);
    next.assigned(server);
  }

  #openMore(): void {
    while (
      !this.#closed &&
      this.#opening < this.#waiters.size &&
      this.#servers.size + this.#opening < this.#options.size
    ) {
      this.#opening += 1;
      void this.#openOne();
    }
  }

  async #openOne(): Promise<void> {
    try {
      const server = await this.#connect();
      this.#opening -= 1;
      if (this.#closed) server.destroy();
      else this.#park(server);
    } catch (error) {
      this.#lastFailure = error instanceof Error ? error.message : String(error);
      this.#options.log("debug", "pooler", `cannot connect: ${this.#lastFailure}`);
      // Still counted as being opened while it waits, so that waiters do not hammer a database that is starting.
      setTimeout(() => {
        this.#opening -= 1;
        this.#openMore();
      }, RETRY_MS);
    }
  }

  async #connect(): Promise<ServerConnection> {
    const session = await openServerSession(this.#options.target(), CONNECT_TIMEOUT_MS);
    this.parameters = session.parameters;
    this.#lastFailure = "";
    const server: ServerConnection = new ServerConnection(session, () => {
      this.#servers.delete(server);
      const index = this.#idle.indexOf(server);
      if (index !== -1) this.#idle.splice(index, 1);
      this.#openMore();
    });
    this.#servers.add(server);
    return server;
  }

  #closeIdle(before: number): void {
    for (const server of this.#idle.filter((server) => server.idleSince < before)) server.destroy();
  }
}
