/** An embedded PostgreSQL with all migrations applied, for tests of the store. */
import { join } from "node:path";
import postgres from "postgres";
import type { Sql } from "postgres";
import { migrate } from "../../infra/migrate/migrate.ts";
import { readMigrations } from "../../infra/migrate/migrations.ts";
import { openDatabase } from "../../infra/postgres/client.ts";
import { temporaryPostgres } from "../../infra/postgres/temporary.ts";

/** With a client on it; `stop` ends both. */
export async function migratedSql(): Promise<{ sql: Sql; stop: () => Promise<void> }> {
  const database = await migratedPostgres();
  const sql = postgres(database.url, { max: 8, fetch_types: false });
  return {
    sql,
    stop: async () => {
      await sql.end();
      await database.stop();
    },
  };
}

export async function migratedPostgres(): Promise<{ url: string; stop: () => Promise<void> }> {
  const { target, stop } = await temporaryPostgres();
  const database = openDatabase(target);
  await migrate(database, readMigrations(join(import.meta.dirname, "../../schema/migrations")));
  await database.end();
  const { user, password, host, port, database: name } = target;
  return { url: `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${name}`, stop };
}
