/** rbac.authorization.k8s.io/v1 ClusterRoleBinding. */
import type { ResourceDefinition } from "../../resource.ts";
import { bindingIndexes, bindingSchema, validateBinding, withGroups } from "./binding-rules.ts";
import type { RoleBindingObject } from "./binding-rules.ts";
import { rbac } from "./group.ts";

export type ClusterRoleBinding = RoleBindingObject;

export const clusterRoleBindings: ResourceDefinition<ClusterRoleBinding> = {
  ...rbac,
  kind: "ClusterRoleBinding",
  plural: "clusterrolebindings",
  singular: "clusterrolebinding",
  scope: "Cluster",
  nameForm: "path",
  schema: bindingSchema,
  indexes: bindingIndexes,
  mutate: ({ object }) => withGroups(object),
  validate: (context) => validateBinding(clusterRoleBindings, context),
};
