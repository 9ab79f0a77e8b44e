/** Random numbers that a seed repeats (xmur3 and sfc32, public domain), and what the targets draw with them. */

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #count = 1;

  /** The same parts give the same numbers. */
  constructor(...seed: readonly (string | number)[]) {
    const mix = mixer(seed.join("/"));
    [this.#a, this.#b, this.#c] = [mix(), mix(), mix()];
    for (let warmUp = 0; warmUp < 12; warmUp++) this.#next();
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** 0 to `below` - 1. */
  int(below: number): number {
    return below <= 1 ? 0 : this.#next() % below;
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.int(times) === 0;
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.int(from.length)];
    if (picked === undefined) throw new Error("nothing to pick from");
    return picked;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#next() & 0xff);
  }

  /** Mostly short, at times up to `max`. */
  length(max: number): number {
    return this.int(this.pick([2, 16, 128, max + 1]));
  }
}

function mixer(text: string): () => number {
  let hash = 1_779_033_703 ^ text.length;
  for (const character of text) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 3_432_918_353);
    hash = (hash << 13) | (hash >>> 19);
  }
  return () => {
    hash = Math.imul(hash ^ (hash >>> 16), 2_246_822_507);
    hash = Math.imul(hash ^ (hash >>> 13), 3_266_489_909);
    hash ^= hash >>> 16;
    return hash >>> 0;
  };
}
