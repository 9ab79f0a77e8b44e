/** JSON merge patch (RFC 7386). Pure: neither the document nor the patch is changed, and the result shares nothing with them. */
import { copyOf, isObject, maxNesting, member, setMember, tooDeep } from "./values.ts";
import type { JsonObject } from "./values.ts";

/**
 * Objects merge, null removes a member, anything else replaces. A patch that is no object becomes the result, as the RFC
 * has it: whether that is acceptable is the caller's question. Throws PatchError for nesting beyond 64 only.
 */
export function applyMergePatch(document: unknown, patch: unknown): unknown {
  return merge(document, patch, 0);
}

function merge(target: unknown, patch: unknown, depth: number): unknown {
  if (!isObject(patch)) return copyOf(patch, depth);
  if (depth >= maxNesting) throw tooDeep();
  const merged: JsonObject = {};
  const before = isObject(target) ? target : {};
  // Members keep their places; new ones follow.
  for (const [key, value] of Object.entries(before))
    if (!Object.hasOwn(patch, key)) setMember(merged, key, copyOf(value, depth + 1));
    else if (patch[key] !== null) setMember(merged, key, merge(value, patch[key], depth + 1));
  for (const [key, value] of Object.entries(patch))
    if (value !== null && member(before, key) === undefined)
      setMember(merged, key, merge(undefined, value, depth + 1));
  return merged;
}
