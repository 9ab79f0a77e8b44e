/**
 * Reads RE2 expressions as Go's regexp package does (Perl flags): no backreferences, no look-around. Positions are UTF-16
 * units, so fragments in errors are those of Go. Pure.
 */
import { anyRune, caseFolded, negated, normalized } from "./char-set.ts";
import type { CharSet } from "./char-set.ts";
import { parseClass, parseEscape, namedClass } from "./parse-class.ts";
import { RegexSyntaxError } from "./syntax.ts";
import type { Assertion, Node } from "./syntax.ts";

/** As in Go: larger counts are refused, alone or multiplied by nesting. */
const maxRepeat = 1000;
const maxDepth = 1000;

interface Flags {
  readonly fold: boolean;
  readonly multiLine: boolean;
  readonly dotAll: boolean;
  readonly swapGreed: boolean;
}

interface Frame {
  readonly flags: Flags;
  readonly branches: Node[];
  parts: Node[];
}

const noFlags: Flags = { fold: false, multiLine: false, dotAll: false, swapGreed: false };
const notNewline = negated([10, 10]);

/** Throws `RegexSyntaxError`. */
export function parseRegex(pattern: string): Node {
  const parser = new Parser(pattern);
  return parser.parse();
}

class Parser {
  readonly #text: string;
  readonly #stack: Frame[] = [];
  readonly #names = new Set<string>();
  #frame: Frame = { flags: noFlags, branches: [], parts: [] };
  #flags: Flags = noFlags;
  #at = 0;
  /** Where the repetition that ended just before `#at` began, or -1. */
  #lastRepeat = -1;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Node {
    const text = this.#text;
    while (this.#at < text.length) {
      const repeatedFrom = this.#lastRepeat;
      this.#lastRepeat = -1;
      this.#step(text[this.#at] ?? "", repeatedFrom);
    }
    if (this.#stack.length > 0) throw new RegexSyntaxError("missing closing )", text);
    return checkRepeats(closed(this.#frame), text);
  }

  #step(char: string, repeatedFrom: number): void {
    switch (char) {
      case "(":
        return this.#open();
      case ")":
        return this.#close();
      case "|":
        this.#frame.branches.push(joined(this.#frame.parts));
        this.#frame.parts = [];
        this.#at++;
        return;
      case "^":
        return this.#assert(this.#flags.multiLine ? "beginLine" : "beginText", 1);
      case "$":
        return this.#assert(this.#flags.multiLine ? "endLine" : "endText", 1);
      case ".":
        this.#at++;
        return this.#push(this.#flags.dotAll ? anyRune : notNewline);
      case "[": {
        const { set, end } = parseClass(this.#text, this.#at, this.#flags.fold);
        this.#at = end;
        return this.#push(set);
      }
      case "*":
      case "+":
      case "?":
        return this.#repeat(this.#at + 1, char === "+" ? 1 : 0, char === "?" ? 1 : -1, repeatedFrom);
      case "{":
        return this.#counted(repeatedFrom);
      case "\\":
        return this.#escape();
      default: {
        const rune = this.#text.codePointAt(this.#at) ?? 0;
        this.#at += rune > 0xffff ? 2 : 1;
        return this.#literal(rune);
      }
    }
  }

  #literal(rune: number): void {
    this.#push(this.#flags.fold ? caseFolded([rune, rune]) : [rune, rune]);
  }

  #push(set: CharSet): void {
    this.#frame.parts.push({ op: "set", set });
  }

