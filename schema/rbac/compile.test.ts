import { describe, expect, it } from "vitest";
import { aggregatedRules } from "./aggregate.ts";
import { bindingKeys, compileRules, grantOf, rolesNeeded, subjectKeys } from "./compile.ts";
import type { Binding, RbacObjects, Role } from "./compile.ts";
import { allows, allowsPath } from "./evaluate.ts";
import { escalationProblem } from "./missing-rights.ts";
import type { PolicyRule } from "./types.ts";

const read = (resource: string): PolicyRule => ({ verbs: ["get"], apiGroups: [""], resources: [resource] });
const role = (name: string, namespace?: string, rules = [read("pods")]): Role => ({
  metadata: { name, namespace },
  rules,
});
const binding = (
  kind: string,
  name: string,
  subject: [kind: string, name: string, namespace?: string],
  namespace?: string,
): Binding => ({
  metadata: { namespace },
  roleRef: { kind, name },
  subjects: [{ kind: subject[0], name: subject[1], namespace: subject[2] }],
});
const nothing: RbacObjects = { clusterRoleBindings: [], roleBindings: [], clusterRoles: [], roles: [] };
const jane = { user: "u-jane", groups: ["devs"] };

describe("what bindings are found by", () => {
  it("is the subject as it stands, and a service account in its own or the binding's namespace", () => {
    expect(
      bindingKeys(
        [
          { kind: "User", name: "u-jane" },
          { kind: "Group", name: "devs" },
          { kind: "ServiceAccount", name: "robot" },
          { kind: "ServiceAccount", name: "robot", namespace: "other" },
          { kind: "Robot", name: "x" },
          { kind: "User", name: "" },
        ],
        "apps",
      ),
    ).toEqual(["User:u-jane", "Group:devs", "ServiceAccount:apps:robot", "ServiceAccount:other:robot"]);
    expect(bindingKeys([{ kind: "ServiceAccount", name: "robot" }], "")).toEqual([]);
    expect(subjectKeys({ user: "system:serviceaccount:apps:robot", groups: ["g"] })).toEqual([
      "User:system:serviceaccount:apps:robot",
      "ServiceAccount:apps:robot",
      "Group:g",
    ]);
  });

  it("names each role once", () => {
    expect(
      rolesNeeded({
        clusterRoleBindings: [
          binding("ClusterRole", "a", ["User", "x"]),
          binding("Role", "b", ["User", "x"]),
        ],
        roleBindings: [
          binding("ClusterRole", "a", ["User", "x"], "one"),
          binding("Role", "c", ["User", "x"], "one"),
          binding("Role", "c", ["User", "x"], "one"),
          binding("Role", "c", ["User", "x"], "two"),
        ],
      }),
    ).toEqual({
      clusterRoles: ["a"],
      roles: [
        { namespace: "one", name: "c" },
        { namespace: "two", name: "c" },
      ],
    });
  });
});

describe("compileRules", () => {
  it("gives a ClusterRole everywhere, by user or group", () => {
    for (const subject of [["User", "u-jane"] as const, ["Group", "devs"] as const]) {
      const rules = compileRules(jane, {
        ...nothing,
        clusterRoleBindings: [binding("ClusterRole", "reader", [...subject])],
        clusterRoles: [role("reader")],
      });
      expect(rules).toEqual([read("pods")]);
    }
  });

  it("gives a ClusterRole that RoleBindings name in their namespaces alone, and no paths", () => {
    const rules = compileRules(jane, {
      ...nothing,
      roleBindings: ["one", "two"].map((at) => binding("ClusterRole", "reader", ["User", "u-jane"], at)),
      clusterRoles: [role("reader", undefined, [read("pods"), { verbs: ["get"], nonResourceURLs: ["*"] }])],
    });
    expect(rules[0]).toEqual({ ...read("pods"), namespaces: ["one", "two"] });
    const ask = { verb: "get", group: "", resource: "pods" };
    expect(allows(rules, { ...ask, namespace: "one" })).toBe(true);
    expect(allows(rules, { ...ask, namespace: "three" })).toBe(false);
    expect(allows(rules, ask)).toBe(false);
    expect(allowsPath(rules, "get", "/healthz")).toBe(false);
  });

  it("tells Roles of one name in two namespaces apart", () => {
    const rules = compileRules(jane, {
      ...nothing,
      roleBindings: [binding("Role", "r", ["User", "u-jane"], "one")],
      roles: [role("r", "one", [read("a")]), role("r", "two", [read("b")])],
    });
    expect(rules).toEqual([{ ...read("a"), namespaces: ["one"] }]);
  });

  it("passes over others' bindings, roles that are not there, and Roles bound for the cluster", () => {
    const rules = compileRules(jane, {
      clusterRoleBindings: [
        binding("ClusterRole", "reader", ["User", "u-joe"]),
        binding("ClusterRole", "gone", ["User", "u-jane"]),
        binding("Role", "reader", ["User", "u-jane"]),
        // A user is no group, whatever he is called.
        binding("ClusterRole", "reader", ["Group", "u-jane"]),
      ],
      roleBindings: [binding("Role", "gone", ["User", "u-jane"], "one")],
      clusterRoles: [role("reader")],
      roles: [role("reader", "two")],
    });
    expect(rules).toEqual([]);
  });

  it("54: adding a binding never takes a right away", () => {
    const objects = {
      ...nothing,
      roleBindings: [binding("ClusterRole", "reader", ["User", "u-jane"], "one")],
      clusterRoles: [role("reader")],
    };
    const more = {
      ...objects,
      clusterRoleBindings: [binding("ClusterRole", "reader", ["Group", "devs"])],
    };
    for (const each of [objects, more])
      expect(
        allows(compileRules(jane, each), { verb: "get", group: "", resource: "pods", namespace: "one" }),
      ).toBe(true);
  });
});

