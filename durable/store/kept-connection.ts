/**
 * One connection to the database, kept while it is used: an idle object must be able to leave memory. postgres.js can close
 * idle connections itself, but sets and clears a timer for each statement: with small statements, a tenth of their CPU.
 */
import postgres from "postgres";
import type { Sql } from "postgres";

const idleMs = 2_000;

export class KeptConnection {
  readonly #url: () => string;
  #open: { readonly sql: Sql; usedAt: number } | undefined;

  constructor(url: () => string) {
    this.#url = url;
  }

  /** To be asked for each statement, and not kept. */
  sql(): Sql {
    const usedAt = Date.now();
    if (this.#open !== undefined) {
      this.#open.usedAt = usedAt;
      return this.#open.sql;
    }
    const sql = postgres(this.#url(), { max: 1, fetch_types: false });
    this.#open = { sql, usedAt };
    setTimeout(() => this.#look(), idleMs);
    return sql;
  }

  #look(): void {
    const open = this.#open;
    if (open === undefined) return;
    const left = open.usedAt + idleMs - Date.now();
    if (left > 0) {
      setTimeout(() => this.#look(), left);
      return;
    }
    this.#open = undefined;
    // Waits for statements that are under way.
    open.sql.end().catch(() => undefined);
  }
}
