/** What the object keeps on disk: little, and written only on changes (design 4: rows are what idle clusters would pay for). */

import type { Revocation } from "./revocations.ts";

export interface TunnelRecord {
  readonly clusterId: string | undefined;
  /** Session keys by kind, as last seen open: sockets that are missing after a restart were lost without an event. */
  readonly open: readonly string[];
  /** When the last steve session was lost, epoch milliseconds. */
  readonly lastLostAt: number | undefined;
  /** Until when the cluster counts as watched, epoch milliseconds. */
  readonly watchedUntil: number;
  /** The API Worker has not heard of the last change. */
  readonly unreported: boolean;
  /** Of shard 0: over how many objects the tunnel has ever been spread. */
  readonly shards: number;
  /** What was said last of registration tokens (revocations.ts). */
  readonly revocation?: Revocation | undefined;
}

const key = "record";
const empty: TunnelRecord = {
  clusterId: undefined,
  open: [],
  lastLostAt: undefined,
  watchedUntil: 0,
  unreported: false,
  shards: 1,
};

export class RecordStore {
  readonly #storage: DurableObjectStorage;
  readonly #onWrite: () => void;
  #record: TunnelRecord;

  constructor(storage: DurableObjectStorage, onWrite: () => void) {
    this.#onWrite = onWrite;
    this.#storage = storage;
    this.#record = { ...empty, ...storage.kv.get<TunnelRecord>(key) };
  }

  get value(): TunnelRecord {
    return this.#record;
  }

  change(changes: Partial<TunnelRecord>): void {
    this.#record = { ...this.#record, ...changes };
    this.#storage.kv.put(key, this.#record);
    this.#onWrite();
  }

  forget(): void {
    this.#record = empty;
  }
}
