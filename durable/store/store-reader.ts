/**
 * Reads single rows for all Workers over one kept connection: a connection of its own costs a request more than the read
 * (design 3). What arrives while a statement is under way is read by the next, so an answer is never older than its question.
 */
import { DurableObject } from "cloudflare:workers";
import type { StoreReaderRpc } from "../../schema/internal/rpc.ts";
import type { StoredRow } from "../../schema/store/encoding.ts";
import { readRows } from "../../schema/store/rows.ts";
import type { ObjectKey } from "../../schema/store/types.ts";
import type { DurableEnv } from "../env.ts";
import { KeptConnection } from "./kept-connection.ts";

/** Rows of 1.5 MiB at most. */
const maxBatch = 32;
const maxQueue = 4_096;

interface Waiting {
  readonly key: ObjectKey;
  readonly resolve: (row: StoredRow | undefined) => void;
  readonly reject: (error: unknown) => void;
}

export class StoreReader extends DurableObject<DurableEnv> implements StoreReaderRpc {
  readonly #connection = new KeptConnection(this.env.DB);
  readonly #queue: Waiting[] = [];
  #running: Promise<void> | undefined;

  /** Rejects when the database cannot be reached, or too many wait: the caller may read by itself. */
  async row(key: ObjectKey): Promise<StoredRow | undefined> {
    if (this.#queue.length >= maxQueue) throw new Error("too many reads wait");
    const row = new Promise<StoredRow | undefined>((resolve, reject) =>
      this.#queue.push({ key, resolve, reject }),
    );
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
    return row;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, maxBatch);
      try {
        const keys = batch.map(({ key }) => key);
        const rows = await this.#connection.use((sql) => readRows(sql, keys));
        batch.forEach(({ resolve }, at) => resolve(rows[at]));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
  }
}
