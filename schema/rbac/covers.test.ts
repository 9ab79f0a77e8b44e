import { describe, expect, it } from "vitest";
import { uncovered } from "./covers.ts";
import { allows, allowsPath } from "./evaluate.ts";
import type { PolicyRule, ScopedRule } from "./types.ts";

const rule = (
  verbs: string[],
  apiGroups: string[],
  resources: string[],
  resourceNames?: string[],
): PolicyRule => ({ verbs, apiGroups, resources, ...(resourceNames === undefined ? {} : { resourceNames }) });
const paths = (verbs: string[], nonResourceURLs: string[]): PolicyRule => ({ verbs, nonResourceURLs });
const pods = rule(["get"], [""], ["pods"]);

describe("uncovered", () => {
  it.each<[string, PolicyRule[], PolicyRule[]]>([
    ["nothing", [], []],
    ["the same", [pods], [pods]],
    ["a part", [rule(["get", "list"], ["", "apps"], ["pods", "nodes"])], [pods]],
    [
      "what several rules hold, tuple by tuple",
      [pods, rule(["list"], [""], ["pods"])],
      [rule(["get", "list"], [""], ["pods"])],
    ],
    [
      "anything by all",
      [rule(["*"], ["*"], ["*"])],
      [rule(["*"], ["*"], ["*"]), rule(["x"], ["y"], ["z/w"], ["n"])],
    ],
    ["a named object by all of them", [pods], [rule(["get"], [""], ["pods"], ["a"])]],
    ["a subresource of all", [rule(["get"], [""], ["*/log"])], [rule(["get"], [""], ["pods/log"])]],
    ["a path", [paths(["get"], ["/a/*"])], [paths(["get"], ["/a/b", "/a/*"])]],
    ["a rule that allows nothing", [], [rule(["get"], [""], []), rule([], [""], ["pods"])]],
  ])("is empty for %s", (_what, held, wanted) => {
    expect(uncovered(held, wanted)).toEqual([]);
  });

  it.each<[string, PolicyRule[], PolicyRule, PolicyRule[]]>([
    ["another verb", [pods], rule(["get", "list"], [""], ["pods"]), [rule(["list"], [""], ["pods"])]],
    [
      "all verbs by a list of them",
      [rule(["get", "list"], [""], ["pods"])],
      rule(["*"], [""], ["pods"]),
      [rule(["*"], [""], ["pods"])],
    ],
    ["all groups", [pods], rule(["get"], ["*"], ["pods"]), [rule(["get"], ["*"], ["pods"])]],
    ["all objects by one", [rule(["get"], [""], ["pods"], ["a"])], pods, [pods]],
    [
      "another object",
      [rule(["get"], [""], ["pods"], ["a"])],
      rule(["get"], [""], ["pods"], ["a", "b"]),
      [rule(["get"], [""], ["pods"], ["b"])],
    ],
    ["a subresource", [pods], rule(["get"], [""], ["pods/log"]), [rule(["get"], [""], ["pods/log"])]],
    ["parts of two rules", [rule(["get"], [""], ["nodes"]), rule(["list"], [""], ["pods"])], pods, [pods]],
    ["a wider path", [paths(["get"], ["/a/*"])], paths(["get"], ["/*"]), [paths(["get"], ["/*"])]],
    [
      "a path by rules on resources",
      [rule(["*"], ["*"], ["*"])],
      paths(["get"], ["/a"]),
      [paths(["get"], ["/a"])],
    ],
  ])("is what would be gained: %s", (_what, held, wanted, gained) => {
    expect(uncovered(held, [wanted])).toEqual(gained);
  });
});

describe("covering, on a small universe", () => {
  /** The same sequence at every run. */
  function dice(seed: number): (sides: number) => number {
    let state = seed;
    return (sides) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * sides);
    };
  }
  const universe = {
    verbs: ["get", "list", "*"],
    apiGroups: ["", "apps", "*"],
    resources: ["pods", "pods/log", "*/log", "*"],
    resourceNames: ["a", "b"],
    namespaces: ["one", "two"],
    nonResourceURLs: ["/a", "/a/b", "/a/*", "*"],
  };
  const roll = dice(7);
  const some = (values: readonly string[]): string[] => values.filter(() => roll(3) === 0);
  function randomRule(): ScopedRule {
    const names = some(universe.resourceNames);
    const scope = roll(2) === 0 ? {} : { namespaces: some(universe.namespaces) };
    if (roll(5) === 0)
      return { verbs: some(universe.verbs), nonResourceURLs: some(universe.nonResourceURLs), ...scope };
    return {
      verbs: some(universe.verbs),
      apiGroups: some(universe.apiGroups),
      resources: some(universe.resources),
      ...(names.length === 0 ? {} : { resourceNames: names }),
      ...scope,
    };
  }
  const requests = ["get", "list", "other"].flatMap((verb) =>
    ["", "apps", "other"].flatMap((group) =>
      ["pods", "pods/log", "nodes", "nodes/log"].flatMap((resource) =>
        ["", "one", "two", "three"].flatMap((namespace) =>
          [undefined, "a", "b", "c"].map((name) => ({
            verb,
            group,
            resource,
            namespace,
            ...(name === undefined ? {} : { name }),
          })),
        ),
      ),
    ),
  );

  it("auth 54: what covers allows at least as much, and what it does not cover is named", () => {
    let covered = 0;
    for (let round = 0; round < 3_000; round++) {
      const held = Array.from({ length: 1 + roll(3) }, randomRule);
      const wanted = [randomRule()];
      const missing = uncovered(held, wanted);
      if (missing.length === 0) covered++;
      // With what is missing, all that is wanted is held.
      const all = [...held, ...missing];
      const lost = requests.find((request) => allows(wanted, request) && !allows(all, request));
      expect(lost && { held, wanted, lost }).toBeUndefined();
      const paths = ["/a", "/a/b", "/a/c", "/x"];
      expect(
        paths.find((path) => allowsPath(wanted, "get", path) && !allowsPath(all, "get", path)),
      ).toBeUndefined();
      expect(uncovered(all, wanted)).toEqual([]);
    }
    expect(covered).toBeGreaterThan(100);
  });

  it("auth 54: a further rule never takes anything away", () => {
    for (let round = 0; round < 300; round++) {
      const rules = [randomRule(), randomRule()];
      const more = [...rules, randomRule()];
      const lost = requests.find((request) => allows(rules, request) && !allows(more, request));
      expect(lost && { more, lost }).toBeUndefined();
    }
  });
});
