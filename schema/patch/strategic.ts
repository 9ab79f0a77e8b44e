/**
 * Strategic merge patch as kube-apiserver applies it (k8s.io/apimachinery/pkg/util/strategicpatch), driven by the schema's
 * x-kubernetes-patch-merge-key and x-kubernetes-patch-strategy. Pure: document and patch stay as they are.
 */
import type { JsonSchema } from "../structural/types.ts";
import {
  arrange,
  checkElementOrder,
  directiveKey,
  elementKind,
  identityOf,
  positionsOf,
} from "./element-order.ts";
import { PatchError } from "./errors.ts";
import { listField, objectField } from "./patch-meta.ts";
import type { PatchField } from "./patch-meta.ts";
import { copyOf, isObject, member, setMember } from "./values.ts";
import type { JsonObject } from "./values.ts";

const retainKeysKey = "$retainKeys";
const orderPrefix = "$setElementOrder";
const deletionPrefix = "$deleteFromPrimitiveList";

/**
 * Objects merge, null deletes, lists are replaced unless their strategy is `merge`: then elements merge by their merge
 * key, or by value. Directives: `$patch: delete|replace`, `$retainKeys`, `$setElementOrder/<list>` and
 * `$deleteFromPrimitiveList/<list>` (deleted first, then the patch adds). As in Kubernetes a value for a member that is
 * absent is taken as it is, without its nulls and `$patch` elements; other directives in it stay, as unknown members.
 *
 * Throws PatchError: `BadRequest` for a malformed patch or a member of objects and lists that the schema does not know,
 * `Invalid` for lists of lists.
 */
export function applyStrategicMergePatch(schema: JsonSchema, document: unknown, patch: unknown): unknown {
  if (!isObject(document) || !isObject(patch)) throw new PatchError("BadRequest", "invalid JSON document");
  return mergeObject(copyOf(document) as JsonObject, copyOf(patch) as JsonObject, schema);
}

/** Changes and uses up both. */
function mergeObject(original: JsonObject, patch: JsonObject, schema: JsonSchema): JsonObject {
  if (Object.hasOwn(patch, directiveKey)) return directed(patch);
  retainKeys(original, patch);
  const keys = Object.keys(patch);
  for (const key of keys) if (key.startsWith(orderPrefix)) mergeInOrder(original, patch, key, schema);
  // Kubernetes does it in random order. Deletions first keep what the same patch adds.
  const isDeletion = (key: string): boolean => key.startsWith(deletionPrefix);
  for (const key of [...keys.filter(isDeletion), ...keys.filter((key) => !isDeletion(key))]) {
    const value = member(patch, key);
    if (value === undefined) continue;
    const name = isDeletion(key) ? listName(key, deletionPrefix) || key : key;
    mergeMember(original, name, value, schema, isDeletion(key));
  }
  return original;
}

function directed(patch: JsonObject): JsonObject {
  const { [directiveKey]: directive, ...replacement } = patch;
  if (directive === "replace") return replacement;
  if (directive === "delete") return {};
  throw unknownDirective(directive);
}

function mergeMember(
  original: JsonObject,
  name: string,
  value: unknown,
  schema: JsonSchema,
  deletion: boolean,
): void {
  if (value === null) {
    delete original[name];
    return;
  }
  const current = member(original, name);
  if (isObject(current) && isObject(value)) {
    const field = objectField(schema, name);
    const merged = field.strategy === "replace" ? value : mergeObject(current, value, field.schema);
    setMember(original, name, merged);
  } else if (Array.isArray(current) && Array.isArray(value)) {
    const field = listField(schema, name);
    const merges = field.strategy === "merge" || deletion;
    setMember(original, name, merges ? mergeList(current, value, field, deletion).list : value);
  } else if (!deletion) {
    const adopted = withoutDirectives(value, true);
    if (adopted === undefined) delete original[name];
    else setMember(original, name, adopted);
  }
}

/** Clears what the directive does not list; all that the patch sets must be listed. */
function retainKeys(original: JsonObject, patch: JsonObject): void {
  const listed = member(patch, retainKeysKey);
  if (listed === undefined) return;
  delete patch[retainKeysKey];
  const malformed = (): PatchError => new PatchError("BadRequest", "invalid patch format of retainKeys");
  if (!Array.isArray(listed) || listed.some((key) => typeof key === "object" && key !== null))
    throw malformed();
  const keep = new Set<unknown>(listed);
  for (const [key, value] of Object.entries(patch)) {
    const parallel = key.startsWith(deletionPrefix) || key.startsWith(orderPrefix);
    if (value !== null && !parallel && !keep.has(key)) throw malformed();
  }
  for (const key of Object.keys(original)) if (!keep.has(key)) delete original[key];
}

