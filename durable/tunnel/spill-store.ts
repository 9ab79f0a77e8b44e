/**
 * Where bytes wait that slow readers leave unread, when memory is short (docs/design/tunnel.md, "Back pressure and limits"): a
 * table of the object's storage. Streams do not survive their object, so neither do these rows.
 *
 * Not by `storage.put`, whose table has the values in the index of its keys: SQLite reads the whole of every value that it
 * compares a key with, ten times what is asked for with some hundred rows. So the platform's output gate waits for these writes:
 * they come many at a time.
 */
import type { Spill, SpilledBytes } from "../../wire/remotedialer/unread-queue.ts";

const maxBytes = 1 << 30;

export class SpillStore implements Spill {
  readonly #sql: SqlStorage;
  /** Rows that hold nothing of use. They are written again: a deletion would be a transaction that everybody waits for. */
  readonly #free: number[] = [];
  /** Without any there is no table. */
  #rows = 0;
  #bytes = 0;

  /** Forgets what an earlier life of the object left. */
  constructor({ sql }: { readonly sql: SqlStorage }) {
    this.#sql = sql;
    const left = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'spill'").toArray();
    if (left.length > 0) this.#sql.exec("DROP TABLE spill");
  }

  /** Bytes that wait here. */
  get bytes(): number {
    return this.#bytes;
  }

  put(bytes: Uint8Array<ArrayBuffer>): SpilledBytes | undefined {
    const { length } = bytes;
    if (this.#bytes + length > maxBytes) return undefined;
    if (this.#rows === 0) this.#sql.exec("CREATE TABLE spill (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)");
    const id = this.#free.pop() ?? ++this.#rows;
    this.#bytes += length;
    const whole = length === bytes.buffer.byteLength ? bytes : bytes.slice();
    this.#sql.exec("INSERT OR REPLACE INTO spill (id, bytes) VALUES (?, ?)", id, whole.buffer);
    const drop = (): void => {
      this.#bytes -= length;
      this.#free.push(id);
      if (this.#bytes === 0) this.#clear();
    };
    return {
      length,
      drop,
      take: () => {
        const kept = this.#sql.exec<{ bytes: ArrayBuffer }>("SELECT bytes FROM spill WHERE id = ?", id).one();
        drop();
        return new Uint8Array(kept.bytes);
      },
    };
  }

  #clear(): void {
    this.#free.length = 0;
    this.#rows = 0;
    this.#sql.exec("DROP TABLE spill");
  }
}
