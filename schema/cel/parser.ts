/** Reads CEL expressions as cel-go's parser does, with optional syntax and macros. Pure. */
import type { Call, Expr, Issue, MapEntry } from "./ast.ts";
import { SyntaxIssue, tokens } from "./lexer.ts";
import type { Token } from "./lexer.ts";
import { expand } from "./macros.ts";

/** As cel-go: code points of source, depth of recursion, and expressions under one another. */
const maxCodePoints = 100_000;
const maxDepth = 250;

export type Parsed =
  | { readonly ok: true; readonly expr: Expr; readonly size: number }
  | { readonly ok: false; readonly issues: readonly Issue[] };

export function parse(source: string): Parsed {
  if (source.length > maxCodePoints && Array.from(source).length > maxCodePoints)
    return {
      ok: false,
      issues: [
        {
          at: 0,
          message: `expression code point size exceeds limit: size: ${Array.from(source).length}, limit ${maxCodePoints}`,
        },
      ],
    };
  try {
    const parser = new Parser(tokens(source));
    const expr = parser.whole();
    return { ok: true, expr, size: parser.nextId };
  } catch (error) {
    if (error instanceof SyntaxIssue) return { ok: false, issues: [error.issue] };
    throw error;
  }
}

const reserved = new Set([
  "as",
  "break",
  "const",
  "continue",
  "else",
  "for",
  "function",
  "if",
  "import",
  "let",
  "loop",
  "package",
  "namespace",
  "return",
  "var",
  "void",
  "while",
]);

const levels: readonly (readonly string[])[] = [
  ["||"],
  ["&&"],
  ["<", "<=", ">=", ">", "==", "!=", "in"],
  ["+", "-"],
  ["*", "/", "%"],
];

/** As ANTLR lists what an expression may begin with. */
const anyPrimary =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

const functionNames: Readonly<Record<string, string>> = { in: "@in" };

