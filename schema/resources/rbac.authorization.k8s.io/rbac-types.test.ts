/** Roles and bindings through the store: validation, escalation, and what they are found by. */
import type { Sql } from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migratedSql } from "../../../test/setup/database.ts";
import type { KubeObject } from "../../object.ts";
import type { ScopedRule } from "../../rbac/types.ts";
import type { ResourceDefinition } from "../../resource.ts";
import { createSealer } from "../../seal/sealer.ts";
import { commitBatch } from "../../store/commit.ts";
import { isStoreError } from "../../store/errors.ts";
import { createStore } from "../../store/store.ts";
import type { BoundStore, Store } from "../../store/store.ts";
import { namespaces } from "../core/namespaces.ts";
import { secrets } from "../core/secrets.ts";
import type { Secret } from "../core/secrets.ts";
import { users } from "../management.cattle.io/users.ts";
import { everythingRules } from "../policy-rule.ts";
import { registry } from "../registry.ts";
import { clusterRoleBindings } from "./cluster-role-bindings.ts";
import { clusterRoles } from "./cluster-roles.ts";
import { rbacGroup } from "./group.ts";
import { roleBindings } from "./role-bindings.ts";
import { roles } from "./roles.ts";

const pods = { verbs: ["get"], apiGroups: [""], resources: ["pods"] };
/** To write RBAC objects, and nothing that these could give. */
const writer: ScopedRule[] = [
  { verbs: ["create", "update", "delete", "get"], apiGroups: [rbacGroup], resources: ["*"] },
];

let sql: Sql;
let stop: () => Promise<void>;
let store: Store;
let root: BoundStore;

const as = (...rules: ScopedRule[]): BoundStore =>
  store.as({ name: "u-jane", groups: ["g"], rules: [...writer, ...rules] });

function object<T extends KubeObject>(
  definition: ResourceDefinition<T>,
  name: string,
  content: object,
  namespace = "apps",
): T {
  return {
    apiVersion: `${rbacGroup}/v1`,
    kind: definition.kind,
    metadata: { name, ...(definition.scope === "Namespaced" ? { namespace } : {}) },
    ...content,
  } as unknown as T;
}

