/**
 * Makes `unique` of a type safe against races: a write that takes a value is judged by, and raises, the generation of the
 * value's bucket. Buckets, because one generation for a whole type would let one writer win and 63 judge again, and one
 * for every value would never be deleted.
 */
import { typeKey } from "../resource.ts";
import type { ResourceDefinition } from "../resource.ts";
import type { EncodedObject } from "./encoding.ts";

const buckets = 1_024;

/** Names of the generations that guard the values that `next` takes and `old` did not have. */
export function uniqueGuards(
  definition: ResourceDefinition,
  old: Pick<EncodedObject, "fields"> | undefined,
  next: Pick<EncodedObject, "fields"> | undefined,
): readonly string[] {
  const names = (definition.unique ?? []).flatMap((index) => {
    const held = old?.fields[index] ?? [];
    return (next?.fields[index] ?? [])
      .filter((value) => !held.includes(value))
      .map((value) => `unique:${typeKey(definition)}/${bucketOf(`${index}=${value}`)}`);
  });
  return [...new Set(names)];
}

/** FNV-1a over UTF-16 units. */
function bucketOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return hash % buckets;
}
