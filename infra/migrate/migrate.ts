/**
 * Applies migrations, each in a transaction of its own, under a lock, recorded where drizzle records them. Not drizzle's own
 * `migrate()`: that takes no lock, and says nothing when the database is ahead of the code.
 */
import type { Database } from "../postgres/client.ts";
import { UserError } from "../user-error.ts";
import type { Migration } from "./migrations.ts";

/** Any number that nobody else locks: the bytes of "drover". */
const LOCK = "110442659079538";

/**
 * Brings a database up to date and returns the tags applied. Throws `UserError` when the database was migrated by a newer
 * version, or when an applied migration has since been changed; nothing is altered then.
 */
export async function migrate(database: Database, migrations: readonly Migration[]): Promise<string[]> {
  const applied: string[] = [];
  // The lock is the transaction's, so each round reads again what another start may have done between two of them.
  for (;;) {
    const tag = await database.begin(async (sql) => {
      await sql`select pg_advisory_xact_lock(${LOCK}::bigint)`;
      await sql`create schema if not exists drizzle`;
      await sql`
        create table if not exists drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)`;
      const done = await sql<{ hash: string; createdAt: string }[]>`
        select hash, created_at::text as "createdAt" from drizzle.__drizzle_migrations order by created_at`;
      const next = nextMigration(migrations, new Map(done.map((row) => [Number(row.createdAt), row.hash])));
      if (next === undefined) return undefined;
      for (const statement of next.statements) await sql.unsafe(statement);
      await sql`
        insert into drizzle.__drizzle_migrations (hash, created_at) values (${next.hash}, ${next.when}::bigint)`;
      return next.tag;
    });
    if (tag === undefined) return applied;
    applied.push(tag);
  }
}

/** The first migration that is not applied. `done` maps `when` to `hash`. Pure. */
export function nextMigration(
  migrations: readonly Migration[],
  done: ReadonlyMap<number, string>,
): Migration | undefined {
  const known = new Map(migrations.map((migration) => [migration.when, migration]));
  for (const [when, hash] of done) {
    const migration = known.get(when);
    if (migration === undefined) {
      const date = new Date(when).toISOString().slice(0, 10);
      throw new UserError(
        `the database belongs to a newer version of Drover (it has a migration of ${date} unknown here)`,
      );
    }
    if (migration.hash !== hash) {
      throw new UserError(
        `the database has another version of migration ${migration.tag}: it was changed after it was applied`,
      );
    }
  }
  return migrations.find((migration) => !done.has(migration.when));
}
