/** All types at one generation: the declared ones and those of users' CustomResourceDefinitions. Immutable. */
import { typeKey } from "../resource.ts";
import type { ResourceDefinition } from "../resource.ts";
import type { CustomDefinitions } from "./definition.ts";

export interface Registry {
  /** `generation:registry` of `meta` that it was read at. */
  readonly generation: number;
  /** What is served: a custom type once for each of its versions. */
  readonly all: () => readonly ResourceDefinition[];
  /** What is stored, each type once: for whoever walks over all objects (garbage, namespaces). */
  readonly stored: () => readonly ResourceDefinition[];
  /** In the version that it is stored in: `widgets.example.com`, `secrets`. */
  readonly byTypeKey: (key: string) => ResourceDefinition | undefined;
  readonly byPlural: (group: string, version: string, plural: string) => ResourceDefinition | undefined;
  /** For references to owners. */
  readonly byKind: (apiVersion: string, kind: string) => ResourceDefinition | undefined;
}

/** `custom` holds no type that is declared: those win. */
export function createRegistry(
  declared: readonly ResourceDefinition[],
  custom: readonly CustomDefinitions[],
  generation: number,
): Registry {
  const all = [...declared, ...custom.flatMap(({ served }) => served)];
  const stored = [
    ...declared.filter(({ verbs }) => verbs === undefined || verbs.includes("list")),
    ...custom.map((one) => one.stored),
  ];
  const byPath = new Map(all.map((one) => [pathOf(one.group, one.version, one.plural), one]));
  const byKey = new Map([...declared, ...stored].map((one) => [typeKey(one), one]));
  const byKind = new Map(
    all.map((one) => [`${one.group === "" ? "" : `${one.group}/`}${one.version} ${one.kind}`, one]),
  );
  return {
    generation,
    all: () => all,
    stored: () => stored,
    byTypeKey: (key) => byKey.get(key),
    byPlural: (group, version, plural) => byPath.get(pathOf(group, version, plural)),
    byKind: (apiVersion, kind) => byKind.get(`${apiVersion} ${kind}`),
  };
}

function pathOf(group: string, version: string, plural: string): string {
  return `${group}/${version}/${plural}`;
}
