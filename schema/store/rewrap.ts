/**
 * Brings what is stored up to date without changing what it says (design 3): values sealed by a retired key are sealed anew,
 * bodies of an older form are migrated. Neither revision nor generation changes, and no event is written; events are
 * brought up to date themselves. Works in windows of keys, so that no statement is long, and waits for no writer.
 */
import type { Sql } from "postgres";
import { typeKey } from "../resource.ts";
import type { ResourceDefinition } from "../resource.ts";
import { sealPrefix } from "../seal/sealer.ts";
import type { Sealer } from "../seal/sealer.ts";
import { decodeObject, encodeObject } from "./encoding.ts";
import { formSuffix } from "./stored-form.ts";

export interface Rewrapping {
  readonly sql: Sql;
  readonly sealer: Sealer;
  /** Types with migrations. */
  readonly migrated: readonly ResourceDefinition[];
  /** Rows of one window. */
  readonly window: number;
}

export interface Window<Key> {
  /** Where the next window begins behind; absent: there is none. */
  readonly next?: Key;
  readonly rewritten: number;
  /** Rows that cannot be read, or that somebody else was writing. */
  readonly left: number;
  /** Why the first of them cannot be read. */
  readonly problem?: string;
}

export type ObjectCursor = readonly [type: string, namespace: string, name: string];

