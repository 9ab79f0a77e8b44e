/** Rules behind roles and bindings, read for admission checks (auth.md 7.8). */
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext } from "../../resource.ts";
import { uncovered } from "../../rbac/covers.ts";
import { allows } from "../../rbac/evaluate.ts";
import { compileRules, rolesNeeded, scopedTo, subjectKeys } from "../../rbac/compile.ts";
import type { Binding, Role } from "../../rbac/compile.ts";
import type { ScopedRule } from "../../rbac/types.ts";
import type { FieldError } from "../../structural/types.ts";
import { escalationErrors } from "../policy-rule.ts";
import { rbacGroup } from "../rbac.authorization.k8s.io/group.ts";
import type { GlobalRole } from "./global-roles.ts";
import { management } from "./group.ts";
import type { GlobalRoleBinding } from "./global-role-bindings.ts";

type Lookups = Pick<AdmissionContext, "lookup" | "lookupByIndex">;

/** Everything that a user's bindings give him: of GlobalRoles, ClusterRoles and Roles. */
export async function rulesOfUser(lookups: Lookups, userId: string): Promise<ScopedRule[]> {
  const { lookup, lookupByIndex } = lookups;
  const [bindings, rbacRules] = await Promise.all([
    lookupByIndex("globalrolebindings.management.cattle.io", "userName", userId),
    rbacRulesOf(lookups, userId),
  ]);
  const names = new Set(bindings.map((binding) => (binding as GlobalRoleBinding).globalRoleName));
  const roles = await Promise.all(
    [...names].map(async (name) => lookup("globalroles.management.cattle.io", "", name)),
  );
  return [
    ...roles.flatMap((role) => (role === undefined ? [] : rulesOfRole(role as GlobalRole))),
    ...rbacRules,
  ];
}

/** Of himself; what his groups give, everybody in them has. */
async function rbacRulesOf({ lookup, lookupByIndex }: Lookups, user: string): Promise<ScopedRule[]> {
  const subject = { user, groups: [] };
  const bound = async (plural: string): Promise<Binding[]> => {
    const found = subjectKeys(subject).map((key) => lookupByIndex(`${plural}.${rbacGroup}`, "subject", key));
    return (await Promise.all(found)).flat() as (KubeObject & Binding)[];
  };
  const [clusterRoleBindings, roleBindings] = await Promise.all([
    bound("clusterrolebindings"),
    bound("rolebindings"),
  ]);
  const needed = rolesNeeded({ clusterRoleBindings, roleBindings });
  const present = async (plural: string, namespace: string, name: string): Promise<Role[]> => {
    const role = await lookup(`${plural}.${rbacGroup}`, namespace, name);
    return role === undefined ? [] : [role];
  };
  const [clusterRoles, roles] = await Promise.all([
    Promise.all(needed.clusterRoles.map((name) => present("clusterroles", "", name))),
    Promise.all(needed.roles.map(({ namespace, name }) => present("roles", namespace, name))),
  ]);
  return compileRules(subject, {
    clusterRoleBindings,
    roleBindings,
    clusterRoles: clusterRoles.flat(),
    roles: roles.flat(),
  });
}

/** Whether the actor is that user, may do all that the user may, or is trusted with users (auth.md 7.8, verb `manage-users`). */
export async function hasRightsOf(
  { actor, lookup, lookupByIndex }: Lookups & Pick<AdmissionContext, "actor">,
  userId: string,
): Promise<boolean> {
  if (actor.name === userId) return true;
  const trusted = { verb: "manage-users", group: management.group, resource: "users", name: userId };
  if (allows(actor.rules, trusted)) return true;
  return uncovered(actor.rules, await rulesOfUser({ lookup, lookupByIndex }, userId)).length === 0;
}

/** What is wrong with the actor's handing on a role: nothing with the right to `verb` it, or with all that it gives. */
export function grantErrors(
  { rules }: AdmissionContext["actor"],
  verb: "bind" | "escalate",
  role: GlobalRole,
  path: string,
): FieldError[] {
  const right = { verb, group: management.group, resource: "globalroles", name: role.metadata.name };
  return allows(rules, right) ? [] : escalationErrors(rules, rulesOfRole(role), path);
}

/**
 * The rules that a role gives, wherever it gives them. Those in namespaces of clusters are judged as if they held
 * everywhere, which is the strict reading.
 */
export function rulesOfRole(role: GlobalRole): ScopedRule[] {
  return [
    ...(role.rules ?? []),
    ...Object.entries(role.namespacedRules ?? {}).flatMap(([namespace, rules]) =>
      scopedTo(rules, [namespace]),
    ),
    ...Object.values(role.inheritedNamespacedRules ?? {}).flat(),
    // Rights in every cluster and every workspace: what they are is not known here, so only who may do everything has them.
    ...((role.inheritedClusterRoles ?? []).length > 0 || role.inheritedFleetWorkspacePermissions !== undefined
      ? [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }]
      : []),
  ];
}