/** `ok`, or code and message. */
async function outcome(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return "ok";
  } catch (error) {
    if (!isStoreError(error)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

const refTo = (name: string, kind = "ClusterRole") => ({ roleRef: { kind, name } });

beforeAll(async () => {
  ({ sql, stop } = await migratedSql());
  store = createStore({
    sql: () => sql,
    commit: (items) => commitBatch(sql, items),
    sealer: createSealer({ current: "k1", keys: new Map([["k1", new Uint8Array(32).fill(1)]]) }),
    registry,
    workOf: () => [],
    now: () => new Date(),
  });
  root = store.as({ name: "system:test", rules: everythingRules, server: true });
  for (const name of ["apps", "other"])
    await root.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  await root.create(clusterRoles, object(clusterRoles, "pod-reader", { rules: [pods] }));
});
afterAll(() => stop());

describe("what kube-apiserver validates", () => {
  it.each<[ResourceDefinition, object, string]>([
    [
      roles,
      { rules: [{ verbs: [], apiGroups: [""], resources: ["x"] }] },
      "rules[0].verbs: Required value: verbs must contain",
    ],
    [
      roles,
      { rules: [{ verbs: ["get"], resources: ["x"] }] },
      "rules[0].apiGroups: Required value: resource rules must",
    ],
    [
      roles,
      { rules: [{ verbs: ["get"], apiGroups: [""] }] },
      "rules[0].resources: Required value: resource rules must",
    ],
    [
      roles,
      { rules: [{ verbs: ["get"], nonResourceURLs: ["/x"] }] },
      "namespaced rules cannot apply to non-resource URLs",
    ],
    [
      clusterRoles,
      { rules: [{ verbs: ["get"], nonResourceURLs: ["/x"], resources: ["y"] }] },
      "rules cannot apply to both regular resources and non-resource URLs",
    ],
    [clusterRoles, { aggregationRule: {} }, "at least one clusterRoleSelector required"],
    [
      clusterRoles,
      { aggregationRule: { clusterRoleSelectors: [{ matchExpressions: [{ key: "a", operator: "Near" }] }] } },
      "clusterRoleSelectors[0]: Invalid value",
    ],
    [
      clusterRoleBindings,
      refTo("x", "Role"),
      'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
    ],
    [roleBindings, { roleRef: { kind: "Role", name: "a/b" } }, "roleRef.name: Invalid value"],
    [
      roleBindings,
      { roleRef: { kind: "Role", name: "a", apiGroup: "apps" } },
      "roleRef.apiGroup: Unsupported value",
    ],
    [
      clusterRoleBindings,
      { ...refTo("pod-reader"), subjects: [{ kind: "ServiceAccount", name: "a" }] },
      "subjects[0].namespace: Required value",
    ],
    [
      clusterRoleBindings,
      { ...refTo("pod-reader"), subjects: [{ kind: "Robot", name: "a" }] },
      'subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"',
    ],
    [
      clusterRoleBindings,
      { ...refTo("pod-reader"), subjects: [{ kind: "User", name: "a", apiGroup: "apps" }] },
      "subjects[0].apiGroup: Unsupported value",
    ],
  ])("%# refuses %o", async (definition, content, message) => {
    const answer = await outcome(root.create(definition, object(definition, "bad", content)));
    expect(answer).toMatch(/^Invalid: /);
    expect(answer).toContain(message);
  });

  it("fills in groups, and never changes whom a binding gives", async () => {
    const made = await root.create(
      roleBindings,
      object(roleBindings, "filled", {
        ...refTo("pod-reader"),
        subjects: [
          { kind: "User", name: "u-jane" },
          { kind: "ServiceAccount", name: "robot", namespace: "other" },
        ],
      }),
    );
    expect(made).toMatchObject({
      roleRef: { apiGroup: rbacGroup, kind: "ClusterRole", name: "pod-reader" },
      subjects: [{ kind: "User", apiGroup: rbacGroup }, { kind: "ServiceAccount" }],
    });
    const found = await root.list(roleBindings, {
      index: { field: "subject", values: ["User:nobody", "ServiceAccount:other:robot"] },
    });
    expect(found.items.map(({ metadata }) => metadata.name)).toEqual(["filled"]);
    expect(
      await outcome(root.update(roleBindings, { ...made, roleRef: { ...made.roleRef, name: "other" } })),
    ).toContain("roleRef: Invalid value");
  });

  it("keeps the marks of Rancher's roles", async () => {
    const label = "authz.management.cattle.io/gr-owner";
    const marked = object(roles, "marked", { rules: [] });
    const made = await root.create(roles, {
      ...marked,
      metadata: { ...marked.metadata, labels: { [label]: "g" } },
    });
    expect(
      await outcome(root.update(roles, { ...made, metadata: { ...made.metadata, labels: {} } })),
    ).toContain("the label cannot be changed or removed");
  });
});

describe("46: who may give what", () => {
  const scoped = (rule: ScopedRule): ScopedRule => ({ ...rule, namespaces: ["apps"] });
  const right = (verb: string, resource: string, name?: string): ScopedRule => ({
    verbs: [verb],
    apiGroups: [rbacGroup],
    resources: [resource],
    ...(name === undefined ? {} : { resourceNames: [name] }),
  });

  it.each<[string, ScopedRule[], ResourceDefinition, object, boolean]>([
    ["a Role with what one has", [pods], roles, { rules: [pods] }, true],
    ["a Role with what one has there", [scoped(pods)], roles, { rules: [pods] }, true],
    ["a Role with what one lacks", [], roles, { rules: [pods] }, false],
    [
      "a Role with what one has elsewhere",
      [{ ...pods, namespaces: ["other"] }],
      roles,
      { rules: [pods] },
      false,
    ],
    ["a Role by escalate", [right("escalate", "roles")], roles, { rules: [pods] }, true],
    ["a Role by escalate of another", [right("escalate", "clusterroles")], roles, { rules: [pods] }, false],
    [
      "a new Role by escalate of that name",
      [right("escalate", "roles", "it")],
      roles,
      { rules: [pods] },
      false,
    ],
    [
      "a ClusterRole with what one has in a namespace",
      [scoped(pods)],
      clusterRoles,
      { rules: [pods] },
      false,
    ],
    ["a ClusterRole by escalate", [right("escalate", "clusterroles")], clusterRoles, { rules: [pods] }, true],
    ["a ClusterRoleBinding with what one has", [pods], clusterRoleBindings, refTo("pod-reader"), true],
    ["a ClusterRoleBinding with what one lacks", [], clusterRoleBindings, refTo("pod-reader"), false],
    [
      "a ClusterRoleBinding by bind",
      [right("bind", "clusterroles", "pod-reader")],
      clusterRoleBindings,
      refTo("pod-reader"),
      true,
    ],
    [
      "a ClusterRoleBinding by bind of another",
      [right("bind", "clusterroles", "x")],
      clusterRoleBindings,
      refTo("pod-reader"),
      false,
    ],
    ["a RoleBinding with what one has there", [scoped(pods)], roleBindings, refTo("pod-reader"), true],
    [
      "a RoleBinding with what one has elsewhere",
      [{ ...pods, namespaces: ["other"] }],
      roleBindings,
      refTo("pod-reader"),
      false,
    ],
    [
      "a RoleBinding by bind there",
      [scoped(right("bind", "clusterroles"))],
      roleBindings,
      refTo("pod-reader"),
      true,
    ],
    [
      "an aggregated role without every right",
      [pods],
      clusterRoles,
      { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: "b" } }] } },
      false,
    ],
    [
      "an aggregated role with every right",
      [...everythingRules],
      clusterRoles,
      { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: "b" } }] } },
      true,
    ],
  ])("%s", async (_what, rules, definition, content, allowed) => {
    const answer = await outcome(
      as(...rules).create(definition, object(definition, "it", content), { dryRun: true }),
    );
    if (allowed) expect(answer).toBe("ok");
    else expect(answer).toMatch(/^Forbidden: .* is forbidden: /);
  });

  it("words it as kube-apiserver does", async () => {
    expect(await outcome(as().create(roles, object(roles, "it", { rules: [pods] })))).toBe(
      'Forbidden: roles.rbac.authorization.k8s.io "it" is forbidden: user "u-jane" (groups=["g"]) is attempting to grant ' +
        'RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["get"]}',
    );
    expect(
      await outcome(as().create(clusterRoleBindings, object(clusterRoleBindings, "it", refTo("gone")))),
    ).toBe('NotFound: clusterrolebindings.rbac.authorization.k8s.io "gone" not found');
  });

  it("lets finalizers and owners be changed by who gives nothing, and nothing else", async () => {
    const made = await root.create(roles, object(roles, "held", { rules: [pods] }));
    const metadata = { ...made.metadata, finalizers: ["drover.io/test"] };
    expect(await outcome(as().update(roles, { ...made, metadata }, { dryRun: true }))).toBe("ok");
    const labelled = { ...made.metadata, labels: { a: "b" } };
    expect(await outcome(as().update(roles, { ...made, metadata: labelled }))).toMatch(/^Forbidden/);
  });
});

