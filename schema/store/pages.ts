/**
 * Lists in pages, all of one revision, each one short statement: no snapshot is held between them (design 3). The object
 * at R is its row if that was not changed after R, else what its first event after R replaced.
 */
import type { Fragment, Sql } from "postgres";
import type { LabelSelector } from "../select/labels.ts";
import { isStorable } from "./encoding.ts";
import type { StoredRow } from "./encoding.ts";
import { StoreError } from "./errors.ts";
import { labelCondition } from "./label-sql.ts";

export interface PageKey {
  readonly namespace: string;
  readonly name: string;
  /** How many of the list are behind this key, where that is known. */
  readonly remaining?: number;
}

export interface PageQuery {
  /** `typeKey()` of the declaration. */
  readonly type: string;
  readonly namespace?: string;
  /** Any of these; none: nothing is found. */
  readonly names?: readonly string[];
  readonly labels?: LabelSelector;
  /** Sees the stored body text; for field selectors beyond name and namespace. */
  readonly filter?: (body: string) => boolean;
  /** At least 1. More than 10,000 are never answered at once. */
  readonly limit: number;
  /** Where the page before ended: its `next`. */
  readonly after?: PageKey;
  /** The revision of the list; absent: the current one. */
  readonly at?: number;
  /** False: rows come without body and sealed part. Not with `filter`. */
  readonly bodies?: boolean;
  /** Of all bodies of a page, about: the row that exceeds it is the last one. 8 MiB unless said otherwise. */
  readonly maxBytes?: number;
}

export interface Page {
  /** Ordered by namespace and name, both by their UTF-8 bytes. */
  readonly rows: readonly StoredRow[];
  readonly revision: number;
  /** Set when more may follow. */
  readonly next?: PageKey;
  /**
   * How many follow, exactly. Only of a list without names, labels and filter. Its first page counts them, if at most
   * 10,000 follow and nothing of the type was changed after `at`; later pages know by `after.remaining`.
   */
  readonly remaining?: number;
}

const maxRows = 10_000;
/** An object may have 1.5 MiB, and an isolate has 128 MB for all that it does at once. */
const defaultBytes = 8 << 20;
/** Rows of a further statement of one page: the first one did not fill it. */
const furtherRows = 500;

/**
 * `limit` rows of the list, fewer only where it ends or where they are large. Throws `Expired` when the log no longer reaches back to `at`,
 * `Timeout` when `at` is yet to come, `Invalid` when `after` cannot be a key.
 */
export async function readPage(sql: Sql, query: PageQuery): Promise<Page> {
  if (!(query.limit >= 1)) throw new RangeError("a page has at least one row");
  const limit = Math.min(query.limit, maxRows);
  const { filter, after } = query;
  // One more says that more follow. A filter may let none of a million through: there, what may follow is enough.
  const wanted = filter === undefined ? limit + 1 : limit;
  const further = Math.max(limit, furtherRows);
  const { maxBytes = defaultBytes } = query;
  const rows: StoredRow[] = [];
  let bytes = 0;
  let total = after?.remaining;
  let from: PageQuery = { ...query, limit: filter === undefined ? limit : further };
  for (;;) {
    const { next, revision, ...chunk } = await readChunk(sql, from);
    total ??= chunk.total;
    for (const [index, row] of chunk.rows.entries()) {
      if (filter?.(row.body) === false) continue;
      rows.push(row);
      bytes += row.body.length + (row.sealed?.length ?? 0);
      if (rows.length < wanted) continue;
      const isEnd = filter !== undefined && next === undefined && index === chunk.rows.length - 1;
      return isEnd ? { rows, revision } : cutPage(rows, revision, limit, total);
    }
    if (next === undefined) return { rows, revision };
    if (bytes >= maxBytes) return { rows, revision, ...goesOn(next, (total ?? 0) - rows.length) };
    from = { ...from, at: revision, after: next, limit: further };
  }
}

