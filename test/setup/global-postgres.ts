/** One migrated PostgreSQL for all tests inside workerd. */
import { createRequire } from "node:module";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    readonly databaseUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // By Node itself: Vite would resolve packages as for workerd, where this file does not run.
  const { migratedPostgres } = createRequire(import.meta.url)(
    "./database.ts",
  ) as typeof import("./database.ts");
  const { url, stop } = await migratedPostgres();
  project.provide("databaseUrl", url);
  return stop;
}
