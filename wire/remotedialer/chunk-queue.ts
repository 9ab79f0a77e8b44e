/** Byte chunks, first in, first out. Pure. */

/** What a chunk costs beside its bytes: a peer that sends single bytes must not hold fifty times what is counted. */
export const chunkOverhead = 128;

export class ChunkQueue {
  #chunks: Uint8Array[] = [];
  /** `Array.shift` of a long array is linear: the head moves instead. */
  #head = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#head === this.#chunks.length;
  }

  /** Memory, roughly. */
  get cost(): number {
    return this.#bytes + (this.#chunks.length - this.#head) * chunkOverhead;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  shift(): Uint8Array | undefined {
    const chunk = this.#chunks[this.#head];
    if (chunk === undefined) return undefined;
    this.#head += 1;
    this.#bytes -= chunk.length;
    if (this.isEmpty) this.clear();
    else if (this.#head >= 1_024 && this.#head * 2 >= this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#head);
      this.#head = 0;
    }
    return chunk;
  }

  /** Gives back what remains of a chunk that was just taken. */
  unshift(rest: Uint8Array): void {
    if (this.#head > 0) this.#chunks[--this.#head] = rest;
    else this.#chunks.unshift(rest);
    this.#bytes += rest.length;
  }

  clear(): void {
    this.#chunks = [];
    this.#head = 0;
    this.#bytes = 0;
  }
}