function cutPage(
  found: readonly StoredRow[],
  revision: number,
  limit: number,
  total: number | undefined,
): Page {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  if (last === undefined) throw new RangeError("a page has at least one row");
  return { rows, revision, ...goesOn(keyOf(last), (total ?? 0) - limit) };
}

function goesOn(next: PageKey, remaining: number): Pick<Page, "next" | "remaining"> {
  return remaining > 0 ? { next: { ...next, remaining }, remaining } : { next };
}

interface Chunk {
  /** At most one more than asked for. */
  readonly rows: readonly StoredRow[];
  readonly revision: number;
  /** All keys up to it have been looked at; absent: all. */
  readonly next: PageKey | undefined;
  readonly total: number | undefined;
}

interface ChunkRow extends StoredRow {
  /** `revision` and `compacted` of the store. */
  readonly current: number;
  readonly compacted: number;
  /** Of this chunk and all behind it; null: not counted. */
  readonly total: number | null;
  /** The last key that was looked at, where there are more. */
  readonly edge: string | null;
  readonly edgeName: string;
  /** Rows that there are, of which those that are too large together were left out. */
  readonly found: number;
}

/** One statement. It answers at least one row, on which an absent object is all null. */
async function readChunk(sql: Sql, query: PageQuery): Promise<Chunk> {
  const { at, limit, after } = query;
  if (!isStorable(after?.namespace ?? "") || !isStorable(after?.name ?? ""))
    throw new StoreError("Invalid", "the key that the list is to go on behind is not a key");
  const found = await sql<(ChunkRow | (Omit<ChunkRow, "name"> & { readonly name: null }))[]>`
    with present as materialized (
      select namespace, name, uid, revision, ${bodies(sql, query, "")} from objects
      where ${scope(sql, query)} ${labels(sql, "labels", query)}
      order by namespace, name limit ${limit + 1}
    ), edge as materialized (
      select namespace, name from present order by namespace, name offset ${limit}
    ), ${at === undefined ? sql`page as (select * from present)` : pageAt(sql, query, at)}
    select r.revision::float8 as current, r.compacted::float8 as compacted,
      ${counts(query) ? countAll(sql, query) : sql`null`} as total,
      (select namespace from edge) as edge, (select name from edge) as "edgeName",
      (select count(*)::float8 from page) as found, p.namespace, p.name, p.uid, p.revision::float8 as revision, p.body, p.sealed
    from revision r left join ${fitting(sql, query)} p on true
    order by p.namespace, p.name`;
  const [first] = found;
  if (first === undefined) throw new Error("the database has no revision row: it was not migrated");
  const { current, compacted, edge, edgeName, found: count } = first;
  if (at !== undefined && at < compacted) throw expired(at, compacted);
  if (at !== undefined && at > current)
    throw new StoreError("Timeout", `Too large resource version: ${at}, current: ${current}`);

  const rows = found.flatMap((row) => (row.name === null ? [] : [storedRow(row)]));
  const last = rows.length < count ? rows.at(-1) : rows[limit];
  const isAll = edge === null && count <= limit && counts(query);
  const end = edge === null ? undefined : { namespace: edge, name: edgeName };
  return {
    rows,
    revision: at ?? current,
    next: last === undefined ? end : keyOf(last),
    total: first.total ?? (isAll ? count : undefined),
  };
}

/**
 * What of `present` was not changed after R; and what the first events after R replaced, which are those that found a
 * version of R or before. Both up to the edge, so that a statement costs what its own keys cost, whatever has become of
 * those behind it since: it may then give fewer rows than asked for, or none, and still not be the end.
 */
