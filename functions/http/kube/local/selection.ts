/** From the selectors of a request to what the store is asked for. */
import type { PageQuery } from "../../../../schema/store/pages.ts";
import { matchesFields } from "../../../../schema/select/fields.ts";
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
    ...(rest.length === 0 ? {} : { filter: (body) => matchesFields(rest, fieldReader(body)) }),
  };
}

function equal(fields: readonly FieldRequirement[], name: string): string[] {
  return fields.flatMap(({ field, operator, value }) => (field === name && operator === "=" ? [value] : []));
}

/** Reads dotted paths of one object; what is absent is the empty string, as in Kubernetes. */
function fieldReader(body: string): (path: string) => string {
  const object = JSON.parse(body) as unknown;
  return (path) => {
    let value = object;
    for (const key of path.split(".")) {
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return "";
      value = (value as Record<string, unknown>)[key];
    }
    return typeof value === "string"
      ? value
      : value === undefined || value === null
        ? ""
        : JSON.stringify(value);
  };
}
