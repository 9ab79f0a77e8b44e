/** The launcher's own connections to the database: migrations and the instance lease. They do not go through the pooler. */
import postgres from "postgres";
import { UserError } from "../user-error.ts";
import type { DatabaseTarget } from "./database-url.ts";
import { describeTarget, tlsOptions } from "./database-url.ts";
import { cannotConnect } from "./reach.ts";

export type Database = postgres.Sql;

/** A client with one connection, opened at the first query. Call `end()` when done. */
export function openDatabase(target: DatabaseTarget): Database {
  return postgres({
    host: target.host,
    port: target.port,
    user: target.user,
    pass: target.password,
    database: target.database,
    ssl: target.tls === "disable" ? false : target.tls === "prefer" ? "prefer" : tlsOptions(target),
    max: 1,
    connect_timeout: 10,
    fetch_types: false,
    onnotice: () => undefined,
    connection: { application_name: "drover-launcher" },
  });
}

/** Runs `use` on a connection of its own. Throws `UserError` as `explainDatabaseError` makes it. */
export async function withDatabase<T>(
  target: DatabaseTarget,
  use: (database: Database) => Promise<T>,
): Promise<T> {
  const database = openDatabase(target);
  try {
    return await use(database);
  } catch (error) {
    throw explainDatabaseError(error, target);
  } finally {
    await database.end({ timeout: 1 });
  }
}

/** SQLSTATE classes in which the connection itself is at fault: wrong password, no such database, too many clients, … */
const REFUSED = /^(08|28|3D|53|57)/;

/** Turns a failure to connect into one line for the operator; any other error is returned as it is. */
export function explainDatabaseError(error: unknown, target: DatabaseTarget): unknown {
  if (!(error instanceof Error) || error instanceof UserError) return error;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const failedQuery = error instanceof postgres.PostgresError && !REFUSED.test(code);
  if (code === "42501")
    return new UserError(`--database-url: ${describeTarget(target)}: ${error.message}; the user must own it`);
  if (failedQuery || code === "") return error;
  return cannotConnect(target, error);
}
