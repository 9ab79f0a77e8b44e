/** Reads users' CustomResourceDefinitions and the generations of their types, in one statement. */
import type { Sql } from "postgres";
import { crdKey } from "../resources/apiextensions.k8s.io/custom-resource-definitions.schema.ts";
import type { CrdRow } from "./definition.ts";

export interface CustomTypesRead {
  /** Of `registry`. */
  readonly generation: number;
  /** By the name of the CustomResourceDefinition. */
  readonly generations: Readonly<Record<string, number>>;
  readonly rows: readonly CrdRow[];
}

/** Of `generation:registry` alone: what tells that nothing has changed. */
export async function readRegistryGeneration(sql: Sql): Promise<number> {
  const [row] = await sql<{ value: string }[]>`select value from meta where key = 'generation:registry'`;
  return Number(row?.value ?? 0);
}

/**
 * All rows as of one snapshot. Those of `known` that have not changed are not sent again. Rows without a head stand for
 * declared types.
 */
export async function readCustomTypes(
  sql: Sql,
  known: ReadonlyMap<string, CrdRow> = new Map(),
): Promise<CustomTypesRead> {
  const since = Math.max(0, ...[...known.values()].map(({ revision }) => revision));
  const found = await sql<
    {
      generations: Record<string, string> | string | null;
      name: string | null;
      revision: number;
      body: string | null;
      head: string | null;
    }[]
  >`
    with g as (
      select json_object_agg(key, value)::text as generations from meta
      where key = 'generation:registry' or key like 'generation:registry:%'
    )
    select g.generations, o.name, o.revision::float8 as revision,
      case when o.revision > ${since} then o.body end as body,
      case when o.revision > ${since} then o.fields->'head'->>0 end as head
    from g left join objects o on o.type = ${crdKey} and o.fields->'head' is not null
    order by o.name`;
  const [first] = found;
  const texts = first?.generations ?? "{}";
  const counts = typeof texts === "string" ? (JSON.parse(texts) as Record<string, string>) : texts;
  const rows: CrdRow[] = [];
  for (const { name, revision, body, head } of found) {
    if (name === null) continue;
    if (body !== null && head !== null) rows.push({ name, revision, body, head });
    else {
      const same = known.get(name);
      // It cannot be missing: a row that is not sent is no newer than what was read before.
      if (same !== undefined) rows.push(same);
    }
  }
  const prefix = "generation:registry:";
  return {
    generation: Number(counts["generation:registry"] ?? 0),
    generations: Object.fromEntries(
      Object.entries(counts)
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, value]) => [key.slice(prefix.length), Number(value)]),
    ),
    rows,
  };
}
