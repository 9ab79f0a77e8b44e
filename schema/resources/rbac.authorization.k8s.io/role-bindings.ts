/** rbac.authorization.k8s.io/v1 RoleBinding. */
import type { ResourceDefinition } from "../../resource.ts";
import { bindingIndexes, bindingSchema, validateBinding, withGroups } from "./binding-rules.ts";
import type { RoleBindingObject } from "./binding-rules.ts";
import { rbac } from "./group.ts";

export type RoleBinding = RoleBindingObject;

export const roleBindings: ResourceDefinition<RoleBinding> = {
  ...rbac,
  kind: "RoleBinding",
  plural: "rolebindings",
  singular: "rolebinding",
  scope: "Namespaced",
  nameForm: "path",
  schema: bindingSchema,
  indexes: bindingIndexes,
  mutate: ({ object }) => withGroups(object),
  validate: (context) => validateBinding(roleBindings, context),
};
