import { describe, expect, it } from "vitest";
import { vectors } from "../../test/vectors/vectors.ts";
import { SelectorError } from "./errors.ts";
import { matchesFields, parseFieldSelector, formatFieldSelector } from "./fields.ts";
import type { FieldRequirement } from "./fields.ts";

interface Vectors {
  sets: Record<string, string>[];
  selectors: {
    selector: string;
    error?: string;
    requirements?: FieldRequirement[];
    matches?: boolean[];
  }[];
}
const { sets, ...all } = vectors("fields") as Vectors;
const selectors = all.selectors.map((vector) => [JSON.stringify(vector.selector), vector] as const);

describe("parseFieldSelector", () => {
  it.each(selectors.filter(([, { error }]) => error === undefined))(
    "reads and matches %s as Kubernetes does",
    (_text, { selector, requirements = [], matches }) => {
      const parsed = parseFieldSelector(selector);
      expect(parsed).toEqual(requirements);
      expect(sets.map((fields) => matchesFields(parsed, (field) => fields[field] ?? ""))).toEqual(matches);
    },
  );

  it.each(selectors.filter(([, { error }]) => error !== undefined))(
    "refuses %s in Kubernetes' words",
    (_text, { selector, error }) => {
      expect(() => parseFieldSelector(selector)).toThrow(new SelectorError(error));
    },
  );

  it("are written as they are read", () => {
    const selector = [
      { field: "a.b", operator: "=", value: "x" },
      { field: "c", operator: "!=", value: "1,2=3\\4" },
      { field: "d", operator: "=", value: "" },
    ] as const;
    expect(parseFieldSelector(formatFieldSelector(selector))).toEqual(selector);
    expect(formatFieldSelector([])).toBe("");
  });
});
