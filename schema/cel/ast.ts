/** The tree of a CEL expression, macros expanded as cel-go expands them: cost and types are counted on it. */
import type { Bytes, Uint } from "./values.ts";

export type Literal = null | boolean | bigint | number | string | Uint | Bytes;

interface Base {
  /** Unique within its expression; copies of a macro's target share theirs, as in cel-go. */
  readonly id: number;
  /** UTF-16 offset in the source of what errors point at. */
  readonly at: number;
}

export interface Const extends Base {
  readonly kind: "const";
  readonly value: Literal;
}
export interface Ident extends Base {
  readonly kind: "ident";
  readonly name: string;
}
export interface Select extends Base {
  readonly kind: "select";
  readonly operand: Expr;
  readonly field: string;
  /** Of `has(operand.field)`. */
  readonly testOnly: boolean;
}
export interface Call extends Base {
  readonly kind: "call";
  readonly fn: string;
  readonly target: Expr | undefined;
  readonly args: readonly Expr[];
}
export interface List extends Base {
  readonly kind: "list";
  readonly elements: readonly Expr[];
  /** Indexes of `?element`. */
  readonly optional: ReadonlySet<number>;
}
export interface MapEntry extends Base {
  readonly key: Expr;
  readonly value: Expr;
  readonly optional: boolean;
}
export interface MapLiteral extends Base {
  readonly kind: "map";
  readonly entries: readonly MapEntry[];
}
/** `Type{…}`: read so that its error is right; no type that can be made so exists here. */
export interface Struct extends Base {
  readonly kind: "struct";
  readonly type: string;
}
export interface Comprehension extends Base {
  readonly kind: "fold";
  readonly range: Expr;
  readonly iterVar: string;
  readonly iterVar2: string | undefined;
  readonly accuVar: string;
  readonly accuInit: Expr;
  readonly condition: Expr;
  readonly step: Expr;
  readonly result: Expr;
}

export type Expr = Const | Ident | Select | Call | List | MapLiteral | Struct | Comprehension;

/** An error that points into the source. */
export interface Issue {
  readonly at: number;
  readonly message: string;
}

/** cel-go's name of the accumulator of macros. */
export const accumulator = "@result";

/** Every expression under one, itself included, in no particular order. */
export function* descendants(expr: Expr): Generator<Expr> {
  yield expr;
  for (const inner of children(expr)) yield* descendants(inner);
}

export function children(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case "const":
    case "ident":
    case "struct":
      return [];
    case "select":
      return [expr.operand];
    case "call":
      return expr.target === undefined ? expr.args : [expr.target, ...expr.args];
    case "list":
      return expr.elements;
    case "map":
      return expr.entries.flatMap(({ key, value }) => [key, value]);
    case "fold":
      return [expr.range, expr.accuInit, expr.condition, expr.step, expr.result];
    default:
      return expr satisfies never;
  }
}

/** `a.b.c` as text; `undefined` for anything but a chain of names. */
export function qualifiedName(expr: Expr): string | undefined {
  if (expr.kind === "ident") return expr.name;
  if (expr.kind !== "select" || expr.testOnly) return undefined;
  const operand = qualifiedName(expr.operand);
  return operand === undefined ? undefined : `${operand}.${expr.field}`;
}
