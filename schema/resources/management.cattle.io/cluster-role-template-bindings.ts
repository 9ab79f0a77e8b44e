/** management.cattle.io/v3 ClusterRoleTemplateBinding, in the cluster's namespace (auth.md 7.4, 7.8). */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { string } from "../../structural/shapes.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { ageColumn, column } from "../columns.ts";
import { bindingStatusSchema } from "./binding-status.ts";
import { management } from "./group.ts";

const schema = once(
  () =>
    ({
      type: "object",
      required: ["clusterName", "roleTemplateName"],
      properties: {
        userName: string,
        userPrincipalName: string,
        groupName: string,
        groupPrincipalName: string,
        clusterName: string,
        roleTemplateName: string,
        status: bindingStatusSchema,
      },
    }) as const satisfies JsonSchema,
);

export type ClusterRoleTemplateBinding = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const clusterRoleTemplateBindings: ResourceDefinition<ClusterRoleTemplateBinding> = {
  ...management,
  kind: "ClusterRoleTemplateBinding",
  plural: "clusterroletemplatebindings",
  singular: "clusterroletemplatebinding",
  scope: "Namespaced",
  schema,
  statusSubresource: true,
  printerColumns: [column("STATUS", ".status.summary"), ageColumn("AGE")],
};
