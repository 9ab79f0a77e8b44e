/** JSON Patch (RFC 6902) as kube-apiserver applies it. Pure: document and patch stay as they are, the result shares nothing with them. */
import { nestsDeeperThan } from "../structural/engine.ts";
import { PatchError } from "./errors.ts";
import { pointerTokens, read, removeAt, insertAt, replaceAt, resolveParent } from "./json-pointer.ts";
import { copyOf, isObject, maxNesting, member, same, tooDeep } from "./values.ts";
import type { JsonObject } from "./values.ts";

/** kube-apiserver's own limits: operations of one patch, and bytes that its copies may add together. */
const maxOperations = 10_000;
const maxCopiedBytes = 3 * 1024 * 1024;

/**
 * The patched document. Throws PatchError: `BadRequest` for what is no patch, `RequestEntityTooLarge` beyond 10,000
 * operations, `Invalid` when an operation does not apply (then nothing of the patch does).
 *
 * Where gopkg.in/evanphx/json-patch.v4, which kube-apiserver uses, takes more than the RFC, so does this, because clients
 * rely on it: an absent member can be replaced (it is added), copied (null) and tested against null; an absent `value` is
 * null; negative indices count from the end. Beyond it, and by the RFC, `add` and `copy` may name the whole document.
 */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw new PatchError("BadRequest", "a JSON patch must be a list of operations");
  if (patch.length > maxOperations)
    throw new PatchError(
      "RequestEntityTooLarge",
      `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`,
    );
  const operations = copyOf(patch) as unknown[];
  const draft: Draft = { root: copyOf(document), copiedBytes: 0 };
  for (const operation of operations) apply(draft, operation);
  if (nestsDeeperThan(draft.root, maxNesting)) throw tooDeep();
  return draft.root;
}

interface Draft {
  root: unknown;
  copiedBytes: number;
}

function apply(draft: Draft, operation: unknown): void {
  if (!isObject(operation)) throw new PatchError("BadRequest", "a JSON patch operation must be an object");
  const op = member(operation, "op");
  const value = member(operation, "value") ?? null;
  switch (op) {
    case "add":
      return add(draft, op, location(operation, "path"), value);
    case "remove":
      return remove(draft, op, location(operation, "path"));
    case "replace":
      return replace(draft, location(operation, "path"), value);
    case "move": {
      const from = location(operation, "from");
      const moved = lookUp(draft, op, from);
      // Into itself it cannot go: its place is gone by then.
      remove(draft, op, from);
      return add(draft, op, location(operation, "path"), moved);
    }
    case "copy": {
      const copied = copyOf(lookUp(draft, op, location(operation, "from")));
      count(draft, copied);
      return add(draft, op, location(operation, "path"), copied);
    }
    case "test": {
      const path = location(operation, "path");
      if (!same(lookUp(draft, op, path), value))
        throw new PatchError("Invalid", `testing value ${path} failed: test failed`);
      return;
    }
    default:
      throw new PatchError("Invalid", `Unexpected kind: ${typeof op === "string" ? op : "unknown"}`);
  }
}

function location(operation: JsonObject, name: "path" | "from"): string {
  const pointer = member(operation, name);
  if (typeof pointer !== "string")
    throw new PatchError(
      "Invalid",
      `${String(operation["op"])} operation failed to decode ${name}: missing value`,
    );
  return pointer;
}

function add(draft: Draft, op: string, path: string, value: unknown): void {
  if (path === "") return setRoot(draft, value);
  const { parent, key } = parentOf(draft, op, path);
  insertAt(parent, key, value, path);
}

function remove(draft: Draft, op: string, path: string): void {
  if (path === "")
    throw new PatchError("Invalid", `${op} operation does not apply: the document itself cannot go`);
  const { parent, key } = parentOf(draft, op, path);
  removeAt(parent, key, path);
}

function replace(draft: Draft, path: string, value: unknown): void {
  if (path === "") return setRoot(draft, value);
  const { parent, key } = parentOf(draft, "replace", path);
  replaceAt(parent, key, value, path);
}

/** The value at a path; null for a member that is absent. */
function lookUp(draft: Draft, op: string, path: string): unknown {
  if (path === "") return draft.root;
  const { parent, key } = parentOf(draft, op, path);
  return read(parent, key, path) ?? null;
}

function parentOf(draft: Draft, op: string, path: string): { parent: JsonObject | unknown[]; key: string } {
  const found = resolveParent(draft.root, pointerTokens(path));
  if (found === undefined)
    throw new PatchError(
      "Invalid",
      `${op} operation does not apply: doc is missing path: "${path}": missing value`,
    );
  return found;
}

function setRoot(draft: Draft, value: unknown): void {
  if (typeof value !== "object" || value === null)
    throw new PatchError("Invalid", "the value of the whole document must be an object or array");
  draft.root = value;
}

function count(draft: Draft, copied: unknown): void {
  draft.copiedBytes += new TextEncoder().encode(JSON.stringify(copied)).byteLength;
  if (draft.copiedBytes > maxCopiedBytes)
    throw new PatchError(
      "Invalid",
      `Unable to complete the copy, the accumulated size increase of copy is ${draft.copiedBytes}, exceeding the limit ${maxCopiedBytes}`,
    );
}
