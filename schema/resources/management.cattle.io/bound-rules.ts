/** Rules behind roles and bindings, read for admission checks (auth.md 7.8). */
import type { AdmissionContext } from "../../resource.ts";
import { uncovered } from "../../rbac/covers.ts";
import { allows } from "../../rbac/evaluate.ts";
import type { PolicyRule } from "../../rbac/types.ts";
import type { FieldError } from "../../structural/types.ts";
import { escalationErrors } from "../policy-rule.ts";
import type { GlobalRole } from "./global-roles.ts";
import { management } from "./group.ts";
import type { GlobalRoleBinding } from "./global-role-bindings.ts";

type Lookups = Pick<AdmissionContext, "lookup" | "lookupByIndex">;

/** Everything that a user's GlobalRoleBindings give him. */
export async function rulesOfUser({ lookup, lookupByIndex }: Lookups, userId: string): Promise<PolicyRule[]> {
  const bindings = await lookupByIndex("globalrolebindings.management.cattle.io", "userName", userId);
  const names = new Set(bindings.map((binding) => (binding as GlobalRoleBinding).globalRoleName));
  const roles = await Promise.all(
    [...names].map(async (name) => lookup("globalroles.management.cattle.io", "", name)),
  );
  return roles.flatMap((role) => (role === undefined ? [] : rulesOfRole(role as GlobalRole)));
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

/** The rules that a role gives, wherever it gives them: judged as if they held everywhere, which is the strict reading. */
export function rulesOfRole(role: GlobalRole): PolicyRule[] {
  return [
    ...(role.rules ?? []),
    ...Object.values(role.namespacedRules ?? {}).flat(),
    ...Object.values(role.inheritedNamespacedRules ?? {}).flat(),
    // Rights in every cluster and every workspace: what they are is not known here, so only who may do everything has them.
    ...((role.inheritedClusterRoles ?? []).length > 0 || role.inheritedFleetWorkspacePermissions !== undefined
      ? [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }]
      : []),
  ];
}
