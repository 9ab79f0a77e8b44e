/** Every declared type, found by what requests call it. Tables are built on first use (design 3). */
import { typeKey } from "../resource.ts";
import type { ResourceDefinition } from "../resource.ts";
import { once } from "../structural/once.ts";
import { definitions } from "./index.generated.ts";

/** A type that appears in Norman. */
export type NormanDefinition = ResourceDefinition & Required<Pick<ResourceDefinition, "norman">>;

const byKey = once(() => new Map(definitions.map((definition) => [typeKey(definition), definition])));
const norman = once(() =>
  definitions.filter(isNorman).toSorted((a, b) => (a.norman.id < b.norman.id ? -1 : 1)),
);
const byNormanName = once(
  () =>
    new Map(
      norman().flatMap((definition): [string, NormanDefinition][] => [
        [definition.norman.id.toLowerCase(), definition],
        [definition.norman.pluralName.toLowerCase(), definition],
      ]),
    ),
);

export const registry = {
  all: (): readonly ResourceDefinition[] => definitions,
  /** `clusters.management.cattle.io`, `secrets`. */
  byTypeKey: (key: string): ResourceDefinition | undefined => byKey().get(key),
  /** `undefined` for another version too: each type has one. */
  byPlural: (group: string, version: string, plural: string): ResourceDefinition | undefined => {
    const found = byKey().get(typeKey({ group, plural }));
    return found?.version === version ? found : undefined;
  },
  /** Types of Norman's `/v3`, in the order of their schema ids. */
  norman: (): readonly NormanDefinition[] => norman(),
  /** By schema id or plural, in any case (norman-v3.md 1.1). */
  byNormanId: (idOrPlural: string): NormanDefinition | undefined =>
    byNormanName().get(idOrPlural.toLowerCase()),
} as const;

function isNorman(definition: ResourceDefinition): definition is NormanDefinition {
  return definition.norman !== undefined;
}
