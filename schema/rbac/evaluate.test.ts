import { describe, expect, it } from "vitest";
import { allowedNames, allows, allowsPath } from "./evaluate.ts";
import type { PolicyRule, ResourceAttributes } from "./types.ts";

const rule = (more: Partial<PolicyRule>): PolicyRule => ({
  verbs: ["get"],
  apiGroups: ["apps"],
  resources: ["deployments"],
  ...more,
});
const ask = (more: Partial<ResourceAttributes> = {}): ResourceAttributes => ({
  verb: "get",
  group: "apps",
  resource: "deployments",
  ...more,
});

describe("allows", () => {
  it("denies without a rule, and to a rule that lacks a part", () => {
    expect(allows([], ask())).toBe(false);
    expect(allows([{ verbs: ["get"] }], ask())).toBe(false);
    expect(allows([{ verbs: ["*"], nonResourceURLs: ["*"] }], ask())).toBe(false);
    expect(allows([rule({ verbs: [] })], ask())).toBe(false);
  });

  it.each<[Partial<PolicyRule>, Partial<ResourceAttributes>, boolean]>([
    [{}, {}, true],
    [{}, { verb: "list" }, false],
    [{ verbs: ["*"] }, { verb: "anything" }, true],
    [{}, { group: "" }, false],
    [{ apiGroups: [""] }, { group: "apps" }, false],
    [{ apiGroups: ["*"] }, { group: "" }, true],
    [{ resources: ["*"] }, { resource: "pods/log" }, true],
    [{}, { resource: "deployments/scale" }, false],
    [{ resources: ["deployments/scale"] }, {}, false],
    [{ resources: ["*/scale"] }, { resource: "deployments/scale" }, true],
    [{ resources: ["*/scale"] }, { resource: "deployments" }, false],
    [{ resources: ["deployments/*"] }, { resource: "deployments/scale" }, false],
    [{ resources: ["deploy*"] }, {}, false],
    [{ resourceNames: [] }, {}, true],
    [{ resourceNames: ["a"] }, { name: "a" }, true],
    [{ resourceNames: ["a"] }, { name: "b" }, false],
    [{ resourceNames: ["a"] }, {}, false],
    [{ resourceNames: ["", "a"] }, { name: "" }, false],
    [{ resourceNames: ["*"] }, { name: "a" }, false],
  ])("a rule with %j a request with %j: %j", (given, asked, expected) => {
    expect(allows([rule(given)], ask(asked))).toBe(expected);
  });

  it("adds rules up, but never parts of several rules", () => {
    const rules = [rule({ verbs: ["list"] }), rule({ resources: ["pods"] })];
    expect(allows(rules, ask({ verb: "list" }))).toBe(true);
    expect(allows(rules, ask())).toBe(false);
  });
});

describe("allowsPath", () => {
  it.each([
    ["/healthz", "/healthz", true],
    ["/healthz", "/healthz/etcd", false],
    ["/healthz/*", "/healthz/etcd", true],
    ["/healthz/*", "/healthz", false],
    ["/heal*", "/healthz", true],
    ["*", "/anything", true],
    ["/a/*/c", "/a/b/c", false],
  ])("by %s of %s: %j", (pattern, path, expected) => {
    expect(allowsPath([{ verbs: ["get"], nonResourceURLs: [pattern] }], "get", path)).toBe(expected);
  });

  it("judges the verb, and takes no rule on resources", () => {
    expect(allowsPath([{ verbs: ["get"], nonResourceURLs: ["*"] }], "post", "/x")).toBe(false);
    expect(allowsPath([rule({ apiGroups: ["*"], resources: ["*"] })], "get", "/x")).toBe(false);
  });
});

describe("allowedNames", () => {
  it("gives names that rules open for the verb, each once", () => {
    const rules = [
      rule({ resourceNames: ["a", "b"] }),
      rule({ resourceNames: ["b", "c"], verbs: ["get", "delete"] }),
      rule({ resourceNames: ["other"], resources: ["pods"] }),
    ];
    expect(allowedNames(rules, ask())).toEqual(["a", "b", "c"]);
    expect(allowedNames(rules, ask({ verb: "delete" }))).toEqual(["b", "c"]);
    expect(allowedNames([rule({})], ask())).toEqual([]);
  });
});
