import { describe, expect, it } from "vitest";
import { vectors } from "../../test/vectors/vectors.ts";
import { SelectorError } from "./errors.ts";
import { labelSelectorOf, matchesLabels, parseLabelSelector } from "./labels.ts";
import type { LabelRequirement } from "./labels.ts";

interface Vectors {
  sets: Record<string, string>[];
  selectors: {
    selector: string;
    error?: string;
    requirements?: LabelRequirement[];
    matches?: boolean[];
  }[];
  objects: { object: unknown; error?: string; matches?: boolean[] }[];
}
const { sets, ...all } = vectors("labels") as Vectors;
const selectors = all.selectors.map((vector) => [JSON.stringify(vector.selector), vector] as const);
const objects = all.objects.map((vector) => [JSON.stringify(vector.object), vector] as const);

/** Kubernetes sorts by key only: requirements of one key come in any order. */
const sorted = (requirements: readonly LabelRequirement[] = []): string[] =>
  requirements.map(({ key, operator, values }) => JSON.stringify([key, operator, values])).sort();

describe("parseLabelSelector", () => {
  it.each(selectors.filter(([, { error }]) => error === undefined))(
    "reads and matches %s as Kubernetes does",
    (_text, { selector, requirements, matches }) => {
      const parsed = parseLabelSelector(selector);
      expect(sorted(parsed)).toEqual(sorted(requirements));
      expect(sets.map((labels) => matchesLabels(parsed, labels))).toEqual(matches);
    },
  );

  it.each(selectors.filter(([, { error }]) => error !== undefined))(
    "refuses %s in Kubernetes' words",
    (_text, { selector, error }) => {
      expect(() => parseLabelSelector(selector)).toThrow(new SelectorError(error));
    },
  );

  it("sorts requirements by key", () => {
    expect(parseLabelSelector("c,a=1,!b").map(({ key }) => key)).toEqual(["a", "b", "c"]);
  });
});

describe("labelSelectorOf", () => {
  it.each(objects.filter(([, { error }]) => error === undefined))(
    "matches %s as Kubernetes does",
    (_text, { object, matches }) => {
      const selector = labelSelectorOf(object);
      expect(sets.map((labels) => matchesLabels(selector, labels))).toEqual(matches);
    },
  );

  it.each(objects.filter(([, { error }]) => error !== undefined))(
    "refuses %s in Kubernetes' words",
    (_text, { object, error }) => {
      expect(() => labelSelectorOf(object)).toThrow(new SelectorError(error));
    },
  );

  it.each([
    ["a list", []],
    ["text", "a=b"],
    ["labels that are no object", { matchLabels: ["a"] }],
    ["a label that is no text", { matchLabels: { a: 1 } }],
    ["expressions that are no list", { matchExpressions: {} }],
    ["an expression that is no object", { matchExpressions: ["a"] }],
    ["a key that is no text", { matchExpressions: [{ key: 1, operator: "Exists" }] }],
    ["an operator that is no text", { matchExpressions: [{ key: "a", operator: 1 }] }],
    ["values that are no list", { matchExpressions: [{ key: "a", operator: "In", values: "b" }] }],
    ["a value that is no text", { matchExpressions: [{ key: "a", operator: "In", values: [1] }] }],
  ])("refuses %s", (_what, object) => {
    expect(() => labelSelectorOf(object)).toThrow(SelectorError);
  });

  it("takes no members from a prototype", () => {
    const inherited = Object.create({ matchLabels: { a: "b" } }) as object;
    expect(labelSelectorOf(inherited)).toEqual([]);
  });
});
