/** Code points that a program cannot tell apart, as one small number: what a table of states is indexed by. Pure. */
import { perlClasses } from "./named-classes.ts";
import type { Program } from "./program.ts";

export class Alphabet {
  /** First code point of each class, ascending. */
  readonly #starts: number[];
  readonly #ascii: Uint16Array;
  readonly size: number;

  constructor(program: Program) {
    const cuts = new Set([0]);
    const cut = (set: readonly number[]): void => {
      for (let i = 0; i + 1 < set.length; i += 2) {
        cuts.add(set[i] ?? 0);
        cuts.add((set[i + 1] ?? 0) + 1);
      }
    };
    for (const instruction of program.code) {
      if (instruction.op === "set") cut(instruction.set);
      if (instruction.op === "assert") {
        cut([10, 10]);
        cut(perlClasses["w"] ?? []);
      }
    }
    this.#starts = [...cuts].sort((a, b) => a - b);
    this.size = this.#starts.length;
    this.#ascii = Uint16Array.from({ length: 128 }, (_, rune) => this.#find(rune));
  }

  classOf(rune: number): number {
    return rune < 128 ? (this.#ascii[rune] ?? 0) : this.#find(rune);
  }

  /** A code point of the class, to judge all of it by. */
  sample(index: number): number {
    return this.#starts[index] ?? 0;
  }

  #find(rune: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= rune) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
