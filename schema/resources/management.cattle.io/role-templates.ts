/** management.cattle.io/v3 RoleTemplate: what a member of a cluster or a project may do (auth.md 7.2). */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, string, texts } from "../../structural/shapes.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { policyRuleSchema } from "../policy-rule.ts";
import { management } from "./group.ts";

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
};