/** Merges the list that a `$setElementOrder` names, whether or not the patch has more of it, and takes both from the patch. */
function mergeInOrder(original: JsonObject, patch: JsonObject, key: string, schema: JsonSchema): void {
  const order = listOf(patch, key);
  delete patch[key];
  const name = listName(key, orderPrefix);
  const current = listOf(original, name);
  const changes = listOf(patch, name);
  const field = listField(schema, name);
  const { strategy, mergeKey } = field;
  checkElementOrder(changes ?? [], order ?? [], mergeKey);
  if (current === undefined && changes === undefined) return;

  const kind = elementKind(current ?? [], changes ?? []);
  if (kind === "object" && mergeKey === "") throw noMergeKey();
  let merged: Merged;
  if (changes === undefined) merged = { list: current ?? [], before: current ?? [] };
  else if (current === undefined)
    merged = { list: withoutDirectives(changes, false) as unknown[], before: [] };
  else if (strategy === "merge") merged = mergeList(current, changes, field, false);
  else merged = { list: changes, before: current };
  setMember(original, name, arrange(merged.list, order ?? [], merged.before, mergeKey));
  delete patch[name];
}

interface Merged {
  readonly list: unknown[];
  /** What ranks those that an order list does not name. */
  readonly before: readonly unknown[];
}

function mergeList(original: unknown[], patch: unknown[], field: PatchField, deletion: boolean): Merged {
  if (original.length === 0 && patch.length === 0) return { list: original, before: original };
  const { mergeKey } = field;
  if (elementKind(original, patch) !== "object") {
    const named = new Set(patch);
    if (deletion) return { list: original.filter((item) => !named.has(item)), before: original };
    const list = arrange([...new Set([...original, ...patch])], patch, original, mergeKey);
    return { list, before: original };
  }
  if (mergeKey === "") throw noMergeKey();

  const { remaining, changes, replaces } = takeDirectives(original, patch, mergeKey);
  if (replaces) return { list: arrange(changes, [], changes, mergeKey), before: remaining };
  const elements = mergeElements(remaining, changes, field);
  // Kubernetes writes what it adds over what it deleted, in the list that later ranks: so much of it counts as old.
  const reused = original.length - remaining.length;
  return {
    list: arrange(elements, changes, remaining, mergeKey),
    before: elements.slice(0, remaining.length + reused),
  };
}

/** Carries out `$patch` elements: `delete` takes out of the original, `replace` means that nothing of it stays. */
function takeDirectives(
  original: readonly unknown[],
  patch: readonly unknown[],
  mergeKey: string,
): { remaining: unknown[]; changes: unknown[]; replaces: boolean } {
  const changes: unknown[] = [];
  const deleted = new Set<unknown>();
  let replaces = false;
  for (const item of patch) {
    const directive = isObject(item) ? member(item, directiveKey) : undefined;
    if (directive === undefined) changes.push(item);
    else if (directive === "delete") deleted.add(identityOf(item, mergeKey));
    else if (directive === "replace") replaces = true;
    else if (directive === "merge")
      throw new PatchError("BadRequest", "merging lists cannot yet be specified in the patch");
    else throw unknownDirective(directive);
  }
  const remaining = original.filter((item) => !isObject(item) || !deleted.has(member(item, mergeKey)));
  return { remaining, changes, replaces };
}

/** Elements of the patch merge into the first with the same key; others are appended as they are. */
function mergeElements(
  remaining: readonly unknown[],
  changes: readonly unknown[],
  { schema, mergeKey }: PatchField,
): unknown[] {
  const elements = [...remaining];
  const positions = positionsOf(remaining, mergeKey);
  for (const change of changes) {
    const identity = identityOf(change, mergeKey);
    const at = positions.get(identity);
    const element = at === undefined ? undefined : elements[at];
    if (at !== undefined && isObject(element) && isObject(change))
      elements[at] = mergeObject(element, change, schema);
    else {
      positions.set(identity, elements.length);
      elements.push(change);
    }
  }
  return elements;
}

/** Without objects that carry `$patch`, and without null members if wanted; `undefined` for such an object itself. */
function withoutDirectives(value: unknown, dropNulls: boolean): unknown {
  if (Array.isArray(value))
    return value
      .map((item: unknown) => withoutDirectives(item, dropNulls))
      .filter((item) => item !== undefined);
  if (!isObject(value)) return value;
  if (Object.hasOwn(value, directiveKey)) return undefined;
  for (const [key, item] of Object.entries(value)) {
    const kept = dropNulls && item === null ? undefined : withoutDirectives(item, dropNulls);
    if (kept === undefined) delete value[key];
    else setMember(value, key, kept);
  }
  return value;
}

function listOf(object: JsonObject, key: string): unknown[] | undefined {
  const value = member(object, key);
  if (value === undefined || Array.isArray(value)) return value;
  throw new PatchError("BadRequest", `expected a list for ${key}`);
}

/** The part after the first slash. */
function listName(key: string, prefix: string): string {
  if (!key.startsWith(`${prefix}/`))
    throw new PatchError(
      "BadRequest",
      prefix === deletionPrefix
        ? "invalid patch format of primitive list"
        : "invalid patch format of setElementOrder list",
    );
  return key.slice(prefix.length + 1);
}

function unknownDirective(directive: unknown): PatchError {
  return new PatchError("BadRequest", `unknown patch type: ${String(directive)}`);
}

function noMergeKey(): PatchError {
  return new PatchError("BadRequest", "cannot merge lists without merge key");
}
