/**
 * What a reader has not taken yet, first in, first out: in memory at both ends, and in the middle, when memory is short, where
 * the host has put it. Pure but for the host's store.
 */
import { ChunkQueue } from "./chunk-queue.ts";

/** Bytes that the host keeps elsewhere. Of `take` and `drop`, one is called, once. */
export interface SpilledBytes {
  readonly length: number;
  take(): Uint8Array;
  drop(): void;
}

/** Memory is short: the host keeps the bytes, in a store of its own. */
export interface Spill {
  /** `bytes` are the caller's again when it returns. `undefined` = there is no room. */
  put(bytes: Uint8Array<ArrayBuffer>): SpilledBytes | undefined;
}

/** The next bytes stay in memory: a reader takes them without a look into the store. */
const keptBytes = 128 << 10;
/** Less is not worth a piece of its own. */
export const minSpillBytes = 128 << 10;
/** A piece comes back as a whole: as much memory as that, for each slow reader. */
const maxPieceBytes = 512 << 10;
/** What comes back goes to the reader in pieces like those that came from the peer. */
const readBytes = 64 << 10;

/** What `spillTo` gathers a piece in. */
const piece = new Uint8Array(maxPieceBytes);

export class UnreadQueue {
  #head = new ChunkQueue();
  #spilled: SpilledBytes[] = [];
  #spilledBytes = 0;
  #tail = new ChunkQueue();

  /** All of them. */
  get bytes(): number {
    return this.#head.bytes + this.#spilledBytes + this.#tail.bytes;
  }

  get isEmpty(): boolean {
    return this.#head.isEmpty && this.#spilled.length === 0 && this.#tail.isEmpty;
  }

  /** Memory, roughly: without what is elsewhere. */
  get cost(): number {
    return this.#head.cost + this.#tail.cost;
  }

  /** Bytes that `spillTo` could move. */
  get spillable(): number {
    return this.#spilled.length > 0 ? this.#tail.bytes : Math.max(0, this.#head.bytes - keptBytes);
  }

  push(chunk: Uint8Array): void {
    (this.#spilled.length > 0 ? this.#tail : this.#head).push(chunk);
  }

  shift(): Uint8Array | undefined {
    if (this.#head.isEmpty) this.#refill();
    return this.#head.shift();
  }

  #refill(): void {
    const spilled = this.#spilled.shift();
    if (spilled !== undefined) {
      this.#spilledBytes -= spilled.length;
      const bytes = spilled.take();
      for (let at = 0; at < bytes.length; at += readBytes)
        this.#head.push(bytes.subarray(at, at + readBytes));
    }
    if (this.#spilled.length > 0) return;
    for (let chunk = this.#tail.shift(); chunk !== undefined; chunk = this.#tail.shift())
      this.#head.push(chunk);
  }

  /** Moves what is not next to the store, as far as that has room. */
  spillTo(store: Spill): void {
    const kept = new ChunkQueue();
    if (this.#spilled.length === 0) {
      // What has waited longest is next.
      while (kept.bytes < keptBytes) {
        const chunk = this.#head.shift();
        if (chunk === undefined) break;
        kept.push(chunk);
      }
      this.#tail = this.#head;
      this.#head = kept;
    }
    while (this.#tail.bytes >= minSpillBytes) {
      const bytes = this.#takePiece();
      const spilled = store.put(bytes);
      if (spilled === undefined) {
        const rest = this.#tail;
        this.#tail = new ChunkQueue();
        this.#tail.push(bytes.slice());
        for (let chunk = rest.shift(); chunk !== undefined; chunk = rest.shift()) this.#tail.push(chunk);
        break;
      }
      this.#spilled.push(spilled);
      this.#spilledBytes += spilled.length;
    }
    if (this.#spilled.length === 0) this.#refill();
  }

  /** The first bytes of the tail, in one piece; valid until the next call. */
  #takePiece(): Uint8Array<ArrayBuffer> {
    // A whole one mostly, and garbage of that size and number is what memory would be full of.
    let length = 0;
    for (let chunk = this.#tail.shift(); chunk !== undefined; chunk = this.#tail.shift()) {
      const fits = Math.min(chunk.length, maxPieceBytes - length);
      piece.set(fits < chunk.length ? chunk.subarray(0, fits) : chunk, length);
      length += fits;
      if (fits < chunk.length) this.#tail.unshift(chunk.subarray(fits));
      if (length === maxPieceBytes) return piece;
    }
    return piece.slice(0, length);
  }

  clear(): void {
    this.#head.clear();
    this.#tail.clear();
    for (const spilled of this.#spilled.splice(0)) spilled.drop();
    this.#spilledBytes = 0;
  }
}
