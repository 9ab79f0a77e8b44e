/**
 * Runs a program over a text in time linear in both, whatever the expression: no backtracking. `test` builds the states of
 * a deterministic automaton as it meets them; `find` follows all threads at once, in order of preference. Pure.
 */
import { Alphabet } from "./alphabet.ts";
import { contains } from "./char-set.ts";
import type { Instruction, Program } from "./program.ts";
import type { Assertion } from "./syntax.ts";

/** Tables beyond this are dropped and begun anew: the memory of one expression stays bounded. */
const maxStates = 1000;
const endOfText = -1;
const newline = 10;

interface State {
  /** Instructions before assertions are followed. */
  readonly threads: readonly number[];
  /** The code point before; `endOfText` at the beginning of the text. */
  readonly before: number;
  readonly next: (State | "matched" | undefined)[];
}

export class Matcher {
  readonly #program: Program;
  readonly #alphabet: Alphabet;
  #states = new Map<string, State>();
  #start: State | undefined;
  readonly #assertive: boolean;

  constructor(program: Program) {
    this.#program = program;
    this.#alphabet = new Alphabet(program);
    this.#assertive = program.code.some(({ op }) => op === "assert");
  }

  /** Whether the text contains a match. */
  test(text: string): boolean {
    let state = (this.#start ??= this.#stateOf([this.#program.start], endOfText));
    for (let at = 0; at < text.length; at++) {
      let rune = text.charCodeAt(at);
      if (rune >= 0xd800 && rune <= 0xdbff) {
        rune = text.codePointAt(at) ?? rune;
        if (rune > 0xffff) at++;
      }
      const index = this.#alphabet.classOf(rune);
      const next = state.next[index] ?? this.#step(state, index);
      if (next === "matched") return true;
      if (next.threads.length === 0) return false;
      state = next;
    }
    return (state.next[this.#alphabet.size] ?? this.#step(state, this.#alphabet.size)) === "matched";
  }

  #step(state: State, index: number): State | "matched" {
    const { code, start, anchored } = this.#program;
    const rune = index === this.#alphabet.size ? endOfText : this.#alphabet.sample(index);
    const reached = new Set<number>();
    for (const thread of state.threads) follow(code, thread, state.before, rune, reached);
    let next: State | "matched";
    if (reached.has(0)) next = "matched";
    else {
      const threads = new Set<number>();
      for (const thread of reached) {
        const instruction = code[thread];
        if (instruction?.op === "set" && rune !== endOfText && contains(instruction.set, rune))
          threads.add(instruction.next);
      }
      if (!anchored) threads.add(start);
      next = this.#stateOf(
        [...threads].sort((a, b) => a - b),
        rune,
      );
    }
    state.next[index] = next;
    return next;
  }

  #stateOf(threads: readonly number[], before: number): State {
    // What stands before matters only to assertions, and only by its kind.
    const kind = this.#assertive ? kindOf(before) : 0;
    const key = `${kind}:${threads.join()}`;
    let state = this.#states.get(key);
    if (state === undefined) {
      if (this.#states.size >= maxStates) {
        this.#states = new Map();
        this.#start = undefined;
      }
      state = { threads, before, next: [] };
      this.#states.set(key, state);
    }
    return state;
  }

  /** The leftmost match from `from` on, as Perl would choose it; positions are UTF-16 units. */
  find(text: string, from = 0): { readonly start: number; readonly end: number } | undefined {
    const { code, start: first } = this.#program;
    let threads = new Map<number, number>();
    let found: { start: number; end: number } | undefined;
    let before = from === 0 ? endOfText : runeBefore(text, from);
    for (let at = from; ;) {
      const rune = at < text.length ? (text.codePointAt(at) ?? 0) : endOfText;
      const reached = new Map<number, number>();
      for (const [thread, start] of threads) follow(code, thread, before, rune, reached, start);
      if (found === undefined) follow(code, first, before, rune, reached, at);
      const next = new Map<number, number>();
      for (const [thread, start] of reached) {
        if (thread === 0) {
          found = { start, end: at };
          break;
        }
        const instruction = code[thread];
        if (
          instruction?.op === "set" &&
          rune !== endOfText &&
          contains(instruction.set, rune) &&
          !next.has(instruction.next)
        )
          next.set(instruction.next, start);
      }
      if (rune === endOfText || (next.size === 0 && found !== undefined)) return found;
      threads = next;
      before = rune;
      at += rune > 0xffff ? 2 : 1;
    }
  }
}

function runeBefore(text: string, at: number): number {
  const pair = at >= 2 ? (text.codePointAt(at - 2) ?? 0) : 0;
  return pair > 0xffff ? pair : text.charCodeAt(at - 1);
}

/** Adds, in order of preference, every instruction reached without taking a character. */
function follow(
  code: readonly Instruction[],
  from: number,
  before: number,
  after: number,
  reached: Set<number> | Map<number, number>,
  start = 0,
): void {
  const pending = [from];
  for (let thread = pending.pop(); thread !== undefined; thread = pending.pop()) {
    if (reached.has(thread)) continue;
    if (reached instanceof Map) reached.set(thread, start);
    else reached.add(thread);
    const instruction = code[thread];
    if (instruction?.op === "fork") pending.push(instruction.other, instruction.next);
    else if (instruction?.op === "assert" && holds(instruction.assertion, before, after))
      pending.push(instruction.next);
  }
}

function holds(assertion: Assertion, before: number, after: number): boolean {
  switch (assertion) {
    case "beginText":
      return before === endOfText;
    case "endText":
      return after === endOfText;
    case "beginLine":
      return before === endOfText || before === newline;
    case "endLine":
      return after === endOfText || after === newline;
    case "wordBoundary":
      return isWord(before) !== isWord(after);
    case "notWordBoundary":
      return isWord(before) === isWord(after);
    default:
      return assertion satisfies never;
  }
}

function isWord(rune: number): boolean {
  return (
    (rune >= 48 && rune <= 57) || (rune >= 65 && rune <= 90) || rune === 95 || (rune >= 97 && rune <= 122)
  );
}

function kindOf(before: number): number {
  if (before === endOfText) return 1;
  return before === newline ? 2 : isWord(before) ? 3 : 4;
}
