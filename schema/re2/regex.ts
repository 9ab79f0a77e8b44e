/**
 * Regular expressions as Go's regexp package (RE2) reads them, in linear time: what patterns of schemas and CEL's
 * `matches`, `find` and `findAll` mean in Kubernetes. JavaScript's own RegExp reads many of them otherwise (`(?i)`,
 * `\z`, `[[:alpha:]]`, `\s`, `.`) and takes exponential time for some.
 */
import { RE2JS, RE2JSException } from "re2js";

/** Go would not compile it; the message is Go's. */
export class RegexSyntaxError extends Error {
  override readonly name = "RegexSyntaxError";
}

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
    const program = compile(pattern);
    compiled = {
      source: pattern,
      test: (text) => program.test(text),
      find: (text, from = 0) => {
        const matcher = program.matcher(text);
        return matcher.find(from) ? { start: matcher.start(), end: matcher.end() } : undefined;
      },
    };
    if (kept.size >= maxKept) kept.delete(kept.keys().next().value ?? "");
    kept.set(pattern, compiled);
  }
  return compiled;
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    // Go names the offending part also where there is none.
    if (error instanceof RE2JSException)
      throw new RegexSyntaxError(error.message.replace(/(?<=at end of expression)$/, ": ``"));
    throw error;
  }
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
