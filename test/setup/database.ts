/** Global setup: one embedded PostgreSQL with all migrations for the tests that run inside workerd. */
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { migrate } from "../../infra/migrate/migrate.ts";
import { readMigrations } from "../../infra/migrate/migrations.ts";
import { openDatabase } from "../../infra/postgres/client.ts";
import { temporaryPostgres } from "../../infra/postgres/temporary.ts";

declare module "vitest" {
  interface ProvidedContext {
    databaseUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { url, stop } = await migratedPostgres();
  project.provide("databaseUrl", url);
  return stop;
}

export async function migratedPostgres(): Promise<{ url: string; stop: () => Promise<void> }> {
  const { target, stop } = await temporaryPostgres();
  const database = openDatabase(target);
  await migrate(database, readMigrations(join(import.meta.dirname, "../../schema/migrations")));
  await database.end();
  const { user, password, host, port, database: name } = target;
  return { url: `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${name}`, stop };
}
