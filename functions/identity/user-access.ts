/** A subject's rights in the management plane, compiled from all bindings when they are needed (design 6). */
import { scopedTo } from "../../schema/rbac/compile.ts";
import type { PolicyRule, RbacSubject, ScopedRule } from "../../schema/rbac/types.ts";
import { rulesOfRole } from "../../schema/resources/management.cattle.io/bound-rules.ts";
import { globalRoleBindings } from "../../schema/resources/management.cattle.io/global-role-bindings.ts";
import type { GlobalRoleBinding } from "../../schema/resources/management.cattle.io/global-role-bindings.ts";
import { globalRoles } from "../../schema/resources/management.cattle.io/global-roles.ts";
import type { GlobalRole } from "../../schema/resources/management.cattle.io/global-roles.ts";
import { users } from "../../schema/resources/management.cattle.io/users.ts";
import type { User } from "../../schema/resources/management.cattle.io/users.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { absentAsUndefined } from "../store/absent.ts";
import { authenticatedGroups } from "./identity.ts";
import { loadRbacRules } from "./rbac-rights.ts";

export interface UserAccess {
  readonly user: User;
  /** Names of the bound GlobalRoles that exist. */
  readonly roles: readonly string[];
  readonly rules: readonly ScopedRule[];
}

/** `undefined` for a user that does not exist, is disabled or is being deleted: nobody acts as such a one. */
export async function loadUserAccess(
  store: BoundStore,
  userId: string,
  groups: readonly string[] = authenticatedGroups,
): Promise<UserAccess | undefined> {
  const [user, rights] = await Promise.all([
    absentAsUndefined(store.get<User>(users, "", userId)),
    loadRights(store, { user: userId, groups }),
  ]);
  return user === undefined || !mayAct(user) ? undefined : { user, ...rights };
}

/** Not one who is disabled or being deleted. */
export function mayAct({ enabled, metadata }: User): boolean {
  return enabled !== false && metadata.deletionTimestamp === undefined;
}

/** The rights that bindings give a user name and groups, whether or not such a user may act now. */
export async function loadRights(
  store: BoundStore,
  subject: RbacSubject,
): Promise<Pick<UserAccess, "roles" | "rules">> {
  const [bindings, rbacRules] = await Promise.all([
    bindingsOf(store, subject.user),
    loadRbacRules(store, subject),
  ]);
  const roles = await rolesOf(
    store,
    bindings.filter(({ metadata }) => metadata.deletionTimestamp === undefined),
  );
  return {
    roles: roles.map((role) => role.metadata.name),
    rules: [...selfRules(subject.user), ...roles.flatMap(effectiveRules), ...rbacRules],
  };
}

/** Rules in the management plane that the GlobalRoles of a user give, and the binding of each in words. */
export async function globalRoleGrants(
  store: BoundStore,
  userId: string,
): Promise<{ readonly grant: string; readonly rules: readonly ScopedRule[] }[]> {
  const bindings = (await bindingsOf(store, userId)).filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined,
  );
  const roles = new Map((await rolesOf(store, bindings)).map((role) => [role.metadata.name, role]));
  return bindings.flatMap(({ metadata: { name }, globalRoleName }) => {
    const role = roles.get(globalRoleName);
    if (role === undefined) return [];
    const grant = `GlobalRoleBinding "${name}" of GlobalRole "${globalRoleName}" to User "${userId}"`;
    return [{ grant, rules: effectiveRules(role) }];
  });
}

/** What a GlobalRole gives in the management plane: everywhere, and in the namespaces that it names. */
function effectiveRules({ rules = [], namespacedRules = {} }: GlobalRole): ScopedRule[] {
  return [
    ...rules,
    ...Object.entries(namespacedRules).flatMap(([namespace, own]) => scopedTo(own, [namespace])),
  ];
}

/**
 * Everything that a user's bindings give anywhere, as the User type's own check against escalation counts it
 * (`rulesOfUser`): also what he has in clusters alone.
 */
export async function loadGivenRules(store: BoundStore, userId: string): Promise<ScopedRule[]> {
  const [bindings, rbacRules] = await Promise.all([
    bindingsOf(store, userId),
    loadRbacRules(store, { user: userId, groups: [] }),
  ]);
  return [...(await rolesOf(store, bindings)).flatMap(rulesOfRole), ...rbacRules];
}

async function bindingsOf(store: BoundStore, userId: string): Promise<readonly GlobalRoleBinding[]> {
  const index = { field: "userName", value: userId };
  return (await store.list<GlobalRoleBinding>(globalRoleBindings, { index })).items;
}

/** The roles that exist, each once. */
async function rolesOf(
  store: BoundStore,
  bindings: readonly GlobalRoleBinding[],
): Promise<readonly GlobalRole[]> {
  const names = [...new Set(bindings.map(({ globalRoleName }) => globalRoleName))];
  return names.length === 0 ? [] : (await store.list<GlobalRole>(globalRoles, { names })).items;
}

/** Everyone may read himself (auth.md 2.5). */
function selfRules(userId: string): PolicyRule[] {
  return [
    { apiGroups: ["management.cattle.io"], resources: ["users"], resourceNames: [userId], verbs: ["get"] },
  ];
}
