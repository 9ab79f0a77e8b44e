/** An expression as a small program of characters, forks and assertions (Thompson's construction). Pure. */
import type { CharSet } from "./char-set.ts";
import type { Assertion, Node } from "./syntax.ts";

export type Instruction =
  | { readonly op: "set"; readonly set: CharSet; next: number }
  | { readonly op: "assert"; readonly assertion: Assertion; next: number }
  /** Goes on at both; `next` is preferred. */
  | { readonly op: "fork"; next: number; other: number }
  | { readonly op: "match" };

export interface Program {
  readonly start: number;
  readonly code: readonly Instruction[];
  /** Can match at the beginning of the text only. */
  readonly anchored: boolean;
}

/** Larger programs are refused: Go allows some millions, but memory here is 128 MB for everything. */
const maxInstructions = 50_000;

/** `undefined`: the expression needs too many instructions. */
export function compile(node: Node): Program | undefined {
  const code: Instruction[] = [{ op: "match" }];
  const add = (instruction: Instruction): number => {
    code.push(instruction);
    return code.length - 1;
  };
  /** Builds backwards: where to begin so that `tree` and then `next` is matched. */
  const build = (tree: Node, next: number): number => {
    if (code.length > maxInstructions) return next;
    switch (tree.op) {
      case "empty":
        return next;
      case "set":
        return add({ op: "set", set: tree.set, next });
      case "assert":
        return add({ op: "assert", assertion: tree.assertion, next });
      case "concat":
        return tree.nodes.reduceRight((after, part) => build(part, after), next);
      case "alternate":
        return tree.nodes
          .map((part) => build(part, next))
          .reduceRight((other, preferred) => fork(preferred, other, true));
      case "repeat":
        return repeat(tree, next);
      default:
        return tree satisfies never;
    }
  };
  const fork = (inner: number, out: number, greedy: boolean): number =>
    add(greedy ? { op: "fork", next: inner, other: out } : { op: "fork", next: out, other: inner });
  const repeat = ({ node: inner, min, max, greedy }: Node & { op: "repeat" }, next: number): number => {
    let at = next;
    if (max < 0) {
      const loop: Instruction & { op: "fork" } = { op: "fork", next, other: next };
      at = add(loop);
      const body = build(inner, at);
      if (greedy) loop.next = body;
      else loop.other = body;
      // One or more: the body first, then the loop.
      if (min > 0) at = body;
      for (let copy = 1; copy < min; copy++) at = build(inner, at);
      return at;
    }
    for (let copy = min; copy < max; copy++) at = fork(build(inner, at), next, greedy);
    for (let copy = 0; copy < min; copy++) at = build(inner, at);
    return at;
  };
  const start = build(node, 0);
  return code.length > maxInstructions ? undefined : { start, code, anchored: isAnchored(node) };
}

function isAnchored(node: Node): boolean {
  if (node.op === "assert") return node.assertion === "beginText";
  if (node.op === "concat") return node.nodes[0] !== undefined && isAnchored(node.nodes[0]);
  return node.op === "alternate" && node.nodes.every(isAnchored);
}
