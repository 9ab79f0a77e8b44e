/** Kubernetes' own ClusterRoles: made, gathered, completed, and otherwise left to administrators. */
import { env as bindings } from "cloudflare:workers";
import { beforeAll, expect, it } from "vitest";
import { allows } from "../../schema/rbac/evaluate.ts";
import { clusterRoleBindings } from "../../schema/resources/rbac.authorization.k8s.io/cluster-role-bindings.ts";
import { clusterRoles } from "../../schema/resources/rbac.authorization.k8s.io/cluster-roles.ts";
import type { ClusterRole } from "../../schema/resources/rbac.authorization.k8s.io/cluster-roles.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import type { Env } from "../env.ts";
import { systemActor } from "../http/context.ts";
import { clusterRoleAggregation } from "../scheduled/cluster-role-aggregation.ts";
import type { ReconcileContext } from "../scheduled/controller.ts";
import { openStore } from "../store/open-store.ts";
import { seedClusterRoles } from "./cluster-roles.ts";

const env = {
  ...(bindings as unknown as Env),
  DROVER_KEYS: JSON.stringify({ current: "k1", keys: { k1: btoa("0123456789abcdef0123456789abcdef") } }),
  DROVER_LOG_LEVEL: "error",
} as Env;
let store: BoundStore;

const rulesOf = async (name: string): Promise<NonNullable<ClusterRole["rules"]>> =>
  (await store.get<ClusterRole>(clusterRoles, "", name)).rules ?? [];
const revisionOf = async (): Promise<number> => (await store.texts.revision()).revision;
const settings = { verbs: ["get"], apiGroups: ["management.cattle.io"], resources: ["settings"] };
const ask = { verb: "get", group: "management.cattle.io", resource: "settings" };

const aggregate = async (): Promise<void> => {
  for (const { run } of clusterRoleAggregation.steps) await run({ store } as ReconcileContext, "all");
};

beforeAll(async () => {
  store = openStore(env).as(systemActor("test"));
  await seedClusterRoles(store);
});

it("auth 44: makes them once, gathered rules included, and writes nothing more", async () => {
  const secrets = { group: "", resource: "secrets" };
  expect(allows(await rulesOf("view"), { ...secrets, verb: "get" })).toBe(false);
  expect(allows(await rulesOf("edit"), { ...secrets, verb: "get" })).toBe(true);
  const roles = { group: "rbac.authorization.k8s.io", resource: "roles", verb: "create" };
  expect(allows(await rulesOf("edit"), roles)).toBe(false);
  expect(allows(await rulesOf("admin"), roles)).toBe(true);
  expect(allows(await rulesOf("admin"), { verb: "list", group: "", resource: "configmaps" })).toBe(true);
  const before = await revisionOf();
  await seedClusterRoles(store);
  await aggregate();
  expect(await revisionOf()).toBe(before);
});

it("adds what is missing, keeps what administrators added, and leaves alone what they said so of", async () => {
  const mine = { ...settings, resources: ["features"] };
  await store.modify<ClusterRole>(clusterRoles, "", "system:basic-user", (role) => ({
    ...role,
    rules: [mine],
  }));
  await store.modify<ClusterRole>(clusterRoles, "", "system:auth-delegator", (role) => ({
    ...role,
    metadata: {
      ...role.metadata,
      annotations: { "rbac.authorization.kubernetes.io/autoupdate": "false" },
    },
    rules: [],
  }));
  await store.modify(clusterRoleBindings, "", "system:discovery", (binding) => ({
    ...binding,
    subjects: [],
  }));
  await seedClusterRoles(store);
  const basic = await rulesOf("system:basic-user");
  expect(basic).toContainEqual(mine);
  const review = { verb: "create", group: "authorization.k8s.io", resource: "selfsubjectaccessreviews" };
  expect(allows(basic, review)).toBe(true);
  expect(await rulesOf("system:auth-delegator")).toEqual([]);
  expect((await store.get(clusterRoleBindings, "", "system:discovery")).subjects).toMatchObject([
    { kind: "Group", name: "system:authenticated" },
  ]);
  await store.delete(clusterRoles, "", "system:auth-delegator");
  await seedClusterRoles(store);
});

it("gathers anew when a role with the label comes, changes and goes, through roles that gather themselves", async () => {
  const part: ClusterRole = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "part", labels: { "rbac.authorization.k8s.io/aggregate-to-view": "true" } },
    rules: [settings],
  };
  await store.create(clusterRoles, part);
  await aggregate();
  for (const name of ["view", "edit", "admin"]) expect(allows(await rulesOf(name), ask)).toBe(true);
  await store.delete(clusterRoles, "", "part");
  await aggregate();
  for (const name of ["view", "edit", "admin"]) expect(allows(await rulesOf(name), ask)).toBe(false);
});

it("has work for a change of labels, rules or selectors alone", () => {
  const [watch] = clusterRoleAggregation.watches;
  const role = { apiVersion: "v1", kind: "ClusterRole", metadata: { name: "x" }, rules: [] };
  expect(watch?.keys(role, { ...role, rules: [settings] } as ClusterRole)).toEqual(["all"]);
  expect(watch?.keys(undefined, role)).toEqual(["all"]);
  const annotated = { ...role, metadata: { name: "x", annotations: { a: "b" } } };
  expect(watch?.keys(role, annotated)).toEqual([]);
});
