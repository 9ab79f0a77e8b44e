/** What Kubernetes asks of literals besides their types (cel-go's validators). Pure. */
import { regexProblem } from "../re2/regex.ts";
import { descendants } from "./ast.ts";
import type { Call, Expr, Issue, List, MapLiteral } from "./ast.ts";
import type { Checked } from "./checker.ts";
import { call } from "./functions.ts";
import { formatType, isDyn, sameType, unwrapped } from "./types.ts";
import type { Type } from "./types.ts";
import { CelError } from "./values.ts";

export function literalIssues(checked: Checked): Issue[] {
  const issues: Issue[] = [];
  visit(checked.expr, checked, false, issues);
  for (const expr of descendants(checked.expr)) if (expr.kind === "call") formatIssues(expr, checked, issues);
  return issues;
}

/** `mixed`: within the arguments of `format`, where lists may hold several types. */
function visit(expr: Expr, checked: Checked, mixed: boolean, issues: Issue[]): void {
  const inner = (part: Expr | undefined, more = mixed): void => {
    if (part !== undefined) visit(part, checked, more, issues);
  };
  switch (expr.kind) {
    case "select":
      return inner(expr.operand);
    case "call": {
      argumentIssues(expr, issues);
      const more = mixed || expr.fn === "format";
      inner(expr.target, more);
      for (const arg of expr.args) inner(arg, more);
      return;
    }
    case "list":
      if (!mixed) listIssues(expr, checked, issues);
      for (const element of expr.elements) inner(element);
      return;
    case "map":
      if (!mixed) mapIssues(expr, checked, issues);
      for (const { key, value } of expr.entries) {
        inner(key);
        inner(value);
      }
      return;
    case "fold":
      for (const part of [expr.range, expr.accuInit, expr.condition, expr.step, expr.result]) inner(part);
      return;
    default:
      return;
  }
}

/** Texts that can never be a duration, a timestamp or a pattern. */
function argumentIssues({ fn, args }: Call, issues: Issue[]): void {
  if (!["duration", "timestamp", "matches"].includes(fn)) return;
  const [arg] = args;
  if (arg?.kind !== "const" || typeof arg.value !== "string") return;
  const bad =
    fn === "matches" ? regexProblem(arg.value) !== undefined : call(fn, [arg.value]) instanceof CelError;
  if (bad) issues.push({ at: arg.at, message: `invalid ${fn} argument` });
}

function typeOf(expr: Expr, checked: Checked, optional: boolean): Type {
  const type = checked.types.get(expr.id) ?? { kind: "dyn", name: "dyn", params: [] };
  return optional ? unwrapped(type) : type;
}

function mismatch(expr: Expr, expected: Type, actual: Type): Issue {
  return {
    at: expr.at,
    message: `expected type '${formatType(expected)}' but found '${formatType(actual)}'`,
  };
}

function listIssues(expr: List, checked: Checked, issues: Issue[]): void {
  let first: Type | undefined;
  for (const [index, element] of expr.elements.entries()) {
    const type = typeOf(element, checked, expr.optional.has(index));
    if (first === undefined) first = type;
    else if (!sameType(first, type)) {
      issues.push(mismatch(element, first, type));
      return;
    }
  }
}

function mapIssues(expr: MapLiteral, checked: Checked, issues: Issue[]): void {
  let first: { readonly key: Type; readonly value: Type } | undefined;
  for (const entry of expr.entries) {
    const key = typeOf(entry.key, checked, false);
    const value = typeOf(entry.value, checked, entry.optional);
    if (first === undefined) first = { key, value };
    else {
      if (!sameType(first.key, key)) issues.push(mismatch(entry.key, first.key, key));
      if (!sameType(first.value, value)) issues.push(mismatch(entry.value, first.value, value));
    }
  }
}

/** What a clause of `format` takes, and how cel-go says so. */
const clauses: Readonly<Record<string, readonly [readonly string[], string]>> = {
  d: [["int", "uint"], "decimal clause can only be used on integers"],
  f: [["double", "string"], "fixed-point clause can only be used on doubles"],
  e: [["double", "string"], "scientific clause can only be used on doubles"],
  b: [["int", "uint", "bool"], "only integers and bools can be formatted as binary"],
  x: [["int", "uint", "string", "bytes"], "only integers, byte buffers, and strings can be formatted as hex"],
  X: [["int", "uint", "string", "bytes"], "only integers, byte buffers, and strings can be formatted as hex"],
  o: [["int", "uint"], "octal clause can only be used on integers"],
};

function formatIssues({ fn, at, target, args }: Call, checked: Checked, issues: Issue[]): void {
  const [list] = args;
  if (
    fn !== "format" ||
    target?.kind !== "const" ||
    list?.kind !== "list" ||
    typeof target.value !== "string"
  )
    return;
  const problem = formatProblem(target.value, list, at, checked);
  if (problem !== undefined) issues.push(problem);
}

function formatProblem(text: string, list: List, at: number, checked: Checked): Issue | undefined {
  let next = 0;
  for (const [whole, letter] of text.matchAll(/%(?:%|(?:\.\d+)?([^]?))/g)) {
    if (whole === "%%") continue;
    if (letter === undefined || letter === "") return { at, message: "unexpected end of string" };
    const [types, why] = (Object.hasOwn(clauses, letter) ? clauses[letter] : undefined) ?? [];
    if (types === undefined && letter !== "s")
      return { at, message: `could not parse formatting clause: unrecognized formatting clause "${letter}"` };
    const arg = list.elements[next];
    if (arg === undefined) return { at, message: `index ${next} out of range` };
    next++;
    const type = typeOf(arg, checked, false);
    if (types !== undefined && !isDyn(type) && !types.includes(type.kind))
      return { at: arg.at, message: `error during formatting: ${why ?? ""}, was given ${type.name}` };
  }
  return next < list.elements.length
    ? {
        at,
        message: `too many arguments supplied to string.format (expected ${next}, got ${list.elements.length})`,
      }
    : undefined;
}
