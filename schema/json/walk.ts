/** A JSON parser that knows paths: it says where a text is no JSON, and which members stand twice. Thorough, not fast. */
import { JsonSyntaxError } from "./errors.ts";

/** Kubernetes reports no more strict decoding errors than this. */
const maxDuplicates = 100;

export interface ParsedJson {
  /** What JSON.parse gives: the last of several equal members wins, and `__proto__` is an own member. */
  readonly value: unknown;
  /** Dotted paths of members that stand twice, each once, at most 100: `metadata.labels.a`, `spec.list[1].b`. */
  readonly duplicates: readonly string[];
}

/**
 * The value, and the duplicates in the order of the text. Throws JsonSyntaxError at the first character that is no JSON,
 * with Go's wording of what was expected there.
 */
export function walk(text: string, maxNesting: number): ParsedJson {
  return new Walker(text, maxNesting).run();
}

class Walker {
  readonly #text: string;
  readonly #maxNesting: number;
  #at = 0;
  #depth = 0;
  readonly #path: (string | number)[] = [];
  readonly #duplicates = new Set<string>();

  constructor(text: string, maxNesting: number) {
    this.#text = text;
    this.#maxNesting = maxNesting;
  }

  run(): ParsedJson {
    const value = this.#value();
    this.#skipBlanks();
    if (this.#at < this.#text.length) throw this.#wrong("after top-level value");
    return { value, duplicates: [...this.#duplicates] };
  }

  /** As deep as `maxNesting` at most. */
  #value(): unknown {
    this.#skipBlanks();
    switch (this.#text[this.#at]) {
      case "{":
        return this.#nested(() => this.#object());
      case "[":
        return this.#nested(() => this.#array());
      case '"':
        return this.#string();
      case "t":
        return this.#literal("true", true);
      case "f":
        return this.#literal("false", false);
      case "n":
        return this.#literal("null", null);
      case "-":
        return this.#number();
      default:
        if (!this.#isDigit()) throw this.#wrong("looking for beginning of value");
        return this.#number();
    }
  }

  #nested<T>(body: () => T): T {
    if (++this.#depth > this.#maxNesting)
      throw new JsonSyntaxError(`JSON nests deeper than ${this.#maxNesting} levels`, this.#at);
    this.#at++;
    this.#skipBlanks();
    const value = body();
    this.#depth--;
    return value;
  }

  #object(): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    if (this.#skip("}")) return object;
    for (;;) {
      if (this.#text[this.#at] !== '"') throw this.#wrong("looking for beginning of object key string");
      const key = this.#string();
      this.#path.push(key);
      if (Object.hasOwn(object, key)) this.#report();
      this.#skipBlanks();
      if (!this.#skip(":")) throw this.#wrong("after object key");
      const value = this.#value();
      if (key === "__proto__")
        Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
      else object[key] = value;
      this.#path.pop();
      this.#skipBlanks();
      if (this.#skip("}")) return object;
      if (!this.#skip(",")) throw this.#wrong("after object key:value pair");
      this.#skipBlanks();
    }
  }

  #array(): unknown[] {
    const array: unknown[] = [];
    if (this.#skip("]")) return array;
    for (;;) {
      this.#path.push(array.length);
      array.push(this.#value());
      this.#path.pop();
      this.#skipBlanks();
      if (this.#skip("]")) return array;
      if (!this.#skip(",")) throw this.#wrong("after array element");
    }
  }

  #report(): void {
    if (this.#duplicates.size >= maxDuplicates) return;
    const [first = "", ...rest] = this.#path.map((part) =>
      typeof part === "number" ? `[${part}]` : `.${part}`,
    );
    const path = first.replace(/^\./, "") + rest.join("");
    this.#duplicates.add(path);
  }

  #string(): string {
    const start = this.#at;
    let escapes = false;
    for (this.#at++; ;) {
      const character = this.#text[this.#at];
      if (character === undefined || character < " ") throw this.#wrong("in string literal");
      this.#at++;
      if (character === '"') break;
      if (character === "\\") {
        escapes = true;
        this.#escape();
      }
    }
    const literal = this.#text.slice(start, this.#at);
    return escapes ? (JSON.parse(literal) as string) : literal.slice(1, -1);
  }

  #escape(): void {
    const escaped = this.#text[this.#at];
    if (escaped === undefined || !'"\\/bfnrtu'.includes(escaped)) throw this.#wrong("in string escape code");
    this.#at++;
    if (escaped !== "u") return;
    for (let digit = 0; digit < 4; digit++) {
      if (!/^[0-9a-fA-F]$/.test(this.#text[this.#at] ?? ""))
        throw this.#wrong("in \\u hexadecimal character escape");
      this.#at++;
    }
  }

  #number(): number {
    const start = this.#at;
    this.#skip("-");
    if (!this.#skip("0")) this.#digits("in numeric literal");
    if (this.#skip(".")) this.#digits("after decimal point in numeric literal");
    if (this.#skip("e") || this.#skip("E")) {
      if (!this.#skip("+")) this.#skip("-");
      this.#digits("in exponent of numeric literal");
    }
    return Number(this.#text.slice(start, this.#at));
  }

  #digits(where: string): void {
    if (!this.#isDigit()) throw this.#wrong(where);
    while (this.#isDigit()) this.#at++;
  }

  #literal(word: string, value: unknown): unknown {
    for (const letter of word)
      if (!this.#skip(letter)) throw this.#wrong(`in literal ${word} (expecting '${letter}')`);
    return value;
  }

  #isDigit(): boolean {
    const character = this.#text[this.#at];
    return character !== undefined && character >= "0" && character <= "9";
  }

  #skip(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #skipBlanks(): void {
    while (" \t\n\r".includes(this.#text[this.#at] ?? "x")) this.#at++;
  }

  #wrong(where: string): JsonSyntaxError {
    const code = this.#text.codePointAt(this.#at);
    if (code === undefined) return new JsonSyntaxError("unexpected end of JSON input", this.#at);
    const shown =
      code < 0x20 || code === 0xfeff
        ? `\\u${code.toString(16).padStart(4, "0")}`
        : String.fromCodePoint(code);
    return new JsonSyntaxError(`invalid character '${shown}' ${where}`, this.#at);
  }
}