function pageAt(sql: Sql, query: PageQuery, at: number): Fragment {
  return sql`replaced as materialized (
    select namespace, name, uid, before_revision, ${bodies(sql, query, "before")} from events
    where ${scope(sql, query)} and revision > ${at}::bigint and before_revision <= ${at}::bigint
      and (namespace, name) <= (
        coalesce((select namespace from edge), ${behindAll}), coalesce((select name from edge), ''))
      ${labels(sql, "before_labels", query)}
    order by namespace, name limit ${query.limit + 1}
  ), page as (
    select * from present where revision <= ${at}::bigint
    union all select * from replaced
    order by namespace, name limit ${query.limit + 1}
  )`;
}

function bodies(sql: Sql, { bodies: wanted = true }: PageQuery, of: "" | "before"): Fragment {
  if (!wanted) return sql`'' as body, null::text as sealed`;
  return of === "" ? sql`body, sealed` : sql`before, before_sealed`;
}

/** Sizes are known where the bodies lie, without reading them. */
function fitting(sql: Sql, { bodies: wanted = true, maxBytes = defaultBytes }: PageQuery): Fragment {
  if (!wanted) return sql`page`;
  return sql`(
    select * from (
      select *, sum(octet_length(body) + coalesce(octet_length(sealed), 0)) over (
        order by namespace, name rows between unbounded preceding and 1 preceding) as ahead
      from page
    ) sized where coalesce(ahead, 0) < ${maxBytes}::bigint
  )`;
}

/** No namespace, being a DNS label, comes behind it. */
const behindAll = "\u{10ffff}";

/** What both tables are searched by. The comparisons are of the indexes' own collation, "C". */
function scope(sql: Sql, { type, namespace, names, after }: PageQuery): Fragment {
  return sql`type = ${type}
    ${namespace === undefined ? sql`` : isStorable(namespace) ? sql`and namespace = ${namespace}` : sql`and false`}
    ${names === undefined ? sql`` : named(sql, names.filter(isStorable))}
    ${after === undefined ? sql`` : behind(sql, after, namespace)}`;
}

function named(sql: Sql, names: readonly string[]): Fragment {
  const [name] = names;
  return names.length === 1 && name !== undefined
    ? sql`and name = ${name}`
    : sql`and name in (select json_array_elements_text(${JSON.stringify(names)}::text::json))`;
}

/** Within a namespace the comparison of names alone: an index scan then starts at the key, not at the namespace. */
function behind(sql: Sql, after: PageKey, namespace: string | undefined): Fragment {
  return after.namespace === namespace
    ? sql`and name > ${after.name}`
    : sql`and (namespace, name) > (${after.namespace}, ${after.name})`;
}

function labels(sql: Sql, column: "labels" | "before_labels", query: PageQuery): Fragment {
  return labelCondition(sql, column, query.labels ?? []);
}

/** Kubernetes: with a selector, how many remain is unknown. */
function counts({ after, names, labels = [], filter }: PageQuery): boolean {
  return after === undefined && names === undefined && labels.length === 0 && filter === undefined;
}

/** By the primary key alone, and only where there is more than one page. Null where it would be long or not exact. */
function countAll(sql: Sql, query: PageQuery): Fragment {
  const { type, at, limit } = query;
  const bound = limit + maxRows;
  const unchanged =
    at === undefined
      ? sql`true`
      : sql`not exists (select from events where type = ${type} and revision > ${at}::bigint)`;
  return sql`case when exists (select from edge) and ${unchanged} then (
    select case when count(*) <= ${bound} then count(*)::float8 end
    from (select from objects where ${scope(sql, query)} limit ${bound + 1}) counted) end`;
}

function keyOf({ namespace, name }: StoredRow): PageKey {
  return { namespace, name };
}

function storedRow({ namespace, name, uid, revision, body, sealed }: StoredRow): StoredRow {
  return { namespace, name, uid, revision, body, sealed };
}

function expired(at: number, compacted: number): StoreError {
  return new StoreError(
    "Expired",
    `the list cannot go on at resource version ${at}: changes up to ${compacted} are no longer kept; start it anew, without continue or resourceVersion`,
  );
}
