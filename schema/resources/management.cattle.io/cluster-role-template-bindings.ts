/** management.cattle.io/v3 ClusterRoleTemplateBinding, in the cluster's namespace (auth.md 7.4, 7.8). */
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { string } from "../../structural/shapes.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { ageColumn, column } from "../columns.ts";
import { forbidden, immutable, invalid } from "../names.ts";
import { bindingStatusSchema } from "./binding-status.ts";
import {
  bindingName,
  duplicateErrors,
  grantValues,
  grantingErrors,
  ownerErrors,
  subjectErrors,
  subjectValues,
  templateErrors,
} from "./binding-subjects.ts";
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
  indexes: {
    subject: (binding) => subjectValues(binding, binding.clusterName),
    grant: (binding) => grantValues(binding, binding.clusterName),
    roleTemplateName: ({ roleTemplateName }) => [roleTemplateName],
  },
  unique: ["grant"],
  references: { roleTemplateName: "roletemplates.management.cattle.io" },
  generatedName: (binding) => bindingName(binding, binding.clusterName),
  validate,
  printerColumns: [column("STATUS", ".status.summary"), ageColumn("AGE")],
};

const type = "clusterroletemplatebindings.management.cattle.io";

async function validate(context: AdmissionContext<ClusterRoleTemplateBinding>): Promise<FieldError[]> {
  const { operation, object, old, lookup } = context;
  if (operation === "DELETE") return [];
  const { clusterName, roleTemplateName } = object;
  const errors = [
    ...immutable(old, object, ["clusterName", "roleTemplateName"]),
    ...subjectErrors(object, old),
    ...(await ownerErrors(context)),
  ];
  if (clusterName !== object.metadata.namespace)
    errors.push(forbidden("clusterName", "must be the namespace"));
  if (old === undefined) {
    const cluster = await lookup("clusters.management.cattle.io", "", clusterName);
    if (cluster === undefined) errors.push(invalid("clusterName", clusterName, "no such cluster"));
    errors.push(...(await duplicateErrors(context, type, grantValues(object, clusterName))));
  }
  const found = await templateErrors(context, roleTemplateName, "cluster");
  // What was given once stays, whatever became of the template.
  if (old === undefined) errors.push(...found.errors);
  if (errors.length > 0 || found.template === undefined) return errors;
  return grantingErrors(context, found.template, [{ type, where: clusterName }]);
}
