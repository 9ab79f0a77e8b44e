/** management.cattle.io/v3 RoleTemplate: what a member of a cluster or a project may do (auth.md 7.2). */
import type { KubeObject } from "../../object.ts";
import { allows } from "../../rbac/evaluate.ts";
import type { PolicyRule } from "../../rbac/types.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, string, texts } from "../../structural/shapes.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { forbidden, immutable, invalid } from "../names.ts";
import { escalationErrors, policyRuleSchema, ruleErrors } from "../policy-rule.ts";
import { isServerItself } from "../server-actor.ts";
import { management } from "./group.ts";
import { resolveTemplate } from "./template-rules.ts";

const schema = once(() => {
  const rules = { type: "array", items: policyRuleSchema } as const;
  return {
    type: "object",
    properties: {
      displayName: string,
      description: string,
      rules,
      builtin: boolean,
      /** A ClusterRole of this name is there already: its rules hold. */
      external: boolean,
      externalRules: rules,
      hidden: boolean,
      /** No new assignments. */
      locked: boolean,
      clusterCreatorDefault: boolean,
      projectCreatorDefault: boolean,
      context: { type: "string", enum: ["project", "cluster", ""] },
      /** Templates whose rules come along. */
      roleTemplateNames: texts,
      administrative: boolean,
    },
  } as const satisfies JsonSchema;
});

export type RoleTemplate = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const roleTemplates: ResourceDefinition<RoleTemplate> = {
  ...management,
  kind: "RoleTemplate",
  plural: "roletemplates",
  singular: "roletemplate",
  scope: "Cluster",
  schema,
  indexes: {
    roleTemplateNames: ({ roleTemplateNames = [] }) => [...new Set(roleTemplateNames)],
    creatorDefault: ({ projectCreatorDefault, clusterCreatorDefault, locked }) =>
      locked === true
        ? []
        : [
            ...(clusterCreatorDefault === true ? ["cluster"] : []),
            ...(projectCreatorDefault === true ? ["project"] : []),
          ],
  },
  // Two writes that each close half of a cycle would both see none.
  oneAtATime: true,
  referenced: true,
  validate,
};

/** What a built-in template is; only the server itself writes it. */
const fixedParts = [
  "displayName",
  "description",
  "rules",
  "builtin",
  "external",
  "externalRules",
  "hidden",
  "context",
  "roleTemplateNames",
  "administrative",
] as const;

async function validate(context: AdmissionContext<RoleTemplate>): Promise<FieldError[]> {
  const { operation, object, old, actor } = context;
  if (operation === "DELETE") return deletionErrors(context);
  // Losing finalizers must not fail by rules that came later.
  if (isServerItself(actor) || object.metadata.deletionTimestamp !== undefined) return [];
  const errors = contextErrors(object);
  if (old?.builtin === true) errors.push(...immutable(old, object, fixedParts));
  else if (object.builtin === true)
    errors.push(forbidden("builtin", "only the server makes built-in templates"));
  errors.push(
    ...ruleErrors(object.rules ?? [], "rules"),
    ...ruleErrors(object.externalRules ?? [], "externalRules"),
  );
  if (object.externalRules !== undefined && object.external !== true)
    errors.push(forbidden("externalRules", "only of an external template"));

  const { rules, missing, cycle } = await resolveTemplate(context, object);
  if (cycle !== undefined)
    errors.push(invalid("roleTemplateNames", cycle, `it inherits ${object.metadata.name} already`));
  errors.push(...missing.map((name) => invalid("roleTemplateNames", name, "no such RoleTemplate")));
  return errors.length > 0 ? errors : grantingErrors(context, rules);
}

function contextErrors({ context = "", administrative, projectCreatorDefault }: RoleTemplate): FieldError[] {
  const errors: FieldError[] = [];
  if (projectCreatorDefault === true && context !== "project")
    errors.push(forbidden("projectCreatorDefault", "only of a template with the context project"));
  if (administrative === true && context !== "cluster")
    errors.push(forbidden("administrative", "only of a template with the context cluster"));
  return errors;
}

/** Nobody writes a role that gives more than he has, but for who may `escalate`. */
function grantingErrors(
  { actor, object, old }: AdmissionContext<RoleTemplate>,
  rules: readonly PolicyRule[],
): FieldError[] {
  const right = { group: management.group, resource: "roletemplates", name: object.metadata.name };
  if (allows(actor.rules, { ...right, verb: "escalate" })) return [];
  // Of a built-in one, only whether it may be given, and to whom by default, can change here.
  if (old?.builtin === true) return escalationErrors(actor.rules, rules, "builtin");
  return object.externalRules === undefined
    ? escalationErrors(actor.rules, rules, "rules")
    : [forbidden("externalRules", "needs the verb escalate on the template")];
}

async function deletionErrors({
  object: { metadata, builtin },
  actor,
  lookupByIndex,
}: AdmissionContext<RoleTemplate>): Promise<FieldError[]> {
  if (builtin === true && !isServerItself(actor))
    return [forbidden("builtin", "a built-in template cannot be deleted")];
  const [templates, globalRoles] = await Promise.all([
    lookupByIndex("roletemplates.management.cattle.io", "roleTemplateNames", metadata.name),
    lookupByIndex("globalroles.management.cattle.io", "inheritedClusterRoles", metadata.name),
  ]);
  const names = [
    ...templates.map((other) => `RoleTemplate ${other.metadata.name}`),
    ...globalRoles.map((other) => `GlobalRole ${other.metadata.name}`),
  ];
  return names.length === 0
    ? []
    : [forbidden("metadata.name", `it is inherited by ${names.slice(0, 10).join(", ")}`)];
}
