import { describe, expect, it } from "vitest";
import { uncovered } from "./covers.ts";
import type { PolicyRule } from "./types.ts";

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
