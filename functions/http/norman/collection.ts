/** The collection envelope (norman-v3.md 1.5). Pure. */
import type { NormanField } from "../../../schema/norman.ts";
import type { NormanDefinition } from "../../../schema/resources/registry.ts";
import { isSortable, modifiersOf } from "./fields.ts";
import { collectionUrl } from "./links.ts";
import type { Filter, ListQuery, Page } from "./query.ts";

export interface CollectionInput {
  readonly definition: NormanDefinition;
  readonly fields: Readonly<Record<string, NormanField>>;
  readonly base: string;
  /** The request's own URL without its query. */
  readonly self: string;
  readonly parameters: URLSearchParams;
  readonly query: ListQuery;
  readonly page: Page<unknown>;
  readonly actions: Readonly<Record<string, string>>;
  /** Finished resources. */
  readonly data: readonly object[];
}

export function collectionOf(input: CollectionInput): object {
  const { definition, fields, self, parameters, query, page, data } = input;
  const { norman } = definition;
  const sortUrl = (changes: Readonly<Record<string, string>>): string => urlWith(self, parameters, changes);
  const filterable = Object.entries(fields).filter(([, one]) => modifiersOf(one).length > 0);
  return {
    type: "collection",
    resourceType: norman.id,
    links: { self },
    actions: input.actions,
    ...(norman.collectionMethods.includes("POST")
      ? { createTypes: { [norman.id]: collectionUrl(input.base, definition) } }
      : {}),
    pagination: paginationOf(page, (marker) => urlWith(self, parameters, { marker })),
    sort: {
      ...(query.sort === undefined ? {} : { name: query.sort }),
      order: query.order,
      reverse: sortUrl({ order: query.order === "asc" ? "desc" : "asc" }),
      links: Object.fromEntries(
        filterable.filter(([, one]) => isSortable(one)).map(([name]) => [name, sortUrl({ sort: name })]),
      ),
    },
    filters: Object.fromEntries(filterable.map(([name]) => [name, filtersOn(query.filters, name)])),
    data,
  };
}

function paginationOf(page: Page<unknown>, url: (marker: string) => string): object {
  const { limit, total, first, previous, next, last } = page;
  if (first === undefined) return { limit, total };
  return {
    limit,
    total,
    partial: true,
    first: url(first),
    ...(previous === undefined ? {} : { previous: url(previous) }),
    ...(next === undefined ? {} : { next: url(next) }),
    ...(last === undefined ? {} : { last: url(last) }),
  };
}

/** `null` for an idle field. */
function filtersOn(filters: readonly Filter[], name: string): object[] | null {
  const active = filters.filter((filter) => filter.field === name);
  if (active.length === 0) return null;
  return active.flatMap(({ modifier, values }) =>
    (modifier === "in" || modifier === "notin" ? values : values.slice(0, 1)).map((value) => ({
      modifier,
      value,
    })),
  );
}

/** The request's URL with some parameters changed; an empty value removes one. A new order starts from the first page. */
function urlWith(
  self: string,
  parameters: URLSearchParams,
  changes: Readonly<Record<string, string>>,
): string {
  const changed = new URLSearchParams(parameters);
  if (!Object.hasOwn(changes, "marker")) changed.delete("marker");
  for (const [key, value] of Object.entries(changes)) {
    if (value === "") changed.delete(key);
    else changed.set(key, value);
  }
  const text = changed.toString();
  return text === "" ? self : `${self}?${text}`;
}