export class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;
  nextId = 1;

  constructor(found: readonly Token[]) {
    this.#tokens = found;
  }

  id(): number {
    return this.nextId++;
  }

  whole(): Expr {
    const expr = this.#expr();
    if (this.#token.kind !== "end") this.#unexpected("<EOF>");
    return expr;
  }

  get #token(): Token {
    const token = this.#tokens[this.#next] ?? this.#tokens.at(-1);
    if (token === undefined) throw new TypeError("no tokens");
    return token;
  }

  #take(): Token {
    const token = this.#token;
    this.#next++;
    return token;
  }

  #is(text: string): boolean {
    return this.#token.kind === "symbol" && this.#token.text === text;
  }

  #accept(text: string): Token | undefined {
    return this.#is(text) ? this.#take() : undefined;
  }

  #expect(text: string): Token {
    return this.#accept(text) ?? this.#unexpected(`'${text}'`);
  }

  #unexpected(wanted: string): never {
    const { text, at } = this.#token;
    throw new SyntaxIssue(at, `Syntax error: mismatched input '${text}' expecting ${wanted}`);
  }

  #expr(): Expr {
    if (++this.#depth > maxDepth)
      throw new SyntaxIssue(-1, `expression recursion limit exceeded: ${maxDepth}`);
    const condition = this.#binary(0);
    const question = this.#accept("?");
    let expr = condition;
    if (question !== undefined) {
      const id = this.id();
      const then = this.#binary(0);
      this.#expect(":");
      const otherwise = this.#expr();
      expr = this.#call(id, question.at, "_?_:_", [condition, then, otherwise]);
    }
    this.#depth--;
    return expr;
  }

  /** Operators of the same strength bind to the left; long chains of `&&` and `||` become a balanced tree, as in cel-go. */
  #binary(level: number): Expr {
    const symbols = levels[level];
    if (symbols === undefined) return this.#unary();
    const first = this.#binary(level + 1);
    if (level < 2) return this.#logical(first, level);
    let left = first;
    let chained = 0;
    while (this.#token.kind === "symbol" && symbols.includes(this.#token.text)) {
      if (++chained > maxDepth) throw new SyntaxIssue(-1, `expression recursion limit exceeded: ${maxDepth}`);
      const { text, at } = this.#take();
      const id = this.id();
      const right = this.#binary(level + 1);
      left = this.#call(id, at, functionNames[text] ?? `_${text}_`, [left, right]);
    }
    return left;
  }

  #logical(first: Expr, level: number): Expr {
    const symbol = level === 0 ? "||" : "&&";
    const terms = [first];
    const operators: { readonly id: number; readonly at: number }[] = [];
    for (let token = this.#accept(symbol); token !== undefined; token = this.#accept(symbol)) {
      operators.push({ at: token.at, id: this.id() });
      terms.push(this.#binary(level + 1));
    }
    const balanced = (low: number, high: number): Expr => {
      const middle = Math.floor((low + high + 1) / 2);
      const operator = operators[middle];
      const [left, right] = [terms[middle], terms[middle + 1]];
      if (operator === undefined || left === undefined || right === undefined)
        throw new TypeError("unbalanced");
      const lhs = middle === low ? left : balanced(low, middle - 1);
      const rhs = middle === high ? right : balanced(middle + 1, high);
      return this.#call(operator.id, operator.at, `_${symbol}_`, [lhs, rhs]);
    };
    return operators.length === 0 ? first : balanced(0, operators.length - 1);
  }

  #unary(): Expr {
    const first = this.#token;
    for (const symbol of ["!", "-"] as const) {
      if (!this.#is(symbol)) continue;
      const number = this.#tokens[this.#next + 1];
      if (symbol === "-" && number?.kind === "literal" && isNumber(number)) break;
      let count = 0;
      while (this.#accept(symbol) !== undefined) count++;
      const id = count % 2 === 1 ? this.id() : 0;
      const operand = this.#member();
      return count % 2 === 0 ? operand : this.#call(id, first.at, symbol === "!" ? "!_" : "-_", [operand]);
    }
    return this.#member();
  }

  #member(): Expr {
    let expr = this.#primary();
    for (let chained = 0; ; chained++) {
      if (chained > maxDepth) throw new SyntaxIssue(-1, `expression recursion limit exceeded: ${maxDepth}`);
      const dot = this.#accept(".");
      if (dot !== undefined) {
        expr = this.#afterDot(expr, dot);
        continue;
      }
      const bracket = this.#accept("[");
      if (bracket === undefined) return expr;
      const optional = this.#accept("?") !== undefined;
      const id = this.id();
      const index = this.#expr();
      this.#expect("]");
      expr = this.#call(id, bracket.at, optional ? "_[?_]" : "_[_]", [expr, index]);
    }
  }

  #afterDot(operand: Expr, dot: Token): Expr {
    const optional = this.#accept("?") !== undefined;
    // Reserved words are names here: `self.namespace`.
    const name = this.#take();
    if (name.kind !== "ident") {
      this.#next--;
      this.#unexpected("IDENTIFIER");
    }
    if (optional) {
      const id = this.id();
      const field: Expr = { kind: "const", id: this.id(), at: name.at, value: name.text };
      return this.#call(id, dot.at, "_?._", [operand, field]);
    }
    const open = this.#accept("(");
    if (open === undefined)
      return { kind: "select", id: this.id(), at: dot.at, operand, field: name.text, testOnly: false };
    const id = this.id();
    const args = this.#arguments();
    return this.#macro({ kind: "call", id, at: open.at, fn: name.text, target: operand, args });
  }

  #arguments(): Expr[] {
    const args: Expr[] = [];
    if (this.#accept(")") !== undefined) return args;
    do args.push(this.#expr());
    while (this.#accept(",") !== undefined);
    this.#expect(")");
    return args;
  }

  #primary(): Expr {
    const token = this.#token;
    if (token.kind === "literal" || (this.#is("-") && this.#tokens[this.#next + 1]?.kind === "literal"))
      return this.#literal();
    if (this.#accept("(") !== undefined) {
      const expr = this.#expr();
      this.#expect(")");
      return expr;
    }
    if (this.#is("[")) return this.#list();
    if (this.#is("{")) return this.#map();
    return this.#name();
  }

  #literal(): Expr {
    const sign = this.#accept("-");
    const { value = null, at, text } = this.#take();
    const id = this.id();
    if (sign === undefined) {
      if (value === 2n ** 63n) throw new SyntaxIssue(at, "invalid int literal");
      return { kind: "const", id, at, value };
    }
    if (typeof value === "bigint" || typeof value === "number")
      return { kind: "const", id, at: sign.at, value: -value };
    throw new SyntaxIssue(at, `Syntax error: mismatched input '${text}' expecting NUM_INT`);
  }

  #name(): Expr {
    const leading = this.#accept(".");
    const token = this.#token;
    if (token.kind !== "ident") this.#unexpected(anyPrimary);
    this.#take();
    const name = leading === undefined ? token.text : `.${token.text}`;
    const open = this.#accept("(");
    if (open !== undefined) {
      const id = this.id();
      const args = this.#arguments();
      return this.#macro({ kind: "call", id, at: open.at, fn: name, target: undefined, args });
    }
    const struct = this.#structName(name);
    if (struct !== undefined) return struct;
    if (reserved.has(token.text)) throw new SyntaxIssue(token.at, `reserved identifier: ${token.text}`);
    return { kind: "ident", id: this.id(), at: token.at, name };
  }

  /** `a.b.C{…}`: names up to an opening brace. */
  #structName(first: string): Expr | undefined {
    let next = this.#next;
    let name = first;
    while (this.#tokens[next]?.text === "." && this.#tokens[next + 1]?.kind === "ident") {
      name += `.${this.#tokens[next + 1]?.text ?? ""}`;
      next += 2;
    }
    const brace = this.#tokens[next];
    if (brace?.text !== "{" || brace.kind !== "symbol") return undefined;
    this.#next = next + 1;
    const id = this.id();
    while (!this.#is("}")) {
      this.#accept("?");
      if (this.#take().kind !== "ident") this.#unexpected("IDENTIFIER");
      this.#expect(":");
      this.#expr();
      if (this.#accept(",") === undefined) break;
    }
    this.#expect("}");
    return { kind: "struct", id, at: brace.at, type: name };
  }

  #list(): Expr {
    const { at } = this.#take();
    const id = this.id();
    const elements: Expr[] = [];
    const optional = new Set<number>();
    while (!this.#is("]")) {
      if (this.#accept("?") !== undefined) optional.add(elements.length);
      elements.push(this.#expr());
      if (this.#accept(",") === undefined) break;
    }
    this.#expect("]");
    return { kind: "list", id, at, elements, optional };
  }

  #map(): Expr {
    const { at } = this.#take();
    const id = this.id();
    const entries: MapEntry[] = [];
    while (!this.#is("}")) {
      const optional = this.#accept("?") !== undefined;
      const key = this.#expr();
      const colon = this.#expect(":");
      const entryId = this.id();
      entries.push({ id: entryId, at: colon.at, key, value: this.#expr(), optional });
      if (this.#accept(",") === undefined) break;
    }
    this.#expect("}");
    return { kind: "map", id, at, entries };
  }

  #call(id: number, at: number, fn: string, args: readonly Expr[]): Call {
    return { kind: "call", id, at, fn, target: undefined, args };
  }

  #macro(call: Call): Expr {
    return expand(call, () => this.id());
  }
}

function isNumber({ value }: Token): boolean {
  return typeof value === "bigint" || typeof value === "number";
}
