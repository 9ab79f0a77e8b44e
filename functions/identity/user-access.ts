/** A user's rights in the management plane, compiled from his bindings when they are needed (design 6). */
import type { PolicyRule } from "../../schema/rbac/types.ts";
import { rulesOfRole } from "../../schema/resources/management.cattle.io/bound-rules.ts";
import { globalRoleBindings } from "../../schema/resources/management.cattle.io/global-role-bindings.ts";
import type { GlobalRoleBinding } from "../../schema/resources/management.cattle.io/global-role-bindings.ts";
import { globalRoles } from "../../schema/resources/management.cattle.io/global-roles.ts";
import type { GlobalRole } from "../../schema/resources/management.cattle.io/global-roles.ts";
import { users } from "../../schema/resources/management.cattle.io/users.ts";
import type { User } from "../../schema/resources/management.cattle.io/users.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { absentAsUndefined } from "../store/absent.ts";

export interface UserAccess {
  readonly user: User;
  /** Names of the bound GlobalRoles that exist. */
  readonly roles: readonly string[];
  readonly rules: readonly PolicyRule[];
}

/** `undefined` for a user that does not exist, is disabled or is being deleted: nobody acts as such a one. */
export async function loadUserAccess(store: BoundStore, userId: string): Promise<UserAccess | undefined> {
  const [user, rights] = await Promise.all([
    absentAsUndefined(store.get<User>(users, "", userId)),
    loadRights(store, userId),
  ]);
  if (user === undefined || user.enabled === false || user.metadata.deletionTimestamp !== undefined)
    return undefined;
  return { user, ...rights };
}

/** The rights that bindings give a user id, whether or not such a user may act now. */
export async function loadRights(store: BoundStore, userId: string): Promise<Omit<UserAccess, "user">> {
  const bindings = await bindingsOf(store, userId);
  const roles = await rolesOf(
    store,
    bindings.filter(({ metadata }) => metadata.deletionTimestamp === undefined),
  );
  return {
    roles: roles.map((role) => role.metadata.name),
    rules: [...selfRules(userId), ...roles.flatMap((role) => role.rules ?? [])],
  };
}

/**
 * Everything that a user's roles give anywhere, as the User type's own check against escalation counts it
 * (`rulesOfUser`): also what he has in namespaces and clusters alone.
 */
export async function loadGivenRules(store: BoundStore, userId: string): Promise<PolicyRule[]> {
  return (await rolesOf(store, await bindingsOf(store, userId))).flatMap(rulesOfRole);
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
