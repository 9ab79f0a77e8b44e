/**
 * One connection to the database, kept while it is used: an idle object must be able to leave memory. postgres.js can close
 * idle connections itself, but sets and clears a timer for each statement: with small statements, a tenth of their CPU.
 */
import type { Sql } from "postgres";
import { openDatabase } from "../../schema/store/open-database.ts";
import type { DatabaseBinding } from "../../schema/store/open-database.ts";

const idleMs = 2_000;

export class KeptConnection {
  readonly #database: DatabaseBinding;
  #open: { readonly sql: Sql; usedAt: number } | undefined;

  constructor(database: DatabaseBinding) {
    this.#database = database;
  }

  /**
   * What `work` makes of the connection. If it fails, the next one gets a new client: postgres.js 3.4.9 goes on counting the
   * rows of an answer that a lost connection cut short, and would put the next answer behind them.
   */
  async use<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    const open = this.#opened();
    try {
      return await work(open.sql);
    } catch (error) {
      if (this.#open === open) this.#open = undefined;
      end(open.sql);
      throw error;
    }
  }

  #opened(): { readonly sql: Sql; usedAt: number } {
    const usedAt = Date.now();
    if (this.#open !== undefined) {
      this.#open.usedAt = usedAt;
      return this.#open;
    }
    const open = { sql: openDatabase(this.#database, { max: 1 }), usedAt };
    this.#open = open;
    setTimeout(() => this.#look(open), idleMs);
    return open;
  }

  #look(open: { readonly sql: Sql; readonly usedAt: number }): void {
    if (this.#open !== open) return;
    const left = open.usedAt + idleMs - Date.now();
    if (left > 0) {
      setTimeout(() => this.#look(open), left);
      return;
    }
    this.#open = undefined;
    end(open.sql);
  }
}

/** When what is under way is over. */
function end(sql: Sql): void {
  sql.end().catch(() => undefined);
}
