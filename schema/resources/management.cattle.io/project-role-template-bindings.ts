/** management.cattle.io/v3 ProjectRoleTemplateBinding, in the project's backing namespace (auth.md 7.4, 7.8). */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { string } from "../../structural/shapes.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { management } from "./group.ts";

const schema = once(
  () =>
    ({
      type: "object",
      required: ["projectName", "roleTemplateName"],
      properties: {
        userName: string,
        userPrincipalName: string,
        groupName: string,
        groupPrincipalName: string,
        /** `<cluster>:<project>`. */
        projectName: string,
        roleTemplateName: string,
        /** `<namespace>:<name>`. */
        serviceAccount: string,
        status: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
      },
    }) as const satisfies JsonSchema,
);

export type ProjectRoleTemplateBinding = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const projectRoleTemplateBindings: ResourceDefinition<ProjectRoleTemplateBinding> = {
  ...management,
  kind: "ProjectRoleTemplateBinding",
  plural: "projectroletemplatebindings",
  singular: "projectroletemplatebinding",
  scope: "Namespaced",
  schema,
};