  #assert(assertion: Assertion, width: number): void {
    this.#at += width;
    this.#frame.parts.push({ op: "assert", assertion });
  }

  #repeat(after: number, min: number, max: number, repeatedFrom: number): void {
    const from = this.#at;
    let end = after;
    let greedy = !this.#flags.swapGreed;
    if (this.#text[end] === "?") {
      end++;
      greedy = !greedy;
    }
    if (repeatedFrom >= 0)
      throw new RegexSyntaxError("invalid nested repetition operator", this.#text.slice(repeatedFrom, end));
    const node = this.#frame.parts.pop();
    if (node === undefined)
      throw new RegexSyntaxError("missing argument to repetition operator", this.#text.slice(from, end));
    this.#frame.parts.push({ op: "repeat", node, min, max, greedy });
    this.#at = end;
    this.#lastRepeat = from;
  }

  #counted(repeatedFrom: number): void {
    const match = /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.#text.slice(this.#at, this.#at + 40));
    // Leading zeros and the like make it a literal brace, as in Go.
    const plain = (digits: string | undefined): boolean => digits === undefined || !/^0\d/.test(digits);
    if (match === null || !plain(match[1]) || !plain(match[3])) {
      this.#at++;
      return this.#literal(0x7b);
    }
    const [whole, low, comma, high] = match;
    const min = Number(low);
    const max = comma === undefined ? min : high === "" || high === undefined ? -1 : Number(high);
    if (min > maxRepeat || max > maxRepeat || (max >= 0 && min > max))
      throw new RegexSyntaxError("invalid repeat count", whole);
    this.#repeat(this.#at + whole.length, min, max, repeatedFrom);
  }

  #open(): void {
    if (this.#stack.length >= maxDepth) throw new RegexSyntaxError("expression nests too deeply", this.#text);
    const text = this.#text;
    const outer = this.#flags;
    if (text[this.#at + 1] === "?") {
      if (!this.#perlGroup()) return;
    } else this.#at++;
    this.#stack.push(this.#frame);
    this.#frame = { flags: outer, branches: [], parts: [] };
  }

  /** `(?…`; false when it only sets flags, `(?i)`, and opens nothing. */
  #perlGroup(): boolean {
    const text = this.#text;
    const from = this.#at;
    const rest = text.slice(from);
    const named = /^\(\?P?</.exec(rest);
    if (named !== null) {
      const end = rest.indexOf(">");
      if (end < 0) throw new RegexSyntaxError("invalid named capture", rest);
      const name = rest.slice(named[0].length, end);
      if (!/^[A-Za-z0-9_]+$/.test(name))
        throw new RegexSyntaxError("invalid named capture", rest.slice(0, end + 1));
      if (this.#names.has(name)) throw new RegexSyntaxError("duplicate capture group name", name);
      this.#names.add(name);
      this.#at = from + end + 1;
      return true;
    }
    const flags = { ...this.#flags };
    let sign = true;
    let sawFlag = false;
    let at = from + 2;
    for (; at < text.length; at++) {
      const char = text[at];
      if (char === "i") flags.fold = sign;
      else if (char === "m") flags.multiLine = sign;
      else if (char === "s") flags.dotAll = sign;
      else if (char === "U") flags.swapGreed = sign;
      else if (char === "-" && sign) {
        sign = false;
        sawFlag = false;
        continue;
      } else if ((char === ":" || char === ")") && (sign || sawFlag)) {
        this.#flags = flags;
        this.#at = at + 1;
        return char === ":";
      } else throw new RegexSyntaxError("invalid or unsupported Perl syntax", text.slice(from, at + 1));
      sawFlag = true;
    }
    throw new RegexSyntaxError("missing closing )", text);
  }

  #close(): void {
    const outer = this.#stack.pop();
    if (outer === undefined) throw new RegexSyntaxError("unexpected )", this.#text);
    outer.parts.push(closed(this.#frame));
    this.#flags = this.#frame.flags;
    this.#frame = outer;
    this.#at++;
  }

  #escape(): void {
    const text = this.#text;
    switch (text[this.#at + 1]) {
      case "A":
        return this.#assert("beginText", 2);
      case "b":
        return this.#assert("wordBoundary", 2);
      case "B":
        return this.#assert("notWordBoundary", 2);
      case "z":
        return this.#assert("endText", 2);
      case "C":
        throw new RegexSyntaxError("invalid escape sequence", "\\C");
      case "Q": {
        const end = text.indexOf("\\E", this.#at + 2);
        const quoted = text.slice(this.#at + 2, end < 0 ? undefined : end);
        for (const char of quoted) this.#literal(char.codePointAt(0) ?? 0);
        this.#at = end < 0 ? text.length : end + 2;
        return;
      }
      default: {
        const named = namedClass(text, this.#at, this.#flags.fold);
        if (named !== undefined) {
          this.#at = named.end;
          return this.#push(normalized(named.set));
        }
        const { rune, end } = parseEscape(text, this.#at);
        this.#at = end;
        return this.#literal(rune);
      }
    }
  }
}

function joined(parts: readonly Node[]): Node {
  const [first] = parts;
  if (first === undefined) return { op: "empty" };
  return parts.length === 1 ? first : { op: "concat", nodes: parts };
}

function closed(frame: Frame): Node {
  const last = joined(frame.parts);
  return frame.branches.length === 0 ? last : { op: "alternate", nodes: [...frame.branches, last] };
}

/** Nested counts may not multiply to more than 1000 copies. */
function checkRepeats(node: Node, pattern: string): Node {
  const fits = (inner: Node, left: number): boolean => {
    switch (inner.op) {
      case "repeat": {
        const count = inner.max < 0 ? inner.min : inner.max;
        const counted = !(inner.max < 0 && inner.min <= 1) && !(inner.min === 0 && inner.max === 1);
        if (!counted) return fits(inner.node, left);
        if (count > left) return false;
        return fits(inner.node, count > 0 ? Math.floor(left / count) : left);
      }
      case "concat":
      case "alternate":
        return inner.nodes.every((part) => fits(part, left));
      default:
        return true;
    }
  };
  if (!fits(node, maxRepeat)) throw new RegexSyntaxError("invalid repeat count", lastCount(pattern));
  return node;
}

function lastCount(pattern: string): string {
  return pattern.match(/\{\d+(?:,\d*)?\}\??/g)?.at(-1) ?? pattern;
}
