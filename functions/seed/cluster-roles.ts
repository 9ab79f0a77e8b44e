/**
 * Makes the stored ClusterRoles and bindings hold what cluster-role-policy.ts says, as kube-apiserver does at every start:
 * what is missing is added, what administrators added stays, and what they annotated with `autoupdate: "false"` is left alone.
 */
import { uncovered } from "../../schema/rbac/covers.ts";
import { clusterRoleBindings } from "../../schema/resources/rbac.authorization.k8s.io/cluster-role-bindings.ts";
import type { ClusterRoleBinding } from "../../schema/resources/rbac.authorization.k8s.io/cluster-role-bindings.ts";
import { clusterRoles } from "../../schema/resources/rbac.authorization.k8s.io/cluster-roles.ts";
import type { ClusterRole } from "../../schema/resources/rbac.authorization.k8s.io/cluster-roles.ts";
import { rbacGroup } from "../../schema/resources/rbac.authorization.k8s.io/group.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { aggregationLabel, policyBindings, policyRoles } from "./cluster-role-policy.ts";
import type { PolicyBinding, PolicyRole } from "./cluster-role-policy.ts";
import { ensure } from "./ensure.ts";

const autoupdate = "rbac.authorization.kubernetes.io/autoupdate";
const metadata = {
  annotations: { [autoupdate]: "true" },
  labels: { "kubernetes.io/bootstrapping": "rbac-defaults" },
} as const;

export async function seedClusterRoles(store: BoundStore): Promise<void> {
  await ensure<ClusterRole>(store, clusterRoles, policyRoles.map(roleObject), completedRole);
  await ensure<ClusterRoleBinding>(
    store,
    clusterRoleBindings,
    policyBindings.map(bindingObject),
    completedBinding,
  );
}

function roleObject({ name, labels, rules = [], aggregates }: PolicyRole): ClusterRole {
  return {
    apiVersion: `${rbacGroup}/v1`,
    kind: "ClusterRole",
    metadata: { ...metadata, name, labels: { ...metadata.labels, ...labels } },
    rules: structuredClone(rules) as NonNullable<ClusterRole["rules"]>,
    ...(aggregates === undefined
      ? {}
      : { aggregationRule: { clusterRoleSelectors: [{ matchLabels: aggregationLabel(aggregates) }] } }),
  };
}

function bindingObject({ name, groups }: PolicyBinding): ClusterRoleBinding {
  return {
    apiVersion: `${rbacGroup}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { ...metadata, name },
    roleRef: { apiGroup: rbacGroup, kind: "ClusterRole", name },
    subjects: groups.map((group) => ({ apiGroup: rbacGroup, kind: "Group", name: group })),
  };
}

/** `undefined`: nothing is missing, or it is not ours to complete. */
function completedRole(current: ClusterRole, wanted: ClusterRole): ClusterRole | undefined {
  if (isLeftAlone(current)) return undefined;
  const { aggregationRule } = current;
  const rules = current.rules ?? [];
  // The rules of an aggregated role are those of the roles it gathers.
  const missing = wanted.aggregationRule === undefined ? uncovered(rules, wanted.rules ?? []) : [];
  const selectors = aggregationRule?.clusterRoleSelectors ?? [];
  const more = (wanted.aggregationRule?.clusterRoleSelectors ?? []).filter(
    (selector) => !selectors.some((own) => JSON.stringify(own) === JSON.stringify(selector)),
  );
  const labelled = withLabels(current, wanted);
  if (missing.length + more.length === 0) return labelled;
  return {
    ...(labelled ?? current),
    rules: [...rules, ...(structuredClone(missing) as typeof rules)],
    ...(aggregationRule === undefined && more.length === 0
      ? {}
      : { aggregationRule: { ...aggregationRule, clusterRoleSelectors: [...selectors, ...more] } }),
  };
}

function completedBinding(
  current: ClusterRoleBinding,
  wanted: ClusterRoleBinding,
): ClusterRoleBinding | undefined {
  // A role that it never gave is not added to: roleRef cannot change.
  if (isLeftAlone(current) || current.roleRef.name !== wanted.roleRef.name) return undefined;
  const { subjects = [] } = current;
  const missing = (wanted.subjects ?? []).filter(
    ({ kind, name }) => !subjects.some((subject) => subject.kind === kind && subject.name === name),
  );
  const labelled = withLabels(current, wanted);
  return missing.length === 0 ? labelled : { ...(labelled ?? current), subjects: [...subjects, ...missing] };
}

function isLeftAlone({ metadata: { annotations } }: ClusterRole | ClusterRoleBinding): boolean {
  return annotations?.[autoupdate] === "false";
}

function withLabels<T extends ClusterRole | ClusterRoleBinding>(current: T, wanted: T): T | undefined {
  const labels = { ...wanted.metadata.labels, ...current.metadata.labels };
  return Object.keys(labels).length === Object.keys(current.metadata.labels ?? {}).length
    ? undefined
    : { ...current, metadata: { ...current.metadata, labels } };
}