describe("an aggregated ClusterRole", () => {
  it("has the others' rules as soon as it is written", async () => {
    const part = object(clusterRoles, "part", { rules: [pods] });
    await root.create(clusterRoles, {
      ...part,
      metadata: { ...part.metadata, labels: { to: "whole" } },
    });
    const whole = object(clusterRoles, "whole", {
      rules: [{ verbs: ["get"], apiGroups: [""], resources: ["stale"] }],
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { to: "whole" } }] },
    });
    expect((await root.create(clusterRoles, whole)).rules).toEqual([pods]);
  });
});

describe("a user whom bindings wait for", () => {
  const user = (name: string) => ({
    apiVersion: "management.cattle.io/v3",
    kind: "User",
    metadata: { name },
  });
  const manager: ScopedRule = {
    verbs: ["create"],
    apiGroups: ["management.cattle.io"],
    resources: ["users"],
  };

  it("is made only by who has the rights that he will have, and never as one of Kubernetes' own", async () => {
    await root.create(
      clusterRoleBindings,
      object(clusterRoleBindings, "waiting", {
        ...refTo("pod-reader"),
        subjects: [{ kind: "User", name: "u-awaited" }],
      }),
    );
    const make = (name: string, ...rules: ScopedRule[]) =>
      outcome(as(manager, ...rules).create(users, user(name), { dryRun: true }));
    expect(await make("u-new")).toBe("ok");
    expect(await make("u-awaited")).toContain("the user has rights that you do not have");
    expect(await make("u-awaited", pods)).toBe("ok");
    expect(await make("system:serviceaccount:apps:robot", ...everythingRules)).toContain(
      "a lowercase RFC 1123 subdomain must consist of",
    );
  });

  it("gets no password from who has not all of them", async () => {
    await root.create(namespaces, {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "cattle-local-user-passwords" },
    });
    const password: Secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: "u-awaited",
        namespace: "cattle-local-user-passwords",
        annotations: { "cattle.io/password-hash": "pbkdf2sha3512" },
      },
      data: { password: "eA==", salt: "eQ==" },
    };
    const secretWriter: ScopedRule = { verbs: ["create", "update"], apiGroups: [""], resources: ["secrets"] };
    const make = (...rules: ScopedRule[]) =>
      outcome(as(secretWriter, ...rules).create(secrets, password, { dryRun: true }));
    expect(await make()).toContain("the user has rights that you do not have");
    expect(await make(pods)).toBe("ok");
    await root.create(secrets, password);
    expect(
      await outcome(as(secretWriter).update(secrets, { ...password, data: { salt: "eg==" } })),
    ).toContain("the user has rights that you do not have");
  });
});