describe("aggregatedRules", () => {
  it("unites by selector and name, each rule once, never itself", () => {
    const labelled = (name: string, labels: Record<string, string>, ...rules: PolicyRule[]) => ({
      metadata: { name, labels },
      rules,
    });
    const whole = {
      ...labelled("whole", { to: "view" }, read("stale")),
      aggregationRule: {
        clusterRoleSelectors: [
          { matchLabels: { to: "view" } },
          { matchExpressions: [{ key: "also", operator: "Exists" }] },
        ],
      },
    };
    const rules = aggregatedRules(whole, [
      labelled("z", { also: "1" }, read("last"), read("pods")),
      labelled("b", { to: "view" }, read("pods")),
      labelled("a", { to: "view" }, read("secrets")),
      labelled("other", { to: "edit" }, read("no")),
      whole,
    ]);
    expect(rules).toEqual([read("secrets"), read("pods"), read("last")]);
    expect(aggregatedRules({ metadata: { name: "x" } }, [whole])).toEqual([]);
  });
});

describe("escalationProblem", () => {
  it("is kube-apiserver's sentence: verbs of one object together, lines in order", () => {
    const wanted = [
      { verbs: ["get", "list"], apiGroups: [""], resources: ["secrets", "pods"] },
      { verbs: ["get"], nonResourceURLs: ["/a"] },
      { verbs: ["get"], apiGroups: [""], resources: ["configmaps"], resourceNames: ["x"] },
    ];
    expect(escalationProblem({ user: "u-jane", groups: ["a", "b"] }, [read("pods")], wanted)).toBe(
      'user "u-jane" (groups=["a" "b"]) is attempting to grant RBAC permissions not currently held:\n' +
        '{APIGroups:[""], Resources:["configmaps"], ResourceNames:["x"], Verbs:["get"]}\n' +
        '{APIGroups:[""], Resources:["pods"], Verbs:["list"]}\n' +
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}\n' +
        '{NonResourceURLs:["/a"], Verbs:["get"]}',
    );
    expect(escalationProblem(jane, wanted, wanted)).toBeUndefined();
  });

  it("holds rights in a namespace for less than rights everywhere", () => {
    const here = [{ ...read("pods"), namespaces: ["one", "two"] }];
    expect(escalationProblem(jane, here, [{ ...read("pods"), namespaces: ["two"] }])).toBeUndefined();
    expect(escalationProblem(jane, here, [{ ...read("pods"), namespaces: ["three"] }])).toBeDefined();
    expect(escalationProblem(jane, here, [read("pods")])).toBeDefined();
    expect(escalationProblem(jane, [read("pods")], here)).toBeUndefined();
  });
});

// The words are those of a kube-apiserver 1.36.3 with the same objects.
describe("grantOf", () => {
  const named = (of: Binding, name: string): Binding => ({ ...of, metadata: { ...of.metadata, name } });
  const objects: RbacObjects = {
    clusterRoleBindings: [named(binding("ClusterRole", "pods", ["User", "u-jane"]), "all-pods")],
    roleBindings: [
      named(binding("Role", "secrets", ["Group", "devs"], "apps"), "some-secrets"),
      named(binding("Role", "secrets", ["ServiceAccount", "robot"], "apps"), "robots"),
    ],
    clusterRoles: [role("pods")],
    roles: [role("secrets", "apps", [read("secrets")])],
  };
  const grant = (subject: typeof jane, resource: string, namespace: string): string | undefined =>
    grantOf(subject, objects, (rules) => allows(rules, { verb: "get", group: "", resource, namespace }));

  it("names binding, role and subject", () => {
    expect(grant(jane, "pods", "x")).toBe(
      'ClusterRoleBinding "all-pods" of ClusterRole "pods" to User "u-jane"',
    );
    expect(grant(jane, "secrets", "apps")).toBe(
      'RoleBinding "some-secrets/apps" of Role "secrets" to Group "devs"',
    );
    const robot = { user: "system:serviceaccount:apps:robot", groups: [] };
    expect(grant(robot, "secrets", "apps")).toBe(
      'RoleBinding "robots/apps" of Role "secrets" to ServiceAccount "robot/apps"',
    );
  });

  it("is none where nothing gives it", () => {
    expect(grant(jane, "secrets", "other")).toBeUndefined();
    expect(grant({ user: "other", groups: [] }, "pods", "x")).toBeUndefined();
  });
});
