/** Parts of an expression that have a value before it is run: cel-go computes them once, and they cost nothing. Pure. */
import { regexProblem } from "../re2/regex.ts";
import { children } from "./ast.ts";
import type { Expr } from "./ast.ts";
import type { Checked } from "./checker.ts";
import { PlainList, PlainMap } from "./collections.ts";
import { call } from "./functions.ts";
import { CelError, isError, TypeValue } from "./values.ts";
import type { Value } from "./values.ts";

const conversions = new Set([
  "bool",
  "bytes",
  "double",
  "duration",
  "dyn",
  "int",
  "string",
  "timestamp",
  "type",
  "uint",
]);

/** How types are called at run time. */
const runtimeNames: Readonly<Record<string, string>> = {
  null: "null_type",
  timestamp: "google.protobuf.Timestamp",
  duration: "google.protobuf.Duration",
};

export type Constants = ReadonlyMap<Expr, Value>;

/** An error when a constant has none: the rule can never be run. */
export function constantsOf(checked: Checked): Constants | CelError {
  const found = new Map<Expr, Value>();
  const failed = visit(checked.expr, checked, found);
  return failed ?? found;
}

function visit(expr: Expr, checked: Checked, found: Map<Expr, Value>): CelError | undefined {
  if (isTypeName(expr, checked)) {
    const name = checked.types.get(expr.id)?.params[0]?.name ?? "";
    found.set(expr, new TypeValue(runtimeNames[name] ?? name));
    return undefined;
  }
  for (const inner of children(expr)) {
    const failed = visit(inner, checked, found);
    if (failed !== undefined) return failed;
  }
  const value = unreadable(expr, found) ?? constant(expr, found);
  if (value instanceof CelError) return value;
  if (value !== undefined) found.set(expr, value);
  return undefined;
}

/** A constant pattern that is none: cel-go compiles those of calls beforehand. */
function unreadable(expr: Expr, found: ReadonlyMap<Expr, Value>): CelError | undefined {
  if (expr.kind !== "call" || !["matches", "find", "findAll"].includes(expr.fn)) return undefined;
  const pattern = expr.target === undefined ? expr.args[1] : expr.args[0];
  const text = pattern === undefined ? undefined : found.get(pattern);
  const problem = typeof text === "string" ? regexProblem(text) : undefined;
  return problem === undefined ? undefined : new CelError(problem);
}

function isTypeName(expr: Expr, checked: Checked): boolean {
  return (
    (expr.kind === "ident" || expr.kind === "select") &&
    checked.references.has(expr.id) &&
    checked.types.get(expr.id)?.kind === "type"
  );
}

function constant(expr: Expr, found: ReadonlyMap<Expr, Value>): Value | CelError | undefined {
  switch (expr.kind) {
    case "const":
      return expr.value;
    case "list": {
      if (expr.optional.size > 0 || !expr.elements.every((element) => found.has(element))) return undefined;
      return new PlainList(expr.elements.map((element) => found.get(element) ?? null));
    }
    case "map": {
      if (!expr.entries.every(({ key, value, optional }) => !optional && found.has(key) && found.has(value)))
        return undefined;
      const map = PlainMap.of(
        expr.entries.map(({ key, value }) => [found.get(key) ?? null, found.get(value) ?? null]),
      );
      return isError(map) ? undefined : map;
    }
    case "call": {
      const [arg] = expr.args;
      if (arg === undefined || expr.args.length !== 1 || expr.target !== undefined) return undefined;
      const value = found.get(arg);
      return !conversions.has(expr.fn) || value === undefined ? undefined : call(expr.fn, [value]);
    }
    default:
      return undefined;
  }
}
