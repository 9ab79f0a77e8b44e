/** From bindings and roles to the rules of a subject, as Kubernetes' RBAC authorizer resolves them. Pure. */
import type { PolicyRule, RbacSubject, ScopedRule } from "./types.ts";

export interface SubjectReference {
  readonly kind: string;
  readonly name: string;
  /** Of a ServiceAccount; absent in a RoleBinding: the binding's own. */
  readonly namespace?: string | undefined;
}

export interface RoleReference {
  readonly kind: string;
  readonly name: string;
}

/** What is needed of a RoleBinding or ClusterRoleBinding. */
export interface Binding {
  readonly metadata: { readonly name?: string; readonly namespace?: string | undefined };
  readonly roleRef: RoleReference;
  readonly subjects?: readonly SubjectReference[] | undefined;
}

export interface Role {
  readonly metadata: { readonly name: string; readonly namespace?: string | undefined };
  readonly rules?: readonly PolicyRule[] | null | undefined;
}

export interface RbacObjects {
  readonly clusterRoleBindings: readonly Binding[];
  readonly roleBindings: readonly Binding[];
  readonly clusterRoles: readonly Role[];
  readonly roles: readonly Role[];
}

const serviceAccount = /^system:serviceaccount:([^:]+):([^:]+)$/;

/** Namespace and name of a service account's user name. */
export function serviceAccountOf(user: string): { namespace: string; name: string } | undefined {
  const [, namespace, name] = serviceAccount.exec(user) ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

/** Groups that every service account of a namespace is in, besides `system:authenticated`. */
export function serviceAccountGroups(namespace: string): string[] {
  return ["system:serviceaccounts", `system:serviceaccounts:${namespace}`];
}

/**
 * What a binding is found by: `User:x`, `Group:y`, `ServiceAccount:<namespace>:<name>`. `namespace`: the binding's own,
 * empty for a ClusterRoleBinding. A subject that can match nobody has none.
 */
export function bindingKeys(subjects: readonly SubjectReference[], namespace: string): string[] {
  return subjects.flatMap(({ kind, name, namespace: own }) => {
    switch (kind) {
      case "User":
      case "Group":
        return name === "" ? [] : [`${kind}:${name}`];
      case "ServiceAccount": {
        const of = own === undefined || own === "" ? namespace : own;
        return of === "" || name === "" ? [] : [`ServiceAccount:${of}:${name}`];
      }
      default:
        return [];
    }
  });
}

/** The keys under which bindings of a subject are found. */
export function subjectKeys({ user, groups }: RbacSubject): string[] {
  const account = serviceAccountOf(user);
  return [
    `User:${user}`,
    ...(account === undefined ? [] : [`ServiceAccount:${account.namespace}:${account.name}`]),
    ...groups.map((group) => `Group:${group}`),
  ];
}

/** Roles that these bindings refer to: names of ClusterRoles, and namespace and name of Roles; each once. */
export function rolesNeeded({
  clusterRoleBindings,
  roleBindings,
}: Pick<RbacObjects, "clusterRoleBindings" | "roleBindings">): {
  clusterRoles: string[];
  roles: { namespace: string; name: string }[];
} {
  const clusterRoles = new Set<string>();
  const roles = new Map<string, { namespace: string; name: string }>();
  for (const { roleRef } of clusterRoleBindings)
    if (roleRef.kind === "ClusterRole") clusterRoles.add(roleRef.name);
  for (const { roleRef, metadata } of roleBindings) {
    const { namespace = "" } = metadata;
    if (roleRef.kind === "ClusterRole") clusterRoles.add(roleRef.name);
    else if (roleRef.kind === "Role")
      roles.set(keyOf(namespace, roleRef.name), { namespace, name: roleRef.name });
  }
  return { clusterRoles: [...clusterRoles], roles: [...roles.values()] };
}

/**
 * The rules that bindings give a subject. Bindings that name others are passed over, and roles that are not there give
 * nothing. A ClusterRole bound in several namespaces yields its rules once, with all of them.
 */
export function compileRules(subject: RbacSubject, objects: RbacObjects): ScopedRule[] {
  const keys = new Set(subjectKeys(subject));
  const clusterRoles = new Map(objects.clusterRoles.map((role) => [role.metadata.name, role]));
  const roles = new Map(
    objects.roles.map((role) => [keyOf(role.metadata.namespace ?? "", role.metadata.name), role]),
  );
  const concerns = ({ metadata, subjects = [] }: Binding): boolean =>
    bindingKeys(subjects, metadata.namespace ?? "").some((key) => keys.has(key));
  const everywhere = new Set<Role>();
  const scoped = new Map<Role, Set<string>>();
  for (const binding of objects.clusterRoleBindings) {
    const role = binding.roleRef.kind === "ClusterRole" ? clusterRoles.get(binding.roleRef.name) : undefined;
    if (role !== undefined && concerns(binding)) everywhere.add(role);
  }
  for (const binding of objects.roleBindings) {
    const { roleRef, metadata } = binding;
    const { namespace = "" } = metadata;
    const role =
      roleRef.kind === "ClusterRole"
        ? clusterRoles.get(roleRef.name)
        : roles.get(keyOf(namespace, roleRef.name));
    if (role === undefined || everywhere.has(role) || !concerns(binding)) continue;
    scoped.set(role, (scoped.get(role) ?? new Set()).add(namespace));
  }
  return [
    ...[...everywhere].flatMap((role) => role.rules ?? []),
    ...[...scoped].flatMap(([role, namespaces]) => scopedTo(role.rules ?? [], [...namespaces])),
  ];
}

/**
 * The binding that gives the subject a right, in the words of kube-apiserver's RBAC authorizer: those of the cluster come first.
 * `allows`: whether rules give it. `undefined`: no binding does.
 */
export function grantOf(
  subject: RbacSubject,
  objects: RbacObjects,
  allows: (rules: readonly ScopedRule[]) => boolean,
): string | undefined {
  const keys = new Set(subjectKeys(subject));
  for (const binding of [...objects.clusterRoleBindings, ...objects.roleBindings]) {
    const { metadata, roleRef, subjects = [] } = binding;
    const { namespace = "", name = "" } = metadata;
    const named = subjects.find((one) => bindingKeys([one], namespace).some((key) => keys.has(key)));
    if (named === undefined) continue;
    const isOfCluster = namespace === "";
    const alone = { ...objects, clusterRoleBindings: [], roleBindings: [] };
    const rules = compileRules(subject, {
      ...alone,
      [isOfCluster ? "clusterRoleBindings" : "roleBindings"]: [{ ...binding, subjects: [named] }],
    });
    if (!allows(rules)) continue;
    const bound = isOfCluster ? `ClusterRoleBinding "${name}"` : `RoleBinding "${name}/${namespace}"`;
    return `${bound} of ${roleRef.kind} "${roleRef.name}" to ${described(named, namespace)}`;
  }
  return undefined;
}

function described({ kind, name, namespace = "" }: SubjectReference, own: string): string {
  return kind === "ServiceAccount" ? `${kind} "${name}/${namespace || own}"` : `${kind} "${name}"`;
}

/** Rules as they hold in some namespaces alone. */
export function scopedTo(rules: readonly PolicyRule[], namespaces: readonly string[]): ScopedRule[] {
  return rules.map((rule) => ({ ...rule, namespaces }));
}

/** Neither part has a slash. */
function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}
