/** Why somebody may do something: for the answers to access reviews. */
import { grantOf } from "../../schema/rbac/compile.ts";
import type { RbacSubject, ScopedRule } from "../../schema/rbac/types.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { loadRbacObjects } from "./rbac-rights.ts";
import { globalRoleGrants } from "./user-access.ts";

/**
 * `RBAC: allowed by ClusterRoleBinding "x" of ClusterRole "y" to User "z"`, as kube-apiserver says; a GlobalRoleBinding is named
 * alike. Empty where no binding gives it, but being oneself. `allows`: whether rules give the right that is asked about.
 */
export async function reasonOf(
  store: BoundStore,
  subject: RbacSubject,
  allows: (rules: readonly ScopedRule[]) => boolean,
): Promise<string> {
  const [objects, grants] = await Promise.all([
    loadRbacObjects(store, subject),
    globalRoleGrants(store, subject.user),
  ]);
  const given = grantOf(subject, objects, allows) ?? grants.find(({ rules }) => allows(rules))?.grant;
  return given === undefined ? "" : `RBAC: allowed by ${given}`;
}
