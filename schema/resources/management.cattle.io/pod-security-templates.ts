/**
 * management.cattle.io/v3 PodSecurityAdmissionConfigurationTemplate: levels of Pod Security that a cluster's apiserver is set
 * up with, and whom they do not concern (auth.md 7.7).
 */
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { string, texts } from "../../structural/shapes.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { duplicate, forbidden, invalid, isDnsLabel, isDnsSubdomain, notSupported } from "../names.ts";
import { management } from "./group.ts";

const schema = once(
  () =>
    ({
      type: "object",
      properties: {
        description: string,
        configuration: {
          type: "object",
          properties: {
            defaults: {
              type: "object",
              properties: {
                enforce: string,
                "enforce-version": string,
                audit: string,
                "audit-version": string,
                warn: string,
                "warn-version": string,
              },
            },
            exemptions: {
              type: "object",
              properties: { usernames: texts, runtimeClasses: texts, namespaces: texts },
            },
          },
        },
      },
    }) as const satisfies JsonSchema,
);

export type PodSecurityTemplate = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const podSecurityTemplates: ResourceDefinition<PodSecurityTemplate> = {
  ...management,
  kind: "PodSecurityAdmissionConfigurationTemplate",
  plural: "podsecurityadmissionconfigurationtemplates",
  singular: "podsecurityadmissionconfigurationtemplate",
  scope: "Cluster",
  schema,
  referenced: true,
  validate,
};

const builtIn = ["rancher-privileged", "rancher-restricted"];
const levels = ["privileged", "baseline", "restricted"];

async function validate(context: AdmissionContext<PodSecurityTemplate>): Promise<FieldError[]> {
  if (context.operation === "DELETE") return deletionErrors(context);
  const { defaults = {}, exemptions = {} } = context.object.configuration ?? {};
  const errors: FieldError[] = [];
  for (const mode of ["enforce", "audit", "warn"] as const) {
    const level = defaults[mode] ?? "";
    const version = defaults[`${mode}-version`] ?? "";
    const path = `configuration.defaults.${mode}`;
    if (level !== "" && !levels.includes(level)) errors.push(notSupported(path, level, levels));
    if (version !== "" && !/^(?:latest|v1\.(?:0|[1-9]\d{0,3}))$/.test(version))
      errors.push(invalid(`${path}-version`, version, "must be latest or v1.<minor>"));
  }
  const { usernames = [], runtimeClasses = [], namespaces = [] } = exemptions;
  errors.push(
    ...listErrors(usernames, "usernames", (name) => name !== ""),
    ...listErrors(runtimeClasses, "runtimeClasses", isDnsSubdomain),
    ...listErrors(namespaces, "namespaces", isDnsLabel),
  );
  return errors;
}

/** Each valid, and none twice. */
function listErrors(list: readonly string[], name: string, isValid: (one: string) => boolean): FieldError[] {
  return list.flatMap((one, index) => {
    const at = `configuration.exemptions.${name}[${index}]`;
    if (!isValid(one)) return [invalid(at, one, "is no valid name")];
    return list.indexOf(one) === index ? [] : [duplicate(at, one)];
  });
}

/** A cluster that is set up anew, or upgraded, reads it again. */
async function deletionErrors({
  object: { metadata },
  lookupByIndex,
}: AdmissionContext<PodSecurityTemplate>): Promise<FieldError[]> {
  if (builtIn.includes(metadata.name))
    return [forbidden("metadata.name", "a built-in template cannot be deleted")];
  const users = await Promise.all(
    ["clusters.management.cattle.io", "clusters.provisioning.cattle.io"].map((type) =>
      lookupByIndex(type, "podSecurityTemplate", metadata.name),
    ),
  );
  const names = users.flat().map((cluster) => cluster.metadata.name);
  return names.length === 0
    ? []
    : [forbidden("metadata.name", `it is used by ${names.slice(0, 10).join(", ")}`)];
}
