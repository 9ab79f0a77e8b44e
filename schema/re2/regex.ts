/**
 * Regular expressions as Go's regexp package (RE2) reads them, in linear time: what patterns of schemas and CEL's
 * `matches`, `find` and `findAll` mean in Kubernetes. JavaScript's own RegExp reads many of them otherwise (`(?i)`,
 * `\z`, `[[:alpha:]]`, `\s`, `.`) and takes exponential time for some. Pure.
 */
import { Matcher } from "./matcher.ts";
import { parseRegex } from "./parse.ts";
import { compile } from "./program.ts";
import { RegexSyntaxError } from "./syntax.ts";

export { RegexSyntaxError } from "./syntax.ts";

export interface Regex {
  readonly source: string;
  /** Whether the text contains a match. */
  test(text: string): boolean;
  /** The leftmost match at or after `from`, in UTF-16 units. */
  find(text: string, from?: number): { readonly start: number; readonly end: number } | undefined;
}

/** Compiled expressions are kept: schemas and rules ask for the same ones at every write. */
const kept = new Map<string, Regex>();
const maxKept = 500;

/** Throws `RegexSyntaxError` with Go's words. */
export function regex(pattern: string): Regex {
  let compiled = kept.get(pattern);
  if (compiled === undefined) {
    const program = compile(parseRegex(pattern));
    if (program === undefined) throw new RegexSyntaxError("expression too large", pattern);
    const matcher = new Matcher(program);
    compiled = {
      source: pattern,
      test: (text) => matcher.test(text),
      find: (text, from) => matcher.find(text, from),
    };
    if (kept.size >= maxKept) kept.delete(kept.keys().next().value ?? "");
    kept.set(pattern, compiled);
  }
  return compiled;
}

/** Why Go would not compile it, or `undefined`. */
export function regexProblem(pattern: string): string | undefined {
  try {
    regex(pattern);
    return undefined;
  } catch (error) {
    if (error instanceof RegexSyntaxError) return error.message;
    throw error;
  }
}
