/** What Roles and ClusterRoles give a subject, read when it is needed (design 6). */
import { compileRules, rolesNeeded, subjectKeys } from "../../schema/rbac/compile.ts";
import type { RbacObjects } from "../../schema/rbac/compile.ts";
import type { RbacSubject, ScopedRule } from "../../schema/rbac/types.ts";
import { clusterRoleBindings } from "../../schema/resources/rbac.authorization.k8s.io/cluster-role-bindings.ts";
import type { ClusterRoleBinding } from "../../schema/resources/rbac.authorization.k8s.io/cluster-role-bindings.ts";
import { clusterRoles } from "../../schema/resources/rbac.authorization.k8s.io/cluster-roles.ts";
import type { ClusterRole } from "../../schema/resources/rbac.authorization.k8s.io/cluster-roles.ts";
import { roleBindings } from "../../schema/resources/rbac.authorization.k8s.io/role-bindings.ts";
import type { RoleBinding } from "../../schema/resources/rbac.authorization.k8s.io/role-bindings.ts";
import { roles } from "../../schema/resources/rbac.authorization.k8s.io/roles.ts";
import type { Role } from "../../schema/resources/rbac.authorization.k8s.io/roles.ts";
import type { BoundStore } from "../../schema/store/store.ts";

export async function loadRbacRules(store: BoundStore, subject: RbacSubject): Promise<ScopedRule[]> {
  return compileRules(subject, await loadRbacObjects(store, subject));
}

/** Two rounds of reads: the bindings that name the subject, then the roles that these name. */
export async function loadRbacObjects(store: BoundStore, subject: RbacSubject): Promise<RbacObjects> {
  const index = { field: "subject", values: subjectKeys(subject) };
  const [everywhere, scoped] = await Promise.all([
    store.list<ClusterRoleBinding>(clusterRoleBindings, { index }),
    store.list<RoleBinding>(roleBindings, { index }),
  ]);
  const bindings = { clusterRoleBindings: everywhere.items, roleBindings: scoped.items };
  const needed = rolesNeeded(bindings);
  const [ofCluster, ofNamespaces] = await Promise.all([
    needed.clusterRoles.length === 0
      ? []
      : store.list<ClusterRole>(clusterRoles, { names: needed.clusterRoles }).then(({ items }) => items),
    needed.roles.length === 0
      ? []
      : store
          .list<Role>(roles, {
            namespaces: [...new Set(needed.roles.map(({ namespace }) => namespace))],
            names: [...new Set(needed.roles.map(({ name }) => name))],
          })
          .then(({ items }) => items),
  ]);
  return { ...bindings, clusterRoles: ofCluster, roles: ofNamespaces };
}
