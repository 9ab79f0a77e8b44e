/** JSON pointers (RFC 6901), and what they name in arrays and objects. */
import { PatchError } from "./errors.ts";
import { isObject, member, setMember } from "./values.ts";
import type { JsonObject } from "./values.ts";

type Container = JsonObject | unknown[];

/** The reference tokens of a pointer other than "". Throws PatchError for one that does not begin with `/`. */
export function pointerTokens(pointer: string): string[] {
  if (!pointer.startsWith("/"))
    throw new PatchError("Invalid", `"${pointer}" is no JSON pointer: it must begin with "/"`);
  return pointer
    .slice(1)
    .split("/")
    .map((token) => token.replace(/~[01]/g, (escape) => (escape === "~1" ? "/" : "~")));
}

/** The container that the last token names a place in; `undefined` when something on the way is missing. */
export function resolveParent(
  root: unknown,
  tokens: readonly string[],
): { parent: Container; key: string } | undefined {
  let at = root;
  for (const token of tokens.slice(0, -1)) {
    if (Array.isArray(at)) {
      const index = indexOf(token, at.length);
      at = index === undefined ? undefined : at[index];
    } else at = isObject(at) ? member(at, token) : undefined;
  }
  const key = tokens.at(-1);
  return key !== undefined && (Array.isArray(at) || isObject(at)) ? { parent: at, key } : undefined;
}

/** What stands there; `undefined` for an absent member. Throws PatchError for an index that is none of the array. */
export function read(parent: Container, key: string, path: string): unknown {
  return Array.isArray(parent) ? parent[existingIndex(parent, key, path)] : member(parent, key);
}

/** Sets a member, or inserts an element: `-` and the length append. Throws PatchError for an index beyond. */
export function insertAt(parent: Container, key: string, value: unknown, path: string): void {
  if (!Array.isArray(parent)) setMember(parent, key, value);
  else if (key === "-") parent.push(value);
  else {
    const index = indexOf(key, parent.length + 1);
    if (index === undefined) throw invalidIndex(key, path);
    parent.splice(index, 0, value);
  }
}

/** Sets a member, absent or not, or an element that is there. Throws PatchError for an index that is none. */
export function replaceAt(parent: Container, key: string, value: unknown, path: string): void {
  if (Array.isArray(parent)) parent[existingIndex(parent, key, path)] = value;
  else setMember(parent, key, value);
}

/** Throws PatchError when nothing is there. */
export function removeAt(parent: Container, key: string, path: string): void {
  if (Array.isArray(parent)) parent.splice(existingIndex(parent, key, path), 1);
  else if (Object.hasOwn(parent, key)) delete parent[key];
  else
    throw new PatchError(
      "Invalid",
      `error in remove for path: '${path}': Unable to remove nonexistent key: ${key}: missing value`,
    );
}

function existingIndex(array: readonly unknown[], key: string, path: string): number {
  const index = indexOf(key, array.length);
  if (index === undefined) throw invalidIndex(key, path);
  return index;
}

/** Below `length`; a negative number counts back from it. */
function indexOf(key: string, length: number): number | undefined {
  if (!/^[+-]?\d{1,15}$/.test(key)) return undefined;
  const number = Number(key);
  const index = number < 0 ? number + length : number;
  return index >= 0 && index < length ? Math.abs(index) : undefined;
}

function invalidIndex(key: string, path: string): PatchError {
  return new PatchError(
    "Invalid",
    `error for path: '${path}': Unable to access invalid index: ${key}: invalid index referenced`,
  );
}
