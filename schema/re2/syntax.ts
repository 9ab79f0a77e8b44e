/** The tree of an RE2 expression, and the error of one that cannot be read, in the words of Go's regexp package. */
import type { CharSet } from "./char-set.ts";

export type Assertion =
  | "beginText"
  | "endText"
  | "beginLine"
  | "endLine"
  | "wordBoundary"
  | "notWordBoundary";

export type Node =
  | { readonly op: "empty" }
  | { readonly op: "set"; readonly set: CharSet }
  | { readonly op: "assert"; readonly assertion: Assertion }
  | { readonly op: "concat" | "alternate"; readonly nodes: readonly Node[] }
  | {
      readonly op: "repeat";
      readonly node: Node;
      readonly min: number;
      /** -1: without end. */
      readonly max: number;
      readonly greedy: boolean;
    };

export class RegexSyntaxError extends Error {
  constructor(code: string, fragment: string) {
    super(`error parsing regexp: ${code}: \`${fragment}\``);
  }
}
