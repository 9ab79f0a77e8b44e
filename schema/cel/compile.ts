/** From the text of an expression to a program, or to the errors that cel-go would print. */
import type { Issue } from "./ast.ts";
import { check } from "./checker.ts";
import type { CheckEnv } from "./checker.ts";
import { estimateCost } from "./cost-estimate.ts";
import type { SizeOf } from "./cost-estimate.ts";
import { plan } from "./interpreter.ts";
import type { Program } from "./interpreter.ts";
import { literalIssues } from "./literals.ts";
import { parse } from "./parser.ts";
import type { Type } from "./types.ts";
import { CelError } from "./values.ts";

export interface Compiled {
  readonly program: Program;
  readonly type: Type;
  /** Names of variables that it uses. */
  readonly uses: ReadonlySet<string>;
  /** At most; saturates at 2^64. */
  readonly maxCost: number;
}

export type Compilation =
  | { readonly ok: true; readonly compiled: Compiled }
  /** `stage`: what refused it, as Kubernetes words the beginning of the error. */
  | { readonly ok: false; readonly stage: "compilation" | "program instantiation"; readonly message: string };

export function compile(source: string, env: CheckEnv, sizeOf: SizeOf): Compilation {
  const parsed = parse(source);
  if (!parsed.ok) return { ok: false, stage: "compilation", message: printed(source, parsed.issues) };
  const { checked, issues } = check(parsed.expr, env);
  const found = issues.length > 0 ? issues : literalIssues(checked);
  if (found.length > 0) return { ok: false, stage: "compilation", message: printed(source, found) };
  const program = plan(checked);
  if (program instanceof CelError)
    return { ok: false, stage: "program instantiation", message: program.message };
  const type = checked.types.get(parsed.expr.id);
  if (type === undefined) throw new TypeError("an expression without type");
  return {
    ok: true,
    compiled: {
      program,
      type,
      uses: new Set(checked.references.values()),
      maxCost: estimateCost(checked, sizeOf).max,
    },
  };
}

/** As many errors as cel-go shows, and as long lines. */
const maxIssues = 100;
const maxSnippet = 16_384;

/** All errors by their place, each with its line and a mark under it. */
function printed(source: string, issues: readonly Issue[]): string {
  const lines = source.split("\n");
  const placed = issues.slice(0, maxIssues).map((issue) => ({ issue, ...placeOf(source, issue.at) }));
  placed.sort((a, b) => a.line - b.line || a.column - b.column);
  return placed
    .map(({ issue, line, column }) => {
      const head = `ERROR: <input>:${line}:${column + 1}: ${issue.message}`;
      const text = lines[line - 1];
      if (text === undefined || text.length > maxSnippet) return head;
      const chars = Array.from(text.replaceAll("\t", " "));
      const wide = (char: string | undefined): boolean => char !== undefined && char > "\u007f";
      const dots = chars.slice(0, column).map((char) => (wide(char) ? "\uff0e" : "."));
      return `${head}\n | ${chars.join("")}\n | ${dots.join("")}${wide(chars[column]) ? "\uff3e" : "^"}`;
    })
    .join("\n");
}

/** Lines from 1, columns from 0, in characters. */
function placeOf(source: string, at: number): { readonly line: number; readonly column: number } {
  if (at < 0) return { line: -1, column: -1 };
  const before = source.slice(0, at);
  const start = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: Array.from(before.slice(start)).length };
}
