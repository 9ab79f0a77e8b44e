/** The database under Drover: embedded or external, brought up to date. */
import { migrate } from "../migrate/migrate.ts";
import { readMigrations } from "../migrate/migrations.ts";
import { noteStoredForms } from "../migrate/stored-forms.ts";
import { withDatabase } from "../postgres/client.ts";
import type { DatabaseTarget } from "../postgres/database-url.ts";
import { parseDatabaseUrl } from "../postgres/database-url.ts";
import type { PostgresPart } from "../postgres/embedded.ts";
import { reachDatabase } from "../postgres/reach.ts";
import { preparePostgres, startPostgres } from "../postgres/embedded.ts";
import type { Log } from "../log.ts";
import { refuseSecondInstance } from "./lease.ts";
import { supervise } from "./supervise.ts";

export interface RunningDatabase {
  /** Where it is now: an embedded PostgreSQL may change its port when it is started again. */
  target(): DatabaseTarget;
  /** Process id of the embedded PostgreSQL. */
  pid(): number | undefined;
  stop(): Promise<void>;
}

export function externalDatabase(url: string): RunningDatabase {
  const target = parseDatabaseUrl(url);
  return { target: () => target, pid: () => undefined, stop: () => Promise.resolve() };
}

export async function embeddedDatabase(dataDir: string, log: Log): Promise<RunningDatabase> {
  const installation = await preparePostgres(dataDir, log);
  let target: DatabaseTarget | undefined;
  const start = async (signal: AbortSignal): Promise<PostgresPart> => {
    const part = await startPostgres(installation, log, signal);
    target = parseDatabaseUrl(part.url);
    return part;
  };
  const postgres = await supervise({ name: "postgres", log, start });
  return {
    target: () => {
      if (target === undefined) throw new Error("PostgreSQL was never started");
      return target;
    },
    pid: () => postgres.pid(),
    stop: () => postgres.stop(),
  };
}

/**
 * Applies migrations and returns their names. Throws `UserError` when the database cannot be reached, is used by another
 * Drover (which must not be migrated under its feet), or is ahead of this version.
 */
export async function prepareDatabase(
  target: DatabaseTarget,
  holder: string,
  migrationsDir: string,
): Promise<string[]> {
  await reachDatabase(target);
  return withDatabase(target, async (database) => {
    await refuseSecondInstance(database, holder);
    const applied = await migrate(database, readMigrations(migrationsDir));
    await noteStoredForms(database);
    return applied;
  });
}
