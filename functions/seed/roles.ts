/**
 * The built-in GlobalRoles (auth.md 7.1). The seed makes stored ones equal to these at every start; roles that
 * administrators made are left alone. Only types that exist here are named: the rest of Rancher's list comes with them.
 */
import type { PolicyRule } from "../../schema/rbac/types.ts";

export interface BuiltinRole {
  readonly name: string;
  readonly displayName: string;
  readonly rules: readonly PolicyRule[];
  /** Given to every new user. */
  readonly newUserDefault?: boolean;
}

/** What everybody does with what is his own: whose it is, ext.cattle.io judges itself (auth.md 3.7, 3.8). */
const ownRules: readonly PolicyRule[] = [
  {
    apiGroups: ["ext.cattle.io"],
    resources: ["selfusers", "passwordchangerequests"],
    verbs: ["create"],
  },
  {
    apiGroups: ["ext.cattle.io"],
    resources: ["useractivities"],
    verbs: ["get", "update", "patch"],
  },
  {
    apiGroups: ["ext.cattle.io"],
    resources: ["tokens"],
    verbs: ["get", "list", "watch", "create", "delete", "update", "patch"],
  },
  {
    apiGroups: ["ext.cattle.io"],
    resources: ["kubeconfigs"],
    verbs: ["get", "list", "watch", "create", "delete", "deletecollection", "update", "patch"],
  },
];

export const builtinRoles: readonly BuiltinRole[] = [
  {
    name: "admin",
    displayName: "Admin",
    rules: [
      { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
      { nonResourceURLs: ["*"], verbs: ["*"] },
    ],
  },
  {
    name: "user",
    displayName: "User",
    newUserDefault: true,
    // Rancher's also creates clusters. Until cluster roles exist, a creator could not even see what he made.
    rules: [
      ...ownRules,
      { apiGroups: ["management.cattle.io"], resources: ["settings"], verbs: ["get", "list", "watch"] },
    ],
  },
  {
    name: "view-rancher-metrics",
    displayName: "View Rancher Metrics",
    rules: [{ apiGroups: ["management.cattle.io"], resources: ["ranchermetrics"], verbs: ["get"] }],
  },
];
