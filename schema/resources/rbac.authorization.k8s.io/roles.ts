/** rbac.authorization.k8s.io/v1 Role. */
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import { scopedTo } from "../../rbac/compile.ts";
import { forbiddenObject } from "../../store/errors.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { changesOwnersAlone, mayPass, ownerLabelErrors, passingProblem, rbac } from "./group.ts";
import { roleRuleErrors, rulesSchema, withRules } from "./role-rules.ts";

const schema = once(
  () => ({ type: "object", properties: { rules: rulesSchema } }) as const satisfies JsonSchema,
);

export type Role = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const roles: ResourceDefinition<Role> = {
  ...rbac,
  kind: "Role",
  plural: "roles",
  singular: "role",
  scope: "Namespaced",
  nameForm: "path",
  bare: { rules: null },
  schema,
  mutate: ({ object }) => withRules(object),
  validate,
};

function validate(context: AdmissionContext<Role>): FieldError[] {
  const { operation, object, old, actor } = context;
  if (operation === "DELETE") return [];
  const { metadata } = object;
  const rules = object.rules ?? [];
  const errors = [
    ...roleRuleErrors(rules, true),
    ...ownerLabelErrors(context, "authz.management.cattle.io/gr-owner"),
  ];
  if (errors.length > 0 || (old !== undefined && changesOwnersAlone(old, object))) return errors;
  const { namespace = "", name } = metadata;
  if (
    mayPass(actor, "escalate", { resource: roles.plural, namespace, ...(old === undefined ? {} : { name }) })
  )
    return [];
  const problem = passingProblem(actor, scopedTo(rules, [namespace]));
  if (problem !== undefined) throw forbiddenObject(roles, name, problem);
  return [];
}
