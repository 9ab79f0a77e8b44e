/** A label selector as a condition on a jsonb column. It matches what `matchesLabels` of schema/select matches. */
import type { Fragment, Sql } from "postgres";
import type { LabelRequirement, LabelSelector } from "../select/labels.ts";
import { int64 } from "../select/requirement.ts";
import { isStorable } from "./encoding.ts";

/**
 * ` and …`, or nothing for an empty selector. Equality is `@>`, which the GIN index of `objects.labels` answers; the
 * other operators filter.
 */
export function labelCondition(
  sql: Sql,
  column: "labels" | "before_labels",
  selector: LabelSelector,
): Fragment {
  const labels = column === "labels" ? sql`labels` : sql`before_labels`;
  const equal = selector.filter(isEquality);
  const others = selector.filter((requirement) => !isEquality(requirement));
  const wanted = new Map(equal.map(({ key, values: [value = ""] }) => [key, value]));
  if (equal.some(({ key, values: [value] }) => wanted.get(key) !== value)) return sql`and false`;
  const conditions = others.map((requirement) => conditionOf(sql, labels, requirement));
  if (wanted.size > 0) conditions.unshift(contains(sql, labels, wanted));
  return conditions.reduce((all, one) => sql`${all} and ${one}`, sql``);
}

function isEquality({ operator, values }: LabelRequirement): boolean {
  return operator === "In" && values.length === 1;
}

function conditionOf(sql: Sql, labels: Fragment, { key, operator, values }: LabelRequirement): Fragment {
  // Nothing stored has such a key or value, and Postgres refuses it even as a parameter.
  const present = isStorable(key);
  const storable = values.filter(isStorable);
  switch (operator) {
    case "In": {
      if (!present || storable.length === 0) return sql`false`;
      const any = storable
        .map((value) => contains(sql, labels, new Map([[key, value]])))
        .reduce((all, one) => sql`${all} or ${one}`);
      return sql`(${any})`;
    }
    case "NotIn":
      // An absent label is in no set.
      return present
        ? sql`coalesce(${labels} ->> ${key}::text not in (
            select json_array_elements_text(${JSON.stringify(storable)}::text::json)), true)`
        : sql`true`;
    case "Exists":
      return present ? sql`${labels} ? ${key}::text` : sql`false`;
    case "DoesNotExist":
      return present ? sql`not ${labels} ? ${key}::text` : sql`true`;
    case "GreaterThan":
    case "LessThan": {
      const bound = int64(values[0] ?? "");
      if (!present || bound === undefined) return sql`false`;
      const sign = operator === "GreaterThan" ? sql`>` : sql`<`;
      // What is no int64 is neither greater nor less. `case` keeps the casts behind their check.
      return sql`case when ${labels} ->> ${key}::text ~ '^[+-]?[0-9]{1,100}$'
        then (${labels} ->> ${key}::text)::numeric between -9223372036854775808 and 9223372036854775807
          and (${labels} ->> ${key}::text)::numeric ${sign} ${String(bound)}::text::numeric
        else false end`;
    }
    default:
      return operator satisfies never;
  }
}

function contains(sql: Sql, labels: Fragment, wanted: ReadonlyMap<string, string>): Fragment {
  const storable = [...wanted].flat().every(isStorable);
  return storable ? sql`${labels} @> ${JSON.stringify(Object.fromEntries(wanted))}::text::jsonb` : sql`false`;
}
