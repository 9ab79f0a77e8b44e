/** The database of one invocation. */
import type { Sql } from "postgres";
import { openDatabase } from "../../schema/store/open-database.ts";
import type { Env } from "../env.ts";

/** A client for one request. Not ended: the platform closes its sockets with the invocation (platform.md 6). */
export function openSql(env: Pick<Env, "DB">): Sql {
  return openDatabase(env.DB, { max: 4, connect_timeout: 10 });
}
