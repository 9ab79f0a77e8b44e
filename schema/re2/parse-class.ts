/** Bracketed and named character classes, and escapes of single characters. Pure. */
import { anyRune, caseFolded, negated, normalized, unicodeSet } from "./char-set.ts";
import type { CharSet } from "./char-set.ts";
import { perlClasses, posixClasses } from "./named-classes.ts";
import { RegexSyntaxError } from "./syntax.ts";

/** `from` stands at the `[`. */
export function parseClass(text: string, from: number, fold: boolean): { set: CharSet; end: number } {
  let at = from + 1;
  const negate = text[at] === "^";
  if (negate) at++;
  const ranges: number[] = [];
  for (let first = true; text[at] !== "]" || first; first = false) {
    if (at >= text.length) throw new RegexSyntaxError("missing closing ]", text.slice(from));
    const named = posixClass(text, at, fold) ?? namedClass(text, at, fold);
    if (named !== undefined) {
      ranges.push(...named.set);
      at = named.end;
      continue;
    }
    const rangeFrom = at;
    const low = classRune(text, at, from);
    at = low.end;
    let high = low.rune;
    if (text[at] === "-" && at + 1 < text.length && text[at + 1] !== "]") {
      const upper = classRune(text, at + 1, from);
      high = upper.rune;
      at = upper.end;
      if (high < low.rune)
        throw new RegexSyntaxError("invalid character class range", text.slice(rangeFrom, at));
    }
    const range = [low.rune, high];
    ranges.push(...(fold ? caseFolded(range) : range));
  }
  const set = normalized(ranges);
  return { set: negate ? negated(set) : set, end: at + 1 };
}

function classRune(text: string, at: number, from: number): { rune: number; end: number } {
  if (at >= text.length) throw new RegexSyntaxError("missing closing ]", text.slice(from));
  if (text[at] === "\\") return parseEscape(text, at);
  const rune = text.codePointAt(at) ?? 0;
  return { rune, end: at + (rune > 0xffff ? 2 : 1) };
}

function posixClass(text: string, at: number, fold: boolean): { set: CharSet; end: number } | undefined {
  if (!text.startsWith("[:", at)) return undefined;
  const close = text.indexOf(":]", at + 2);
  if (close < 0) return undefined;
  const fragment = text.slice(at, close + 2);
  const negate = fragment[2] === "^";
  const name = fragment.slice(negate ? 3 : 2, -2);
  const set = Object.hasOwn(posixClasses, name) ? posixClasses[name] : undefined;
  if (set === undefined) throw new RegexSyntaxError("invalid character class range", fragment);
  const folded = fold ? caseFolded(set) : set;
  return { set: negate ? negated(folded) : folded, end: close + 2 };
}

/** `\d`, `\S`, `\pL`, `\P{Greek}` at `at`; `undefined` when something else stands there. */
export function namedClass(
  text: string,
  at: number,
  fold: boolean,
): { set: CharSet; end: number } | undefined {
  if (text[at] !== "\\") return undefined;
  const letter = text[at + 1] ?? "";
  const perl = Object.hasOwn(perlClasses, letter.toLowerCase())
    ? perlClasses[letter.toLowerCase()]
    : undefined;
  if (perl !== undefined && letter !== "") {
    const set = fold ? caseFolded(perl) : perl;
    return { set: letter === letter.toLowerCase() ? set : negated(set), end: at + 2 };
  }
  if (letter !== "p" && letter !== "P") return undefined;
  let end = at + 3;
  let name = text[at + 2] ?? "";
  if (name === "{") {
    const close = text.indexOf("}", at);
    if (close < 0) throw new RegexSyntaxError("invalid character class range", text.slice(at));
    name = text.slice(at + 3, close);
    end = close + 1;
  }
  const caret = name.startsWith("^");
  if (caret) name = name.slice(1);
  const found = name === "Any" ? anyRune : unicodeSet(name);
  if (found === undefined) throw new RegexSyntaxError("invalid character class range", text.slice(at, end));
  const set = fold ? caseFolded(found) : found;
  return { set: (letter === "P") !== caret ? negated(set) : set, end };
}

const controls: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** The character that a backslash at `at` and what follows stand for. */
export function parseEscape(text: string, at: number): { rune: number; end: number } {
  const char = text[at + 1];
  if (char === undefined) throw new RegexSyntaxError("trailing backslash at end of expression", "");
  const octal = /^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(text.slice(at + 1, at + 4));
  if (octal !== null) return { rune: Number.parseInt(octal[0], 8), end: at + 1 + octal[0].length };
  if (char === "x") {
    const hex = /^(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))/.exec(text.slice(at + 2));
    const digits = hex?.[1] ?? hex?.[2];
    const rune = digits === undefined ? Number.NaN : Number.parseInt(digits, 16);
    if (hex !== null && rune <= 0x10ffff) return { rune, end: at + 2 + hex[0].length };
  }
  const control = Object.hasOwn(controls, char) ? controls[char] : undefined;
  if (control !== undefined) return { rune: control, end: at + 2 };
  if (char < "\x80" && !/[A-Za-z0-9]/.test(char)) return { rune: char.charCodeAt(0), end: at + 2 };
  const whole = String.fromCodePoint(text.codePointAt(at + 1) ?? 0);
  throw new RegexSyntaxError("invalid escape sequence", `\\${whole}`);
}
