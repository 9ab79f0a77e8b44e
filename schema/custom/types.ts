/** Which types there are, as fresh as the caller needs it (design 3, "Freshness across isolates"). */
import type { Sql } from "postgres";
import type { KubeObject } from "../object.ts";
import { typeKey } from "../resource.ts";
import type { ResourceDefinition } from "../resource.ts";
import { StoreError } from "../store/errors.ts";
import { definitionsOf } from "./definition.ts";
import type { CrdRow, CustomDefinitions } from "./definition.ts";
import { readCustomTypes, readRegistryGeneration } from "./read.ts";
import { createRegistry } from "./registry.ts";
import type { Registry } from "./registry.ts";

/** What is declared in this version of Drover. */
export interface DeclaredTypes {
  readonly all: () => readonly ResourceDefinition[];
  readonly byTypeKey: (key: string) => ResourceDefinition | undefined;
  readonly byPlural: (group: string, version: string, plural: string) => ResourceDefinition | undefined;
}

export interface Types {
  /** As of now: one short statement, and another when something has changed. */
  readonly current: () => Promise<Registry>;
  /** As of a second ago at most: no statement for most requests. */
  readonly recent: () => Promise<Registry>;
  /** A declared type without any statement; an unknown one is looked for once more before it is `undefined`. */
  readonly byPlural: (
    group: string,
    version: string,
    plural: string,
  ) => Promise<ResourceDefinition | undefined>;
  /** The type as it is now. Throws `NotFound` when it is gone, or no longer served in this version. */
  readonly renewed: <T extends KubeObject>(
    definition: ResourceDefinition<T>,
  ) => Promise<ResourceDefinition<T>>;
}

interface Snapshot {
  readonly registry: Registry;
  readonly rows: ReadonlyMap<string, CrdRow>;
  readonly definitions: ReadonlyMap<string, Built>;
  /** Epoch milliseconds. */
  readonly checkedAt: number;
}

interface Built {
  readonly row: CrdRow;
  readonly generation: number;
  readonly custom: CustomDefinitions | undefined;
}

/** One per isolate: what requests leave for each other. No promises, which belong to the request that made them. */
export interface TypesCache {
  snapshot?: Snapshot;
}

/** What was known may be outdated: the next one to ask looks. */
export function distrust(cache: TypesCache): void {
  if (cache.snapshot !== undefined) cache.snapshot = { ...cache.snapshot, checkedAt: 0 };
}

const maxAgeMs = 1_000;

export function createTypes({
  sql,
  declared,
  cache = {},
  now = Date.now,
}: {
  readonly sql: () => Sql;
  readonly declared: DeclaredTypes;
  readonly cache?: TypesCache;
  readonly now?: () => number;
}): Types {
  async function current(): Promise<Registry> {
    const checkedAt = now();
    const known = cache.snapshot;
    const generation = await readRegistryGeneration(sql());
    if (known?.registry.generation === generation) {
      remember(cache, { ...known, checkedAt });
      return known.registry;
    }
    const read = await readCustomTypes(sql(), known?.rows);
    const definitions = new Map(
      read.rows
        // What is declared here was somebody's own in an older version, or stands for the declaration.
        .filter(({ name }) => declared.byTypeKey(name) === undefined)
        .map((row) => [row.name, built(row, read.generations[row.name] ?? 0, known)]),
    );
    const custom = [...definitions.values()].flatMap((one) => one.custom ?? []);
    const registry = createRegistry(declared.all(), custom, read.generation);
    const rows = new Map(read.rows.map((row) => [row.name, row]));
    remember(cache, { registry, rows, definitions, checkedAt });
    return registry;
  }

  async function recent(): Promise<Registry> {
    const known = cache.snapshot;
    return known !== undefined && now() - known.checkedAt < maxAgeMs ? known.registry : current();
  }

  return {
    current,
    recent,
    async byPlural(group, version, plural) {
      const found = declared.byPlural(group, version, plural);
      if (found !== undefined || declared.byTypeKey(typeKey({ group, plural })) !== undefined) return found;
      const seen = await recent();
      const custom = seen.byPlural(group, version, plural);
      if (custom !== undefined) return custom;
      return (await current()).byPlural(group, version, plural);
    },
    async renewed<T extends KubeObject>(definition: ResourceDefinition<T>) {
      if (definition.custom === undefined) return definition;
      const { group, version, plural } = definition;
      const found = (await current()).byPlural(group, version, plural);
      if (found === undefined)
        throw new StoreError("NotFound", "the server could not find the requested resource");
      return found as unknown as ResourceDefinition<T>;
    },
  };
}

/** Schemas that were parsed stay parsed while their row is the same. */
function built(row: CrdRow, generation: number, known: Snapshot | undefined): Built {
  const before = known?.definitions.get(row.name);
  if (before?.row.revision === row.revision && before.generation === generation) return before;
  return { row, generation, custom: definitionsOf(row, generation) };
}

/** Never back to an older generation: requests overtake each other. */
function remember(cache: TypesCache, snapshot: Snapshot): void {
  const known = cache.snapshot;
  if (known === undefined || known.registry.generation <= snapshot.registry.generation)
    cache.snapshot = snapshot;
}
