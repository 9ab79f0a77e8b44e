/** A map that forgets: what was set first goes when all together are too large. Pure. */
export class BoundedMap<V> {
  readonly #maxSize: number;
  readonly #sizeOf: (value: V, key: string) => number;
  readonly #values = new Map<string, V>();
  #size = 0;

  /** `sizeOf`: in the unit of `maxSize`, and always the same for a value. */
  constructor(maxSize: number, sizeOf: (value: V, key: string) => number) {
    this.#maxSize = maxSize;
    this.#sizeOf = sizeOf;
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: V): void {
    this.delete(key);
    this.#values.set(key, value);
    this.#size += this.#sizeOf(value, key);
    for (const oldest of this.#values.keys()) {
      if (this.#size <= this.#maxSize) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const value = this.#values.get(key);
    if (value === undefined) return;
    this.#values.delete(key);
    this.#size -= this.#sizeOf(value, key);
  }
}
