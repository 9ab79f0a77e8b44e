/** The list query language (norman-v3.md 1.6): parsing never fails, what is unknown is ignored. Pure. */
import type { NormanField } from "../../../schema/norman.ts";
import { modifiersOf } from "./fields.ts";
import type { Modifier } from "./fields.ts";

export interface Filter {
  readonly field: string;
  readonly modifier: Modifier;
  /** `eq` and `ne` look at the first alone. */
  readonly values: readonly string[];
}

export interface ListQuery {
  readonly filters: readonly Filter[];
  /** A filterable field; `undefined` = by id. */
  readonly sort: string | undefined;
  readonly order: "asc" | "desc";
  readonly limit: number;
  /** Id of the first item of the page; empty = from the start. */
  readonly marker: string;
}

export const defaultLimit = 1_000;
const maxLimit = 10_000;
const suffix = /^(.+)_(eq|ne|in|notin)$/;

type Fields = Readonly<Record<string, NormanField>>;
/** A row of a list: what filters and sorting compare. */
export type Row = Readonly<Record<string, unknown>>;

export function parseListQuery(parameters: URLSearchParams, fields: Fields): ListQuery {
  const filters = [...new Set(parameters.keys())].flatMap((key): Filter[] => {
    const [, name = key, modifier = "eq"] = suffix.exec(key) ?? [];
    const found = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const allowed = found === undefined ? undefined : modifiersOf(found).find((one) => one === modifier);
    return allowed === undefined ? [] : [{ field: name, modifier: allowed, values: parameters.getAll(key) }];
  });
  const sort = parameters.get("sort") ?? "";
  const sortable =
    Object.hasOwn(fields, sort) && fields[sort] !== undefined && modifiersOf(fields[sort]).length > 0;
  return {
    filters,
    sort: sortable ? sort : undefined,
    order: parameters.get("order") === "desc" ? "desc" : "asc",
    limit: parseLimit(parameters.get("limit")),
    marker: parameters.get("marker") ?? "",
  };
}

function parseLimit(text: string | null): number {
  if (text === null || !/^-?\d{1,15}$/.test(text)) return defaultLimit;
  const limit = Number(text);
  if (limit === 0) return defaultLimit;
  return limit < 0 ? maxLimit : Math.min(limit, maxLimit);
}

/** Rows that pass all filters. Text forms are compared; a missing value is "". */
export function filterRows<T extends Row>(rows: readonly T[], filters: readonly Filter[]): T[] {
  return rows.filter((row) =>
    filters.every(({ field, modifier, values }) => {
      const text = textOf(row[field]);
      switch (modifier) {
        case "eq":
          return text === values[0]?.trim();
        case "ne":
          return text !== values[0]?.trim();
        case "in":
          return values.some((value) => value.trim() === text);
        case "notin":
          return values.every((value) => value.trim() !== text);
        default:
          return modifier satisfies never;
      }
    }),
  );
}

/** Always sorted: by the field, then by id, so that pages are stable. */
export function sortRows<T extends Row>(rows: readonly T[], { sort, order }: ListQuery): T[] {
  const sign = order === "desc" ? -1 : 1;
  const key = (row: Row): string => (sort === undefined ? "" : textOf(row[sort]));
  return rows.toSorted(
    (a, b) => sign * (compare(key(a), key(b)) || compare(textOf(a["id"]), textOf(b["id"]))),
  );
}

export interface Page<T> {
  readonly rows: readonly T[];
  readonly limit: number;
  readonly total: number;
  /** Markers of other pages, where rows were left out; "" = the start. */
  readonly first?: "";
  readonly previous?: string;
  readonly next?: string;
  readonly last?: string;
}

/** The page that starts at the marker; an unknown marker is the start. */
export function pageOf<T extends Row>(rows: readonly T[], { limit, marker }: ListQuery): Page<T> {
  const found = marker === "" ? 0 : rows.findIndex((row) => row["id"] === marker);
  const start = Math.max(found, 0);
  const page = { rows: rows.slice(start, start + limit), limit, total: rows.length };
  if (start === 0 && rows.length <= limit) return page;
  const markerAt = (index: number): string => (index <= 0 ? "" : textOf(rows[index]?.["id"]));
  const pagesAfter = Math.ceil((rows.length - start) / limit) - 1;
  return {
    ...page,
    first: "",
    ...(start > 0 ? { previous: markerAt(start - limit) } : {}),
    ...(pagesAfter > 0 ? { next: markerAt(start + limit) } : {}),
    last: markerAt(start + pagesAfter * limit),
  };
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value.trim();
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

/** By code units: what Go's string comparison does for ASCII. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
