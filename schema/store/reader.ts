/** Reads of the object tables: one short statement each. No rights are judged here. */
import type { Sql } from "postgres";
import type { KubeObject } from "../object.ts";
import { typeKey } from "../resource.ts";
import type { ResourceDefinition } from "../resource.ts";
import type { Sealer } from "../seal/sealer.ts";
import { decodeObject, isStorable } from "./encoding.ts";
import type { StoredRow } from "./encoding.ts";
import type { KnownRows } from "./known-rows.ts";
import type { ReadRow } from "./rows.ts";

export interface ListFilter {
  readonly namespace?: string;
  /** Any of these. */
  readonly namespaces?: readonly string[];
  /** All of these labels, with these values. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly index?: IndexFilter;
  readonly names?: readonly string[];
}

/** Objects whose index `field` holds the value, or any of the values. */
export type IndexFilter =
  | { readonly field: string; readonly value: string }
  | { readonly field: string; readonly values: readonly string[] };

export interface Reader {
  readonly get: <T extends KubeObject>(
    definition: ResourceDefinition<T>,
    namespace: string,
    name: string,
  ) => Promise<T | undefined>;
  /** As it was at this revision, if that is known without asking the database. */
  readonly known: <T extends KubeObject>(
    definition: ResourceDefinition<T>,
    namespace: string,
    name: string,
    revision: string,
  ) => Promise<T | undefined>;
  /** Ordered by namespace and name. `revision`: of the store, at or before which every change is in `items`. */
  readonly list: <T extends KubeObject>(
    definition: ResourceDefinition<T>,
    filter: ListFilter,
  ) => Promise<{ items: T[]; revision: number }>;
  /** How often an item with this in `raiseGenerations` was committed; 0 if never. */
  readonly generation: (name: string) => Promise<number>;
}

export function createReader(
  open: () => Sql,
  sealer: Sealer,
  readRow: ReadRow,
  knownRows?: KnownRows,
): Reader {
  return {
    async known(definition, namespace, name, revision) {
      const row = knownRows?.at({ type: typeKey(definition), namespace, name }, revision);
      return row === undefined ? undefined : decodeObject(definition, row, sealer);
    },
    async get(definition, namespace, name) {
      const row = await readRow({ type: typeKey(definition), namespace, name });
      return row === undefined ? undefined : decodeObject(definition, row, sealer);
    },
    async list(definition, filter) {
      const sql = open();
      const { namespace, namespaces, labels = {}, index, names } = storable(filter);
      // Parameters go as text and are cast: with fetch_types off, postgres.js sends neither arrays nor json rightly.
      const wanted = JSON.stringify(
        index === undefined ? [] : indexValues(index).map((value) => ({ [index.field]: [value] })),
      );
      const rows = await sql<(StoredRow & { current: number })[]>`
        select o.namespace, o.name, o.uid, o.revision::float8 as revision, o.body, o.sealed,
          r.revision::float8 as current
        from revision r left join objects o on o.type = ${typeKey(definition)}
          ${namespace === undefined ? sql`` : sql`and o.namespace = ${namespace}`}
          ${namespaces === undefined ? sql`` : sql`and o.namespace in (select json_array_elements_text(${JSON.stringify(namespaces)}::text::json))`}
          ${Object.keys(labels).length === 0 ? sql`` : sql`and o.labels @> ${JSON.stringify(labels)}::text::jsonb`}
          ${index === undefined ? sql`` : sql`and o.fields @> any (array(select json_array_elements(${wanted}::text::json)::jsonb))`}
          ${names === undefined ? sql`` : sql`and o.name in (select json_array_elements_text(${JSON.stringify(names)}::text::json))`}
        order by o.namespace, o.name`;
      const found = rows.filter((row) => row.name !== null);
      const items = await Promise.all(found.map((row) => decodeObject(definition, row, sealer)));
      return { items, revision: rows[0]?.current ?? 0 };
    },
    async generation(name) {
      const [row] = await open()<
        { value: string }[]
      >`select value from meta where key = ${`generation:${name}`}`;
      return Number(row?.value ?? 0);
    },
  };
}

/** Postgres refuses some texts even as parameters. Nothing stored has them: what asks for one asks for nothing. */
function storable(filter: ListFilter): ListFilter {
  const { namespace, namespaces, labels = {}, index, names } = filter;
  const single = [namespace ?? "", ...Object.entries(labels).flat()];
  if (!single.every(isStorable)) return { names: [] };
  return {
    ...filter,
    ...(index === undefined
      ? {}
      : { index: { field: index.field, values: indexValues(index).filter(isStorable) } }),
    ...(names === undefined ? {} : { names: names.filter(isStorable) }),
    ...(namespaces === undefined ? {} : { namespaces: namespaces.filter(isStorable) }),
  };
}

function indexValues(index: IndexFilter): readonly string[] {
  return "values" in index ? index.values : [index.value];
}
