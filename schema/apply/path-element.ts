/**
 * Path elements: what names a child of a value in field sets. Kept in the form that fieldsV1 writes them, which is unique
 * per element and so serves as key: `f:name` a member, `k:{"name":"a"}` an item of a keyed list, `v:"a"` an item of a
 * set, `i:0` a position. Pure.
 */
import { isObject } from "../patch/values.ts";
import { goJson, goQuote } from "../structural/go-format.ts";
import { compareText, compareValues } from "./order.ts";

export type PathElement = string;

export function fieldElement(name: string): PathElement {
  return `f:${name}`;
}

/** `keys`: pairs of name and value; in any order. */
export function keyElement(keys: readonly (readonly [string, unknown])[]): PathElement {
  const members = keys
    .toSorted(([a], [b]) => compareText(a, b))
    .map(([name, value]) => `${JSON.stringify(name)}:${elementJson(value)}`);
  return `k:{${members.join()}}`;
}

export function valueElement(value: unknown): PathElement {
  return `v:${elementJson(value)}`;
}

function elementJson(value: unknown): string {
  return typeof value === "number" ? goNumber(value) : goJson(value);
}

/**
 * One key of fieldsV1 as a client may have written it, in the form above. `undefined`: a kind of element that this version
 * does not know, which is dropped. Throws SyntaxError.
 */
export function parsePathElement(text: string): PathElement | undefined {
  if (text.length < 2) throw new SyntaxError("key must be 2 characters long:");
  if (text[1] !== ":") throw new SyntaxError(`missing colon: ${text}`);
  const rest = text.slice(2);
  switch (text[0]) {
    case "f":
      return text;
    case "v":
      return valueElement(JSON.parse(rest));
    case "k": {
      const keys: unknown = JSON.parse(rest);
      if (!isObject(keys)) throw new SyntaxError(`not an object: ${rest}`);
      return keyElement(Object.entries(keys));
    }
    case "i":
      if (!/^[+-]?\d+$/.test(rest)) throw new SyntaxError(`not an index: ${rest}`);
      return `i:${Number(rest)}`;
    default:
      return undefined;
  }
}

/** The name of a member, or `undefined` for another kind of element. */
export function fieldName(element: PathElement): string | undefined {
  return element.startsWith("f:") ? element.slice(2) : undefined;
}

/** Names and values of the keys of an item, or `undefined` for another kind of element. */
function keysOf(element: PathElement): [string, unknown][] {
  return Object.entries(JSON.parse(element.slice(2)) as Record<string, unknown>);
}

const rank: Readonly<Record<string, number>> = { f: 0, k: 1, v: 2, i: 3 };

/** The order of fieldsV1: members, keyed items, values, positions. */
export function comparePathElements(a: PathElement, b: PathElement): number {
  if (a === b) return 0;
  const kind = a.charAt(0);
  if (kind !== b.charAt(0)) return (rank[kind] ?? 4) - (rank[b.charAt(0)] ?? 4);
  switch (kind) {
    case "f":
      return compareText(a, b);
    case "k":
      return compareKeys(keysOf(a), keysOf(b));
    case "v":
      return compareValues(JSON.parse(a.slice(2)), JSON.parse(b.slice(2)));
    default:
      return Number(a.slice(2)) - Number(b.slice(2));
  }
}

function compareKeys(a: readonly [string, unknown][], b: readonly [string, unknown][]): number {
  for (const [index, [name, value]] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    const order = compareText(name, other[0]) || compareValues(value, other[1]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** As people read it in messages: `.spec.ports[port=80,protocol="TCP"]`. */
export function pathText(path: readonly PathElement[]): string {
  return path.map(elementText).join("");
}

function elementText(element: PathElement): string {
  switch (element.charAt(0)) {
    case "f":
      return `.${element.slice(2)}`;
    case "k":
      return `[${keysOf(element)
        .map(([name, value]) => `${name}=${valueText(value)}`)
        .join()}]`;
    case "v":
      return `[=${valueText(JSON.parse(element.slice(2)))}]`;
    default:
      return `[${element.slice(2)}]`;
  }
}

function valueText(value: unknown): string {
  if (typeof value === "string") return goQuote(value);
  if (typeof value === "number")
    return goNumber(value, value !== 0 && Math.abs(value) < 1e-4 ? value.toExponential() : undefined);
  if (Array.isArray(value)) return `[${value.map(valueText).join()}]`;
  if (!isObject(value)) return String(value);
  return Object.entries(value)
    .map(([name, item]) => `${name}=${valueText(item)}`)
    .join("");
}

/** A number as Go prints it: exponents have two digits. */
function goNumber(value: number, text = String(value)): string {
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}
