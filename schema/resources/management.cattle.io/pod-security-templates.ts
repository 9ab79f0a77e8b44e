/**
 * management.cattle.io/v3 PodSecurityAdmissionConfigurationTemplate: levels of Pod Security that a cluster's apiserver is set
 * up with, and whom they do not concern (auth.md 7.7).
 */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { string, texts } from "../../structural/shapes.ts";
import type { JsonSchema } from "../../structural/types.ts";
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
};
