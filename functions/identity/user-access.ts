/** A user's rights in the management plane, compiled from his bindings when they are needed (design 6). */
import type { PolicyRule } from "../../schema/rbac/types.ts";
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
  const bindings = await store.list<GlobalRoleBinding>(globalRoleBindings, {
    index: { field: "userName", value: userId },
  });
  const names = bindings.items
    .filter((binding) => binding.metadata.deletionTimestamp === undefined)
    .map((binding) => binding.globalRoleName);
  const roles =
    names.length === 0
      ? []
      : (await store.list<GlobalRole>(globalRoles, { names: [...new Set(names)] })).items;
  return {
    roles: roles.map((role) => role.metadata.name),
    rules: [...selfRules(userId), ...roles.flatMap((role) => role.rules ?? [])],
  };
}

/** Everyone may read himself (auth.md 2.5). */
function selfRules(userId: string): PolicyRule[] {
  return [
    { apiGroups: ["management.cattle.io"], resources: ["users"], resourceNames: [userId], verbs: ["get"] },
  ];
}
