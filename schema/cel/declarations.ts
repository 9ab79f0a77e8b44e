/** How functions are declared: `string.indexOf(string, int) -> int` as text, with an id for each overload. Pure. */
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  mapType,
  nullType,
  objectType,
  opaqueType,
  optionalType,
  paramType,
  stringType,
  timestampType,
  typeType,
  uintType,
} from "./types.ts";
import type { Type } from "./types.ts";

export interface Overload {
  readonly id: string;
  readonly member: boolean;
  /** With the target first. */
  readonly args: readonly Type[];
  readonly result: Type;
  readonly params: readonly string[];
}

export const ipType = opaqueType("net.IP");
export const cidrType = opaqueType("net.CIDR");
export const urlType = objectType("kubernetes.URL");
export const quantityType = objectType("kubernetes.Quantity");
export const formatTypeOf = objectType("kubernetes.NamedFormat");
export const semverType = objectType("kubernetes.Semver");

const named: Readonly<Record<string, Type>> = {
  bool: boolType,
  int: intType,
  uint: uintType,
  double: doubleType,
  string: stringType,
  bytes: bytesType,
  duration: durationType,
  timestamp: timestampType,
  null: nullType,
  dyn: dynType,
  IP: ipType,
  CIDR: cidrType,
  URL: urlType,
  Quantity: quantityType,
  Format: formatTypeOf,
  Semver: semverType,
};

/** Capital letters are parameters: `list(T)`, `map(K, V)`, `optional(T)`. */
function parseType(text: string): Type {
  const match = /^(\w+)(?:\((.*)\))?$/.exec(text);
  if (match === null) throw new TypeError(`no type: ${text}`);
  const [, name = "", inner] = match;
  const params = inner === undefined ? [] : splitArguments(inner).map(parseType);
  const [first = dynType, second = dynType] = params;
  switch (name) {
    case "list":
      return listType(first);
    case "map":
      return mapType(first, second);
    case "optional":
      return optionalType(first);
    case "type":
      return typeType(first);
    default:
      return (Object.hasOwn(named, name) ? named[name] : undefined) ?? paramType(name);
  }
}

function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = "";
  for (const char of text) {
    if (char === "(") depth++;
    if (char === ")") depth--;
    if (char === "," && depth === 0) {
      parts.push(part.trim());
      part = "";
    } else part += char;
  }
  if (part.trim() !== "") parts.push(part.trim());
  return parts;
}

function paramsOf(type: Type): string[] {
  return type.kind === "param" ? [type.name] : type.params.flatMap(paramsOf);
}

/** `"target.(args) -> result"` or `"(args) -> result"`. */
export function overload(id: string, signature: string): Overload {
  const match = /^(?:(.+?)\.)?\((.*)\) -> (.+)$/.exec(signature);
  if (match === null) throw new TypeError(`no signature: ${signature}`);
  const [, target, args = "", result = ""] = match;
  const types = [...(target === undefined ? [] : [target]), ...splitArguments(args)].map(parseType);
  const returned = parseType(result);
  const params = [...new Set([...types, returned].flatMap(paramsOf))];
  return { id, member: target !== undefined, args: types, result: returned, params };
}

/** Function → id → signature. */
export type Signatures = Readonly<Record<string, Readonly<Record<string, string>>>>;

export function declared(...groups: readonly Signatures[]): ReadonlyMap<string, readonly Overload[]> {
  const found = new Map<string, Overload[]>();
  for (const group of groups) {
    for (const [name, overloads] of Object.entries(group)) {
      const list = found.get(name) ?? [];
      list.push(...Object.entries(overloads).map(([id, signature]) => overload(id, signature)));
      found.set(name, list);
    }
  }
  return found;
}
