/** Whose rights come from which bindings, read from a real store. */
import { env as bindings } from "cloudflare:workers";
import { beforeAll, expect, it } from "vitest";
import type { KubeObject } from "../../schema/object.ts";
import { allows } from "../../schema/rbac/evaluate.ts";
import type { ScopedRule } from "../../schema/rbac/types.ts";
import { apiVersionOf } from "../../schema/resource.ts";
import type { ResourceDefinition } from "../../schema/resource.ts";
import { namespaces } from "../../schema/resources/core/namespaces.ts";
import { globalRoleBindings } from "../../schema/resources/management.cattle.io/global-role-bindings.ts";
import { globalRoles } from "../../schema/resources/management.cattle.io/global-roles.ts";
import { users } from "../../schema/resources/management.cattle.io/users.ts";
import type { User } from "../../schema/resources/management.cattle.io/users.ts";
import { clusterRoleBindings } from "../../schema/resources/rbac.authorization.k8s.io/cluster-role-bindings.ts";
import { clusterRoles } from "../../schema/resources/rbac.authorization.k8s.io/cluster-roles.ts";
import { roleBindings } from "../../schema/resources/rbac.authorization.k8s.io/role-bindings.ts";
import { roles } from "../../schema/resources/rbac.authorization.k8s.io/roles.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import type { Env } from "../env.ts";
import { systemActor } from "../http/context.ts";
import { openStore } from "../store/open-store.ts";
import { loadGivenRules, loadRights, loadUserAccess } from "./user-access.ts";

const env = {
  ...(bindings as unknown as Env),
  DROVER_KEYS: JSON.stringify({ current: "k1", keys: { k1: btoa("0123456789abcdef0123456789abcdef") } }),
  DROVER_LOG_LEVEL: "error",
} as Env;
let store: BoundStore;

const make = <T extends KubeObject>(
  definition: ResourceDefinition<T>,
  name: string,
  content: object,
  namespace?: string,
): Promise<T> =>
  store.create<T>(definition, {
    apiVersion: apiVersionOf(definition),
    kind: definition.kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    ...content,
  } as unknown as T);
const get = (...resources: string[]): object => ({ verbs: ["get"], apiGroups: [""], resources });
/** Of these resources, which one may get: nowhere named, in `ua-one`, in `ua-two`. */
function gettable(rules: readonly ScopedRule[], resource: string): boolean[] {
  return [undefined, "ua-one", "ua-two"].map((namespace) =>
    allows(rules, { verb: "get", group: "", resource, ...(namespace === undefined ? {} : { namespace }) }),
  );
}
const everywhere = [true, true, true];
const inOne = [false, true, false];
const nowhere = [false, false, false];

beforeAll(async () => {
  store = openStore(env).as(systemActor("test"));
  for (const name of ["ua-one", "ua-two"]) await make(namespaces, name, {});
  await make(users, "ua-user", { username: "ua-user" });
  await make(globalRoles, "ua-global", {
    rules: [get("by-global")],
    namespacedRules: { "ua-one": [get("by-namespaced")] },
    inheritedNamespacedRules: { any: [get("by-inherited")] },
  });
  await make(globalRoleBindings, "ua-grb", { globalRoleName: "ua-global", userName: "ua-user" });
  await make(clusterRoles, "ua-cluster", { rules: [get("by-cluster-role")] });
  await make(clusterRoles, "ua-scoped", { rules: [get("by-scoped-cluster-role")] });
  // Of one name in two namespaces, with other rules.
  await make(roles, "ua-role", { rules: [get("by-role")] }, "ua-one");
  await make(roles, "ua-role", { rules: [get("by-other-role")] }, "ua-two");
  const him = { subjects: [{ kind: "User", name: "ua-user" }] };
  const group = { subjects: [{ kind: "Group", name: "ua-group" }] };
  const robot = { subjects: [{ kind: "ServiceAccount", name: "robot" }] };
  const to = (kind: string, name: string): object => ({ roleRef: { kind, name } });
  await make(clusterRoleBindings, "ua-crb", { ...to("ClusterRole", "ua-cluster"), ...group });
  await make(roleBindings, "ua-rb", { ...to("Role", "ua-role"), ...him }, "ua-one");
  await make(roleBindings, "ua-scoped", { ...to("ClusterRole", "ua-scoped"), ...him }, "ua-one");
  await make(roleBindings, "ua-robot", { ...to("Role", "ua-role"), ...robot }, "ua-two");
});

it("gives what GlobalRoles, ClusterRoles and Roles give, each where it holds", async () => {
  const { rules, roles: names } = await loadRights(store, { user: "ua-user", groups: ["ua-group"] });
  expect(names).toEqual(["ua-global"]);
  expect(gettable(rules, "by-global")).toEqual(everywhere);
  expect(gettable(rules, "by-namespaced")).toEqual(inOne);
  expect(gettable(rules, "by-cluster-role")).toEqual(everywhere);
  expect(gettable(rules, "by-role")).toEqual(inOne);
  expect(gettable(rules, "by-scoped-cluster-role")).toEqual(inOne);
  expect(gettable(rules, "by-other-role")).toEqual(nowhere);
  expect(gettable(rules, "by-inherited")).toEqual(nowhere);
});

it("gives a service account, by its user name, what its own namespace's binding says", async () => {
  const ofRobot = async (namespace: string): Promise<boolean[]> => {
    const user = `system:serviceaccount:${namespace}:robot`;
    return gettable((await loadRights(store, { user, groups: [] })).rules, "by-other-role");
  };
  expect(await ofRobot("ua-two")).toEqual([false, false, true]);
  expect(await ofRobot("ua-one")).toEqual(nowhere);
});

it("counts against escalation all that a user is given himself, also in clusters", async () => {
  const rules = await loadGivenRules(store, "ua-user");
  expect(gettable(rules, "by-inherited")).toEqual(everywhere);
  expect(gettable(rules, "by-role")).toEqual(inOne);
  expect(gettable(rules, "by-cluster-role")).toEqual(nowhere);
});

it("gives nothing to one who may not act", async () => {
  expect(await loadUserAccess(store, "ua-user")).toMatchObject({ roles: ["ua-global"] });
  await store.modify<User>(users, "", "ua-user", (user) => ({ ...user, enabled: false }));
  expect(await loadUserAccess(store, "ua-user")).toBeUndefined();
  expect(await loadUserAccess(store, "ua-nobody")).toBeUndefined();
});
