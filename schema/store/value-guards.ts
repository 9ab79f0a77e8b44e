/**
 * Makes conditions that span objects safe against races: `unique` values, and references to what must not be deleted. A
 * write that takes a value is judged by, and raises, the generation of the value's bucket. Buckets, because one generation
 * for a whole type would let one writer win and 63 judge again, and one for every value would never be deleted. Pure.
 */
import type { KubeObject } from "../object.ts";
import { typeKey } from "../resource.ts";
import type { ResourceDefinition } from "../resource.ts";
import type { EncodedObject } from "./encoding.ts";

const buckets = 1_024;

type Fields = Pick<EncodedObject, "fields"> | undefined;

/** Names of the generations that guard the unique values that `next` takes and `old` did not have. */
export function uniqueGuards(definition: ResourceDefinition, old: Fields, next: Fields): readonly string[] {
  const names = (definition.unique ?? []).flatMap((index) =>
    taken(index, old, next).map((value) => `unique:${typeKey(definition)}/${bucketOf(`${index}=${value}`)}`),
  );
  return [...new Set(names)];
}

/** Of the references that `next` takes and `old` did not have. */
export function referenceGuards(
  definition: ResourceDefinition,
  old: Fields,
  next: Fields,
): readonly string[] {
  const names = Object.entries(definition.references ?? {}).flatMap(([index, type]) =>
    taken(index, old, next).map((value) => referenceGuard(type, value)),
  );
  return [...new Set(names)];
}

/** Of a type whose objects are judged together. */
export function typeGuards(definition: ResourceDefinition): readonly string[] {
  return definition.oneAtATime === true ? [`writes:${typeKey(definition)}`] : [];
}

/** Of an object that others name, when it begins to go. */
export function deletionGuards(
  definition: ResourceDefinition,
  before: KubeObject | undefined,
  after: KubeObject | undefined,
): readonly string[] {
  if (definition.referenced !== true || before === undefined) return [];
  const stays = after !== undefined && after.metadata.deletionTimestamp === undefined;
  if (stays || before.metadata.deletionTimestamp !== undefined) return [];
  const { namespace = "", name } = before.metadata;
  return [referenceGuard(typeKey(definition), namespace === "" ? name : `${namespace}/${name}`)];
}

function referenceGuard(type: string, value: string): string {
  return `reference:${type}/${bucketOf(value)}`;
}

function taken(index: string, old: Fields, next: Fields): string[] {
  const held = old?.fields[index] ?? [];
  return (next?.fields[index] ?? []).filter((value) => !held.includes(value));
}

/** FNV-1a over UTF-16 units. */
function bucketOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return hash % buckets;
}
