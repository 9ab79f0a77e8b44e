/**
 * Where bytes wait that slow readers leave unread, when memory is short (docs/design/tunnel.md, "Back pressure and limits"): the
 * object's own storage, a row for each MiB. Streams do not survive their object, so neither do these rows.
 */
import type { Spill, SpilledBytes } from "../../wire/remotedialer/unread-queue.ts";

const prefix = "spill:";
const maxBytes = 1 << 30;
/** Nothing waits for the disk: after a crash the bytes are of no use. */
const unconfirmed = { allowUnconfirmed: true } as const;

export class SpillStore implements Spill {
  readonly #storage: DurableObjectStorage;
  #count = 0;
  #bytes = 0;

  /** Forgets what an earlier life of the object left. */
  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    for (const [key] of storage.kv.list({ prefix })) void storage.delete(key, unconfirmed);
  }

  /** Bytes that wait here. */
  get bytes(): number {
    return this.#bytes;
  }

  put(bytes: Uint8Array<ArrayBuffer>): SpilledBytes | undefined {
    if (this.#bytes + bytes.length > maxBytes) return undefined;
    const { length } = bytes;
    const key = `${prefix}${this.#count++}`;
    this.#bytes += length;
    void this.#storage.put(key, bytes, unconfirmed);
    const drop = (): void => {
      this.#bytes -= length;
      void this.#storage.delete(key, unconfirmed);
    };
    return {
      length,
      drop,
      take: () => {
        const kept = this.#storage.kv.get<Uint8Array>(key);
        drop();
        if (kept === undefined) throw new Error("bytes that were put aside are gone");
        return kept;
      },
    };
  }
}
