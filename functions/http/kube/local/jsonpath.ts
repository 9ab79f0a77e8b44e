/**
 * JSONPath as the printer columns of custom resources use it (k8s.io/client-go, util/jsonpath): fields, quoted keys,
 * indexes, slices, wildcards, unions, filters, descent. Parsing; `find` is in jsonpath-find.ts. Pure.
 */

export type Step =
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "wildcard" | "descent" }
  | { readonly kind: "slice"; readonly from?: number; readonly to?: number; readonly step?: number }
  | { readonly kind: "index"; readonly at: number }
  | { readonly kind: "union"; readonly branches: readonly JsonPath[] }
  | { readonly kind: "filter"; readonly left: JsonPath; readonly operator: string; readonly right: JsonPath }
  /** The right side of a filter. */
  | { readonly kind: "literal"; readonly value: string | number | boolean };

export type JsonPath = readonly Step[];

export class JsonPathError extends Error {
  override readonly name = "JsonPathError";
}

/** Deeper nesting of filters than any real column has. */
const maxNesting = 8;

/** `.status.conditions[?(@.type=="Ready")].status` as steps, without braces around it. Throws `JsonPathError`. */
export function parseJsonPath(text: string, nesting = 0): JsonPath {
  if (nesting > maxNesting) throw new JsonPathError("nested too deeply");
  const steps: Step[] = [];
  let rest = text;
  while (rest !== "") {
    const { steps: more, length } = nextSteps(rest, nesting);
    steps.push(...more);
    rest = rest.slice(length);
  }
  return steps;
}

interface Parsed {
  readonly steps: JsonPath;
  readonly length: number;
}

const numberLiteral = /^[+-]?\d[\d.]*/;

function nextSteps(text: string, nesting: number): Parsed {
  const [first = ""] = text;
  // The object itself.
  if (first === " " || first === "@" || first === "$") return { steps: [], length: 1 };
  if (text.startsWith("[?(")) return filter(text, nesting);
  if (first === "[") return brackets(text, nesting);
  if (text.startsWith("..")) return descent(text);
  if (first === ".") return field(text.slice(1), 1);
  if (first === '"' || first === "'") return quoted(text);
  const [number] = numberLiteral.exec(text) ?? [];
  if (number !== undefined) return literal(Number(number), number.length);
  const [word = ""] = /^\w+/.exec(text) ?? [];
  if (word === "true" || word === "false") return literal(word === "true", word.length);
  throw new JsonPathError(`unexpected ${JSON.stringify(text.slice(0, 20))}`);
}

function literal(value: string | number | boolean, length: number): Parsed {
  if (typeof value === "number" && Number.isNaN(value)) throw new JsonPathError("not a number");
  return { steps: [{ kind: "literal", value }], length };
}

/** A name ends before `.`, brackets and such, unless a backslash stands before them. */
function field(text: string, before: number): Parsed {
  const [raw = ""] = /^(?:\\.|[^\\\s.,[\]$@{}])*/s.exec(text) ?? [];
  const length = before + raw.length;
  if (raw === "*") return { steps: [{ kind: "wildcard" }], length };
  return { steps: [{ kind: "field", name: raw.replaceAll("\\", "") }], length };
}

function descent(text: string): Parsed {
  const step: Step = { kind: "descent" };
  if (!/^\.\.[\p{L}\p{N}_]/u.test(text)) return { steps: [step], length: 2 };
  const { steps, length } = field(text.slice(2), 2);
  return { steps: [step, ...steps], length };
}

function quoted(text: string): Parsed {
  const [whole] = /^(["'])(?:\\.|(?!\1)[^\\\n])*\1/s.exec(text) ?? [];
  if (whole === undefined) throw new JsonPathError("unterminated quoted string");
  return literal(whole.slice(1, -1).replaceAll(/\\(.)/gs, "$1"), whole.length);
}

function brackets(text: string, nesting: number): Parsed {
  const end = text.indexOf("]");
  if (end === -1) throw new JsonPathError("unterminated [");
  const inner = text.slice(1, end);
  const length = end + 1;
  if (inner.includes(",")) {
    const branches = inner.split(",").map((branch) => parseJsonPath(`[${branch.trim()}]`, nesting + 1));
    return { steps: [{ kind: "union", branches }], length };
  }
  // A quoted key is read like the rest of a dotted path: `['a\.b']`, as in Kubernetes, where `['a.b']` are two fields.
  const [, key] = /^'([^']*)'$/.exec(inner) ?? [];
  if (key !== undefined) return { steps: parseJsonPath(`.${key}`, nesting + 1), length };
  return { steps: [subscript(inner)], length };
}

function subscript(inner: string): Step {
  if (inner === "*") return { kind: "slice" };
  if (/^-?\d+$/.test(inner)) return { kind: "index", at: Number(inner) };
  const match = /^(-?\d+)?:(-?\d+)?(?::(-?\d+)?)?$/.exec(inner);
  if (match === null) throw new JsonPathError(`invalid array index ${JSON.stringify(inner)}`);
  const [, from, to, step] = match;
  return {
    kind: "slice",
    ...(from === undefined ? {} : { from: Number(from) }),
    ...(to === undefined ? {} : { to: Number(to) }),
    ...(step === undefined ? {} : { step: Number(step) }),
  };
}

/** `[?(@.type=="Ready")]`, and `[?(@.type)]` for those that have the field. */
function filter(text: string, nesting: number): Parsed {
  const start = "[?(".length;
  const end = endOfFilter(text, start);
  const inner = text.slice(start, end);
  const length = end + ")]".length;
  const [, left, operator = "", right = ""] = /^([^!<>=]+)([!<>=]+)(.+)$/s.exec(inner) ?? [];
  const parse = (side: string): JsonPath => parseJsonPath(side, nesting + 1);
  const step: Step =
    left === undefined
      ? { kind: "filter", left: parse(inner), operator: "exists", right: [] }
      : { kind: "filter", left: parse(left), operator, right: parse(right) };
  return { steps: [step], length };
}

/** Where the `)` before `]` stands that is in no quotes. */
function endOfFilter(text: string, start: number): number {
  let quote = "";
  for (let at = start; at < text.length; at++) {
    const character = text[at] ?? "";
    if (quote !== "") {
      if (character === "\\") at++;
      else if (character === quote) quote = "";
    } else if (character === '"' || character === "'") quote = character;
    else if (character === ")") {
      if (text[at + 1] !== "]") throw new JsonPathError("expected ] after the filter");
      return at;
    }
  }
  throw new JsonPathError("unterminated filter");
}
