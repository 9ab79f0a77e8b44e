/** Reads generated migrations in drizzle-kit's layout: `meta/_journal.json` and one `<tag>.sql` each. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Migration {
  /** File name without `.sql`. */
  readonly tag: string;
  /** When it was generated, epoch milliseconds: its identity in `drizzle.__drizzle_migrations`. */
  readonly when: number;
  /** SHA-256 of the file, hexadecimal. */
  readonly hash: string;
  readonly statements: readonly string[];
}

interface Journal {
  readonly entries: readonly { readonly tag: string; readonly when: number }[];
}

/** All migrations below `dir`, oldest first. Throws when the journal or a file is missing. */
export function readMigrations(dir: string): Migration[] {
  const journal = JSON.parse(readFileSync(join(dir, "meta/_journal.json"), "utf8")) as Journal;
  return journal.entries
    .map(({ tag, when }) => {
      const text = readFileSync(join(dir, `${tag}.sql`), "utf8");
      const statements = text
        .split("--> statement-breakpoint")
        .map((statement) => statement.trim())
        .filter((statement) => statement !== "");
      return { tag, when, hash: createHash("sha256").update(text).digest("hex"), statements };
    })
    .sort((a, b) => a.when - b.when);
}
