/** `npm run migrate -- --database-url URL`: applies the migrations of this version to a database. */
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { withDatabase } from "../postgres/client.ts";
import { describeTarget, parseDatabaseUrl } from "../postgres/database-url.ts";
import { reachDatabase } from "../postgres/reach.ts";
import { UserError } from "../user-error.ts";
import { migrate } from "./migrate.ts";
import { readMigrations } from "./migrations.ts";
import { noteStoredForms } from "./stored-forms.ts";

/** Where drizzle-kit writes them. */
export const MIGRATIONS_DIR = join(import.meta.dirname, "../../schema/migrations");

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { "database-url": { type: "string" } } });
  const url = values["database-url"] ?? process.env["DROVER_DATABASE_URL"];
  if (url === undefined)
    throw new UserError("give --database-url postgres://user:password@host:port/database");
  const target = parseDatabaseUrl(url);
  await reachDatabase(target);
  const applied = await withDatabase(target, async (database) => {
    const tags = await migrate(database, readMigrations(MIGRATIONS_DIR));
    await noteStoredForms(database);
    return tags;
  });
  const what = applied.length === 0 ? "up to date" : `applied ${applied.join(", ")}`;
  console.log(`${describeTarget(target)}: ${what}`);
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    // A wrong option is the operator's, too (parseArgs).
    console.error(error instanceof UserError || error instanceof TypeError ? error.message : error);
    process.exitCode = 1;
  }
}
