/** What a JSONPath finds in a JSON value, as k8s.io/client-go finds it with missing keys allowed. Pure. */
import type { JsonPath, Step } from "./jsonpath.ts";

/** `undefined` where Kubernetes reports an error: an index out of bounds, or a subscript of what is no list. */
export function findJsonPath(path: JsonPath, root: unknown): readonly unknown[] | undefined {
  let found: readonly unknown[] | undefined = [root];
  for (const step of path) {
    if (found === undefined) return undefined;
    found = walk(step, found);
  }
  return found;
}

function walk(step: Step, values: readonly unknown[]): readonly unknown[] | undefined {
  switch (step.kind) {
    case "field":
      return values.flatMap((value) =>
        isMap(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : [],
      );
    case "wildcard":
      return values.flatMap(children);
    case "descent":
      return values.flatMap(containers);
    case "literal":
      return values.map(() => step.value);
    case "index":
      return eachList(values, (list) => {
        const at = step.at < 0 ? step.at + list.length : step.at;
        return at < 0 || at >= list.length ? undefined : [list[at]];
      });
    case "slice":
      return eachList(values, (list) => slice(step, list));
    case "union":
      return all(step.branches.map((branch) => all(values.map((value) => findJsonPath(branch, value)))));
    case "filter":
      return all(
        values.map((value) =>
          Array.isArray(value)
            ? all(value.map((item) => (item === undefined ? [] : passes(step, item))))
            : undefined,
        ),
      );
    default:
      return step satisfies never;
  }
}

/** Values that are null have nothing in them; what is neither null nor a list is an error. */
function eachList(
  values: readonly unknown[],
  pick: (list: readonly unknown[]) => readonly unknown[] | undefined,
): readonly unknown[] | undefined {
  return all(
    values.map((value) => {
      if (value === null) return [];
      return Array.isArray(value) ? pick(value) : undefined;
    }),
  );
}

function slice(
  { from = 0, to, step = 1 }: Extract<Step, { kind: "slice" }>,
  list: readonly unknown[],
): readonly unknown[] | undefined {
  const { length } = list;
  const first = from < 0 ? from + length : from;
  const last = to === undefined ? length : to < 0 ? to + length : to;
  if (first === last) return [];
  if (first < 0 || first >= length || last > length || first > last || step <= 0) return undefined;
  return list.slice(first, last).filter((_, at) => at % step === 0);
}

/** `[item]` when the filter lets it through. Comparing values of different types is an error. */
function passes(
  { left, operator, right }: Extract<Step, { kind: "filter" }>,
  item: unknown,
): readonly unknown[] | undefined {
  const lefts = findJsonPath(left, item);
  if (operator === "exists") return lefts === undefined || lefts.length === 0 ? [] : [item];
  const rights = findJsonPath(right, item);
  if (lefts === undefined || rights === undefined) return undefined;
  if (lefts.length === 0 || rights.length === 0) return [];
  if (lefts.length > 1 || rights.length > 1) return undefined;
  const passed = compare(operator, lefts[0], rights[0]);
  return passed === undefined ? undefined : passed ? [item] : [];
}

function compare(operator: string, a: unknown, b: unknown): boolean | undefined {
  if (typeof a === "boolean" && typeof b === "boolean") {
    return operator === "==" ? a === b : operator === "!=" ? a !== b : undefined;
  }
  const comparable =
    (typeof a === "string" && typeof b === "string") || (typeof a === "number" && typeof b === "number");
  if (!comparable) return undefined;
  switch (operator) {
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    case "<":
      return a < b;
    case ">":
      return a > b;
    case "<=":
      return a <= b;
    case ">=":
      return a >= b;
    default:
      return undefined;
  }
}

/** A value and everything below it that holds something. */
function containers(value: unknown): unknown[] {
  const below = children(value);
  return below.length === 0 ? [] : [value, ...below.flatMap(containers)];
}

function children(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return isMap(value) ? Object.values(value) : [];
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function all(parts: readonly (readonly unknown[] | undefined)[]): readonly unknown[] | undefined {
  return parts.every((part) => part !== undefined) ? parts.flat(1) : undefined;
}
