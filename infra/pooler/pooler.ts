/**
 * The loopback transaction pooler that stands in Hyperdrive's place: workerd connects to a unix socket and gets a
 * PostgreSQL connection for one transaction at a time.
 */
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer } from "node:net";
import type { Log } from "../log.ts";
import type { DatabaseTarget } from "../postgres/database-url.ts";
import { cannotConnect } from "../postgres/reach.ts";
import { ClientConnection } from "./client-connection.ts";
import { ConnectionPool } from "./connection-pool.ts";
import { StatementRegistry } from "./prepared-statements.ts";

export interface PoolerOptions {
  /** Where to listen. Whoever can open it has the database: its directory must have mode 0700. */
  readonly socketPath: string;
  /** The database; asked at each new connection. */
  readonly target: () => DatabaseTarget;
  readonly log: Log;
  /** Connections to the database at most. */
  readonly size?: number;
  /** How long a client waits for one of them. */
  readonly waitMs?: number;
}

export interface Pooler {
  /** Open connections to the database. */
  serverCount(): number;
  stop(): Promise<void>;
}

/** Opens a first connection to the database, then listens. Throws `UserError` when it cannot be reached. */
export async function startPooler(options: PoolerOptions): Promise<Pooler> {
  const { socketPath, target, log, size = 20, waitMs = 15_000 } = options;
  const pool = new ConnectionPool({ target, size, waitMs, log });
  const clients = new Map<string, ClientConnection>();
  const registry = new StatementRegistry();
  const open = new Set<ClientConnection>();
  try {
    await pool.open().catch((error: unknown) => {
      throw cannotConnect(target(), error);
    });
    rmSync(socketPath, { force: true });
    const server = createServer((socket) => {
      const client = new ClientConnection(socket, { pool, registry, clients });
      open.add(client);
      socket.on("close", () => open.delete(client));
    });
    server.listen(socketPath);
    await once(server, "listening");
    return {
      serverCount: () => pool.size,
      stop: async () => {
        const closed = once(server, "close");
        server.close();
        for (const client of open) client.destroy();
        pool.close();
        await closed;
      },
    };
  } catch (error) {
    pool.close();
    throw error;
  }
}
