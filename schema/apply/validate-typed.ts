/** Whether a value fits its schema as far as apply is concerned (structured-merge-diff `typed.AsTyped`). Pure. */
import { isObject } from "../patch/values.ts";
import { kindsOf } from "./atoms.ts";
import type { Atom, Scalar } from "./atoms.ts";
import { TypedError } from "./errors.ts";
import { goQuote } from "../structural/go-format.ts";
import { itemElement } from "./list-items.ts";
import { pathText } from "./path-element.ts";
import type { PathElement } from "./path-element.ts";

/** Throws TypedError with every problem. `duplicates`: an associative list may hold an item twice. */
export function checkTyped(atom: Atom, value: unknown, duplicates = false): void {
  const problems: string[] = [];
  check(atom, value, [], duplicates, problems);
  if (problems.length === 1) throw new TypedError(problems[0]);
  if (problems.length > 1)
    throw new TypedError(["errors:", ...problems.map((text) => `  ${text}`)].join("\n"));
}

const maxProblems = 100;

function check(
  atom: Atom,
  value: unknown,
  path: readonly PathElement[],
  duplicates: boolean,
  problems: string[],
): void {
  if (problems.length >= maxProblems) return;
  const add = (problem: string, at = path): void => {
    problems.push(at.length === 0 ? problem : `${pathText(at)}: ${problem}`);
  };
  const kinds = kindsOf(atom, value);
  if (kinds.startsWith("m")) {
    if (value === null) return;
    if (!isObject(value)) return add(`expected map, got ${shown(value)}`);
    const { map } = atom;
    for (const [name, item] of Object.entries(value)) {
      const at = [...path, `f:${name}`];
      const child = map?.field(name)?.atom ?? map?.element;
      // What comes after it in the map is not looked at; so in Go, where the order is random.
      if (child === undefined) return add("field not declared in schema", at);
      check(child, item, at, duplicates, problems);
    }
    return;
  }
  if (kinds.startsWith("s")) {
    const wanted = scalarProblem(atom.scalar ?? "untyped", value);
    if (wanted !== undefined) add(`${wanted}, got ${shown(value)}`);
    return;
  }
  const { list } = atom;
  if (list === undefined || value === null) return;
  if (!Array.isArray(value)) return add(`expected list, got ${shown(value)}`);
  const seen = new Set<PathElement>();
  for (const [index, item] of value.entries()) {
    let element = `i:${index}`;
    if (!list.atomic) {
      try {
        element = itemElement(list, item);
      } catch (error) {
        if (!(error instanceof TypedError)) throw error;
        return add(`element ${index}: ${error.message}`);
      }
      if (seen.has(element) && !duplicates) add(`duplicate entries for key ${pathText([element])}`);
      seen.add(element);
    }
    check(list.element, item, [...path, element], duplicates, problems);
  }
}

/** What a scalar should have been; null is any of them. */
export function scalarProblem(scalar: Scalar, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  const type = typeof value;
  switch (scalar) {
    case "numeric":
      return type === "number" ? undefined : "expected numeric (int or float)";
    case "string":
      return type === "string" ? undefined : "expected string";
    case "boolean":
      return type === "boolean" ? undefined : "expected boolean";
    case "untyped":
      return type === "object" ? "expected any scalar" : undefined;
    default:
      return scalar satisfies never;
  }
}

function shown(value: unknown): string {
  return typeof value === "string" ? goQuote(value) : JSON.stringify(value);
}
