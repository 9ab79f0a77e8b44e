/** From the selectors of a request to what the store is asked for. */
import type { PageQuery } from "../../../../schema/store/pages.ts";
import { fieldOf, matchesFields } from "../../../../schema/select/fields.ts";
import type { FieldRequirement } from "../../../../schema/select/fields.ts";
import type { Call } from "./call.ts";
import type { ListOptions } from "./list-options.ts";

export type Selection = Pick<PageQuery, "namespace" | "names" | "labels" | "filter">;

/** Name and namespace are found by key; what else a field selector asks for is read from the bodies. */
export function selectionOf(
  { namespace, info }: Pick<Call, "namespace" | "info">,
  { labels, fields }: Pick<ListOptions, "labels" | "fields">,
): Selection {
  const names = equal(fields, "metadata.name");
  const namespaces = equal(fields, "metadata.namespace");
  const rest = fields.filter(
    ({ field, operator }) =>
      operator !== "=" || (field !== "metadata.name" && field !== "metadata.namespace"),
  );
  const wanted = [...(namespace === "" ? [] : [namespace]), ...namespaces];
  const contradicts = new Set(wanted).size > 1 || new Set(names).size > 1;
  const [where] = wanted;
  const [name = info.name] = names;
  return {
    ...(where === undefined ? {} : { namespace: where }),
    ...(contradicts ? { names: [] } : name === undefined ? {} : { names: [name] }),
    ...(labels.length === 0 ? {} : { labels }),
    ...(rest.length === 0 ? {} : { filter: filterBy(rest) }),
  };
}

function equal(fields: readonly FieldRequirement[], name: string): string[] {
  return fields.flatMap(({ field, operator, value }) => (field === name && operator === "=" ? [value] : []));
}

function filterBy(fields: readonly FieldRequirement[]): (body: string) => boolean {
  return (body) => {
    const object = JSON.parse(body) as unknown;
    return matchesFields(fields, (path) => fieldOf(object, path));
  };
}
