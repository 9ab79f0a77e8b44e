/** management.cattle.io/v3 ProjectRoleTemplateBinding, in the project's backing namespace (auth.md 7.4, 7.8). */
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { string } from "../../structural/shapes.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { forbidden, immutable, invalid } from "../names.ts";
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
import { backingNamespaceOf } from "./projects.ts";
import type { Project } from "./projects.ts";

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
  indexes: {
    subject: (binding) => subjectValues(binding, binding.projectName),
    grant: (binding) => grantValues(binding, binding.projectName),
    roleTemplateName: ({ roleTemplateName }) => [roleTemplateName],
    projectName: ({ projectName }) => [projectName],
  },
  unique: ["grant"],
  references: { roleTemplateName: "roletemplates.management.cattle.io" },
  generatedName: (binding) => bindingName(binding, binding.projectName),
  validate,
};

const type = "projectroletemplatebindings.management.cattle.io";
const clusterType = "clusterroletemplatebindings.management.cattle.io";

async function validate(context: AdmissionContext<ProjectRoleTemplateBinding>): Promise<FieldError[]> {
  const { operation, object, old } = context;
  if (operation === "DELETE") return [];
  const { projectName, roleTemplateName } = object;
  const errors = [
    ...immutable(old, object, ["projectName", "roleTemplateName"]),
    ...subjectErrors(object, old),
    ...(await ownerErrors(context)),
  ];
  if (old === undefined) {
    errors.push(...(await projectErrors(context)));
    errors.push(...(await duplicateErrors(context, type, grantValues(object, projectName))));
  }
  const found = await templateErrors(context, roleTemplateName, "project");
  if (old === undefined) errors.push(...found.errors);
  if (errors.length > 0 || found.template === undefined) return errors;
  const [cluster = ""] = projectName.split(":");
  return grantingErrors(context, found.template, [
    { type, where: projectName },
    // What is held in a cluster is held in its projects.
    { type: clusterType, where: cluster },
  ]);
}

async function projectErrors({
  object: { projectName, metadata },
  lookup,
}: AdmissionContext<ProjectRoleTemplateBinding>): Promise<FieldError[]> {
  const [cluster = "", name = "", ...rest] = projectName.split(":");
  if (cluster === "" || name === "" || rest.length > 0)
    return [invalid("projectName", projectName, "must be <cluster>:<project>")];
  const project: Project | undefined = await lookup("projects.management.cattle.io", cluster, name);
  if (project === undefined || project.spec?.clusterName !== cluster)
    return [invalid("projectName", projectName, "no such project")];
  return metadata.namespace === backingNamespaceOf(project)
    ? []
    : [forbidden("projectName", "must be the project whose backing namespace this is")];
}
