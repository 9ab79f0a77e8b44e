/** The one way to the database from Workers and objects. */
import postgres from "postgres";
import type { Sql } from "postgres";
import { DatabaseSocket } from "./database-socket.ts";
import type { PlatformSocket } from "./database-socket.ts";

/** The binding: Hyperdrive, or the pooler in its place. */
export interface DatabaseBinding {
  readonly connectionString: string;
  /** Absent in Node, where postgres.js connects by itself. */
  readonly connect?: () => PlatformSocket;
}

/** postgres.js' own; seconds. */
export interface ClientOptions {
  readonly max: number;
  readonly connect_timeout?: number;
}

/** Connects with the first statement. `max`: connections at most. */
export function openDatabase(database: DatabaseBinding, options: ClientOptions): Sql {
  const connect = database.connect?.bind(database);
  return postgres(database.connectionString, {
    ...options,
    fetch_types: false,
    // postgres.js asks for it (src/connection.js), its types do not know it.
    ...(connect === undefined ? {} : { socket: () => new DatabaseSocket(connect()) }),
  });
}
