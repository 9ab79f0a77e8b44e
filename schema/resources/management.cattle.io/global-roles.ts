/** management.cattle.io/v3 GlobalRole (auth.md 7.1, 7.8; norman-v3.md 3.12). */
import { field } from "../../norman.ts";
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { ageColumn, column } from "../columns.ts";
import { metaConditionsSchema } from "../conditions.ts";
import { forbidden, immutable } from "../names.ts";
import { policyRuleSchema, ruleErrors } from "../policy-rule.ts";
import { isServerItself } from "../server-actor.ts";
import { templateErrors } from "./binding-subjects.ts";
import { grantErrors } from "./bound-rules.ts";
import { management, standardMethods } from "./group.ts";

const schema = once(() => {
  const rules = { type: "array", items: policyRuleSchema } as const;
  return {
    type: "object",
    properties: {
      displayName: { type: "string" },
      description: { type: "string" },
      rules,
      newUserDefault: { type: "boolean" },
      builtin: { type: "boolean" },
      inheritedClusterRoles: { type: "array", items: { type: "string" } },
      namespacedRules: { type: "object", additionalProperties: rules },
      inheritedNamespacedRules: { type: "object", additionalProperties: rules },
      inheritedFleetWorkspacePermissions: {
        type: "object",
        properties: { resourceRules: rules, workspaceVerbs: { type: "array", items: { type: "string" } } },
      },
      status: {
        type: "object",
        properties: {
          observedGeneration: { type: "integer", format: "int64" },
          lastUpdateTime: { type: "string" },
          summary: { type: "string" },
          conditions: metaConditionsSchema,
        },
      },
    },
  } as const satisfies JsonSchema;
});

export type GlobalRole = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const globalRoles: ResourceDefinition<GlobalRole> = {
  ...management,
  kind: "GlobalRole",
  plural: "globalroles",
  singular: "globalrole",
  scope: "Cluster",
  schema,
  raises: "rbac",
  statusSubresource: true,
  printerColumns: [column("STATUS", ".status.summary"), ageColumn("AGE")],
  indexes: { inheritedClusterRoles: ({ inheritedClusterRoles = [] }) => [...new Set(inheritedClusterRoles)] },
  references: { inheritedClusterRoles: "roletemplates.management.cattle.io" },
  validate,
  norman: {
    id: "globalRole",
    pluralName: "globalRoles",
    ...standardMethods,
    idPrefix: "gr-",
    fields: {
      name: field("string", "displayName", "CUR"),
      description: field("string", "description", "CU"),
      rules: field("array[policyRule]", "rules", "CU"),
      newUserDefault: field("boolean", "newUserDefault", "CU", { default: false, nullable: false }),
      builtin: field("boolean", "builtin", "", { default: false, nullable: false }),
      inheritedClusterRoles: field("array[string]", "inheritedClusterRoles", "CU"),
      namespacedRules: field("map[array[policyRule]]", "namespacedRules", "CU"),
      inheritedNamespacedRules: field("map[array[policyRule]]", "inheritedNamespacedRules", "CU"),
      inheritedFleetWorkspacePermissions: field(
        "fleetWorkspacePermission",
        "inheritedFleetWorkspacePermissions",
        "CU",
      ),
      status: field("globalRoleStatus", "status"),
    },
  },
};

/** Templates that the role gives in every cluster; those that it gave before may have been locked since. */
export async function inheritedErrors(
  context: Pick<AdmissionContext, "lookup">,
  { inheritedClusterRoles = [] }: GlobalRole,
  before: readonly string[] = [],
  path = "inheritedClusterRoles",
): Promise<FieldError[]> {
  const names = inheritedClusterRoles.filter((name) => !before.includes(name));
  const found = await Promise.all(names.map((name) => templateErrors(context, name, "cluster")));
  return found.flatMap(({ errors }) => errors.map((error) => ({ ...error, field: path })));
}

/** What a built-in role is; only the seed, an actor of the server itself, writes it. */
const fixedParts = [
  "displayName",
  "description",
  "rules",
  "builtin",
  "inheritedClusterRoles",
  "namespacedRules",
  "inheritedNamespacedRules",
  "inheritedFleetWorkspacePermissions",
] as const;

/** A role that every new user gets is a grant: of a built-in one, this member alone may change. */
function defaultErrors(actor: AdmissionContext["actor"], object: GlobalRole, old: GlobalRole): FieldError[] {
  if (object.newUserDefault !== true || old.newUserDefault === true) return [];
  return grantErrors(actor, "bind", object, "newUserDefault");
}

async function validate(context: AdmissionContext<GlobalRole>): Promise<FieldError[]> {
  const { operation, object, old, actor } = context;
  // Losing finalizers must not fail by rules that came later.
  if (isServerItself(actor) || object.metadata.deletionTimestamp !== undefined) return [];
  if (operation === "DELETE")
    return object.builtin === true ? [forbidden("builtin", "a built-in role cannot be deleted")] : [];
  if (old?.builtin === true)
    return [...immutable(old, object, fixedParts), ...defaultErrors(actor, object, old)];
  if (object.builtin === true) return [forbidden("builtin", "only the server makes built-in roles")];

  const errors = [
    ...ruleErrors(object.rules ?? [], "rules"),
    ...Object.entries({ ...object.namespacedRules }).flatMap(([namespace, rules]) =>
      ruleErrors(rules, `namespacedRules[${namespace}]`),
    ),
    ...Object.entries({ ...object.inheritedNamespacedRules }).flatMap(([namespace, rules]) =>
      ruleErrors(rules, `inheritedNamespacedRules[${namespace}]`),
    ),
    ...(await inheritedErrors(context, object, old?.inheritedClusterRoles)),
  ];
  return [...errors, ...grantErrors(actor, "escalate", object, "rules")];
}
