import { defineConfig } from "drizzle-kit";

/** `npx drizzle-kit generate` after a change of schema/tables.ts. */
export default defineConfig({
  dialect: "postgresql",
  schema: "./schema/tables.ts",
  out: "./schema/migrations",
});
