/** Words of a CEL expression (cel-spec, langdef, "Syntax"). Pure. */
import type { Issue, Literal } from "./ast.ts";
import { Bytes, Uint } from "./values.ts";

export interface Token {
  readonly kind: "ident" | "literal" | "symbol" | "end";
  /** As written. */
  readonly text: string;
  readonly at: number;
  readonly value?: Literal;
}

export class SyntaxIssue extends Error {
  readonly issue: Issue;

  constructor(at: number, message: string) {
    super(message);
    this.issue = { at, message };
  }
}

const blank = /(?:[ \t\r\n\f]+|\/\/[^\n]*)+/y;
const text =
  /(?:[bB]?[rR]?|[rR][bB])(?:"""[^]*?(?<!\\)"""|'''[^]*?(?<!\\)'''|"(?:[^"\\\n\r]|\\[^\n\r])*"|'(?:[^'\\\n\r]|\\[^\n\r])*')/y;
const rawText = /[bB]?[rR](?:"""[^]*?"""|'''[^]*?'''|"[^"\n\r]*"|'[^'\n\r]*')/y;
const float = /(?:[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)/y;
const integer = /(?:0x[0-9a-fA-F]+|[0-9]+)[uU]?/y;
const ident = /[_a-zA-Z][_a-zA-Z0-9]*/y;
const symbol = /==|!=|<=|>=|&&|\|\||[<>[\](){}.,\-!?:+*/%]/y;

/** Throws `SyntaxIssue`. */
export function tokens(source: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  while (at < source.length) {
    const skipped = match(blank);
    if (skipped !== undefined) {
      at += skipped.length;
      continue;
    }
    const token = textToken(match, at) ?? numberToken(match, at) ?? wordToken(match, at);
    if (token === undefined) {
      const char = String.fromCodePoint(source.codePointAt(at) ?? 0);
      throw new SyntaxIssue(at, `Syntax error: token recognition error at: '${char}'`);
    }
    found.push(token);
    at += token.text.length;
  }
  found.push({ kind: "end", text: "<EOF>", at: source.length });
  return found;
}

type Match = (pattern: RegExp) => string | undefined;

function textToken(match: Match, at: number): Token | undefined {
  const written = match(rawText) ?? match(text);
  if (written === undefined) return undefined;
  const quote = written.search(/["']/);
  const prefix = written.slice(0, quote).toLowerCase();
  const width = /^(?:"""|''')/.test(written.slice(quote)) && written.length >= quote + 6 ? 3 : 1;
  // Line ends in the source are newlines, whatever the file had.
  const content = written.slice(quote + width, -width).replace(/\r\n?/g, "\n");
  const isBytes = prefix.includes("b");
  const value = prefix.includes("r") ? rawValue(content, isBytes) : unescaped(content, isBytes, at);
  return { kind: "literal", text: written, at, value };
}

function rawValue(content: string, isBytes: boolean): Literal {
  return isBytes ? new Bytes(new TextEncoder().encode(content)) : content;
}

const shortEscapes: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  "\\": 92,
  "?": 63,
  "'": 39,
  '"': 34,
  "`": 96,
};

function unescaped(content: string, isBytes: boolean, at: number): Literal {
  const bytes: number[] = [];
  let out = "";
  const add = (code: number, isByte: boolean): void => {
    if (!isBytes) out += String.fromCodePoint(code);
    else if (isByte) bytes.push(code);
    else bytes.push(...new TextEncoder().encode(String.fromCodePoint(code)));
  };
  const bad = (why: string): never => {
    throw new SyntaxIssue(at, why);
  };
  for (let i = 0; i < content.length;) {
    const code = content.codePointAt(i) ?? 0;
    if (code !== 92) {
      add(code, false);
      i += code > 0xffff ? 2 : 1;
      continue;
    }
    const letter = content[i + 1] ?? "";
    const short = Object.hasOwn(shortEscapes, letter) ? shortEscapes[letter] : undefined;
    const hex = /^(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))/.exec(
      content.slice(i + 1, i + 10),
    );
    if (short !== undefined) {
      add(short, true);
      i += 2;
    } else if (hex !== null) {
      const [whole, byte, short4, long8, octal] = hex;
      const rune = short4 ?? long8;
      if (rune !== undefined && isBytes) bad("unable to unescape string");
      const value = octal === undefined ? Number.parseInt(byte ?? rune ?? "", 16) : Number.parseInt(octal, 8);
      if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) bad("invalid unicode code point");
      add(value, true);
      i += 1 + whole.length;
    } else throw new SyntaxIssue(at, "Syntax error: token recognition error at an escape");
  }
  return isBytes ? new Bytes(Uint8Array.from(bytes)) : out;
}

function numberToken(match: Match, at: number): Token | undefined {
  const asFloat = match(float);
  if (asFloat !== undefined) return { kind: "literal", text: asFloat, at, value: Number(asFloat) };
  const asInteger = match(integer);
  if (asInteger === undefined) return undefined;
  const unsigned = /[uU]$/.test(asInteger);
  const value = BigInt(unsigned ? asInteger.slice(0, -1) : asInteger);
  if (unsigned && value >= 2n ** 64n) throw new SyntaxIssue(at, "invalid uint literal");
  // One more than fits: -9223372036854775808 is written with a sign of its own.
  if (!unsigned && value > 2n ** 63n) throw new SyntaxIssue(at, "invalid int literal");
  return { kind: "literal", text: asInteger, at, value: unsigned ? new Uint(value) : value };
}

const words: ReadonlyMap<string, Literal> = new Map<string, Literal>([
  ["true", true],
  ["false", false],
  ["null", null],
]);

function wordToken(match: Match, at: number): Token | undefined {
  const word = match(ident);
  if (word !== undefined) {
    const value = words.get(word);
    if (value !== undefined) return { kind: "literal", text: word, at, value };
    return { kind: word === "in" ? "symbol" : "ident", text: word, at };
  }
  const sign = match(symbol);
  return sign === undefined ? undefined : { kind: "symbol", text: sign, at };
}
