/** Bytes that come in pieces and are wanted whole. Pure. */

const firstCapacity = 256;

/** Costs at most twice what it holds, however small the pieces: a peer that sends single bytes must not cost a hundred times that. */
export class ByteBuffer {
  #bytes = new Uint8Array(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** A view, good until the next call. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Copies them. */
  append(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#length, firstCapacity));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(piece, this.#length);
    this.#length = length;
  }

  /** All of them, which are the caller's from now on. */
  take(): Uint8Array {
    const taken = this.bytes;
    this.#bytes = new Uint8Array(0);
    this.#length = 0;
    return taken;
  }
}