interface Place {
  readonly type: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

interface ObjectRow extends Place {
  readonly revision: number;
  readonly body: string;
  readonly sealed: string | null;
}

interface EventRow extends Place {
  readonly revision: number;
  readonly body: string | null;
  readonly sealed: string | null;
  readonly before: string | null;
  readonly beforeSealed: string | null;
}

/** What a body and its sealed part become; what is absent stays, but for the sealed part of a new body. */
interface Fresh {
  readonly body?: string;
  readonly sealed?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly fields?: Readonly<Record<string, readonly string[]>>;
}

/** The objects behind `after`. A row that is written meanwhile has another revision and is left to its writer. */
export async function rewrapObjects(
  rewrapping: Rewrapping,
  after: ObjectCursor = ["", "", ""],
): Promise<Window<ObjectCursor>> {
  const { sql, window } = rewrapping;
  const [edge] = await sql<Pick<Place, "type" | "namespace" | "name">[]>`
    select type, namespace, name from objects where (type, namespace, name) > (${after[0]}, ${after[1]}, ${after[2]})
    order by type, namespace, name offset ${window - 1} limit 1`;
  const rows = await sql<ObjectRow[]>`
    select type, namespace, name, uid, revision::float8 as revision, body, sealed from objects
    where (type, namespace, name) > (${after[0]}, ${after[1]}, ${after[2]})
      ${edge === undefined ? sql`` : sql`and (type, namespace, name) <= (${edge.type}, ${edge.namespace}, ${edge.name})`}
      and (${oldSeal(rewrapping, "sealed")} or ${oldForm(rewrapping, "body")})`;
  const { fresh, problem } = await freshen(rows, async (row) => {
    const now = await freshened(rewrapping, row, row.body, row.sealed);
    return { ...keyOf(row), revision: row.revision, was: row.sealed, ...now };
  });
  const done =
    fresh.length === 0
      ? []
      : await sql`
    with u as materialized (
      select * from json_to_recordset(${JSON.stringify(fresh)}::text::json) as x(type text, namespace text, name text,
        revision bigint, was text, body text, sealed text, labels jsonb, fields jsonb)
    ), free as materialized (
      select o.type, o.namespace, o.name from objects o
      join u on o.type = u.type and o.namespace = u.namespace and o.name = u.name
      where o.revision = u.revision and o.sealed is not distinct from u.was
      for update of o skip locked
    )
    update objects o set body = coalesce(u.body, o.body),
      sealed = case when u.body is null then coalesce(u.sealed, o.sealed) else u.sealed end,
      labels = coalesce(u.labels, o.labels), fields = coalesce(u.fields, o.fields)
    from u join free f on f.type = u.type and f.namespace = u.namespace and f.name = u.name
    where o.type = u.type and o.namespace = u.namespace and o.name = u.name returning 1`;
  return {
    ...(edge === undefined ? {} : { next: [edge.type, edge.namespace, edge.name] as const }),
    rewritten: done.length,
    left: rows.length - done.length,
    ...(problem === undefined ? {} : { problem }),
  };
}

/**
 * The events behind `after`. Nobody else changes one. Ordered by the column: the bare name would be the number made of it,
 * by which no index is ordered.
 */
export async function rewrapEvents(rewrapping: Rewrapping, after = 0): Promise<Window<number>> {
  const { sql, window } = rewrapping;
  const [edge] = await sql<{ revision: number }[]>`
    select revision::float8 as revision from events where revision > ${after}::bigint
    order by events.revision offset ${window - 1} limit 1`;
  const rows = await sql<EventRow[]>`
    select type, namespace, name, uid, revision::float8 as revision, body, sealed, before,
      before_sealed as "beforeSealed"
    from events
    where revision > ${after}::bigint ${edge === undefined ? sql`` : sql`and revision <= ${edge.revision}::bigint`}
      and (${oldSeal(rewrapping, "sealed")} or ${oldSeal(rewrapping, "before_sealed")}
        or ${oldForm(rewrapping, "body")} or ${oldForm(rewrapping, "before")})`;
  const { fresh, problem } = await freshen(rows, async (row) => {
    const now = row.body === null ? {} : await freshened(rewrapping, row, row.body, row.sealed);
    const then = row.before === null ? {} : await freshened(rewrapping, row, row.before, row.beforeSealed);
    return {
      revision: row.revision,
      ...now,
      before: then.body,
      before_sealed: then.sealed,
      before_labels: then.labels,
    };
  });
  const done =
    fresh.length === 0
      ? []
      : await sql`
    with u as materialized (
      select * from json_to_recordset(${JSON.stringify(fresh)}::text::json) as x(revision bigint, body text, sealed text,
        labels jsonb, before text, before_sealed text, before_labels jsonb)
    ), free as materialized (
      select e.revision from events e join u on e.revision = u.revision for update of e skip locked
    )
    update events e set body = coalesce(u.body, e.body),
      sealed = case when u.body is null then coalesce(u.sealed, e.sealed) else u.sealed end,
      labels = coalesce(u.labels, e.labels), before = coalesce(u.before, e.before),
      before_sealed = case when u.before is null then coalesce(u.before_sealed, e.before_sealed)
        else u.before_sealed end,
      before_labels = coalesce(u.before_labels, e.before_labels)
    from u join free f on f.revision = u.revision where e.revision = u.revision returning 1`;
  return {
    ...(edge === undefined ? {} : { next: edge.revision }),
    rewritten: done.length,
    left: rows.length - done.length,
    ...(problem === undefined ? {} : { problem }),
  };
}

/** How many sealed values there are of each key, of objects and events. Reads all of them: not for every minute. */
export async function countSeals(sql: Sql): Promise<Readonly<Record<string, number>>> {
  const rows = await sql<{ key: string; count: number }[]>`
    select split_part(sealed, ':', 2) as key, count(*)::float8 as count from (
      select sealed from objects where sealed is not null
      union all select sealed from events where sealed is not null
      union all select before_sealed from events where before_sealed is not null
    ) s group by 1 order by 1`;
  return Object.fromEntries(rows.map(({ key, count }) => [key, count]));
}

function oldSeal({ sql, sealer }: Rewrapping, column: "sealed" | "before_sealed") {
  return sql`(${sql(column)} is not null and not starts_with(${sql(column)}, ${sealPrefix(sealer.keyId)}))`;
}

function oldForm({ sql, migrated }: Rewrapping, column: "body" | "before") {
  const forms = migrated.map((definition) => ({
    form_type: typeKey(definition),
    suffix: formSuffix(definition),
  }));
  if (forms.length === 0) return sql`false`;
  return sql`(${sql(column)} is not null and exists (
    select from json_to_recordset(${JSON.stringify(forms)}::text::json) as m(form_type text, suffix text)
    where form_type = type and right(${sql(column)}, length(suffix)) <> suffix))`;
}

/** One row that cannot be read, be it of a key that is gone, does not keep the others waiting. */
async function freshen<Row, F>(
  rows: readonly Row[],
  make: (row: Row) => Promise<F>,
): Promise<{ readonly fresh: readonly F[]; readonly problem?: string }> {
  const fresh: F[] = [];
  let problem: string | undefined;
  for (const row of rows)
    try {
      fresh.push(await make(row));
    } catch (error) {
      problem ??= String(error);
    }
  return problem === undefined ? { fresh } : { fresh, problem };
}

async function freshened(
  { sealer, migrated }: Rewrapping,
  place: Place,
  body: string,
  sealed: string | null,
): Promise<Fresh> {
  const definition = migrated.find((each) => typeKey(each) === place.type);
  const where = [place.type, place.namespace, place.name, place.uid].join("/");
  if (definition === undefined || body.endsWith(formSuffix(definition))) {
    if (sealed === null || sealed.startsWith(sealPrefix(sealer.keyId))) return {};
    return { sealed: await sealer.seal(await sealer.open(sealed, where), where) };
  }
  const { namespace, name, uid } = place;
  const object = await decodeObject(definition, { namespace, name, uid, revision: 0, body, sealed }, sealer);
  const { secret, ...encoded } = encodeObject(definition, object);
  return { ...encoded, ...(secret === null ? {} : { sealed: await sealer.seal(secret, where) }) };
}

function keyOf({ type, namespace, name }: Place): Omit<Place, "uid"> {
  return { type, namespace, name };
}
