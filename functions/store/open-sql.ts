/** The database of one invocation. */
import postgres from "postgres";
import type { Sql } from "postgres";
import type { Env } from "../env.ts";

/** A client for one request. Not ended: the platform closes its sockets with the invocation (platform.md 6). */
export function openSql(env: Pick<Env, "DB">): Sql {
  return postgres(env.DB.connectionString, { max: 4, fetch_types: false, connect_timeout: 10 });
}
