/** provisioning.cattle.io/v1 Cluster (controllers.md 5.1): a cluster as its owner wants it. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { ageColumn, column } from "../columns.ts";
import { clusterIndexed } from "../rke.cattle.io/group.ts";
import { mutateProvisioningCluster, validateProvisioningCluster } from "./clusters.rules.ts";
import { provisioningClusterSchema } from "./clusters.schema.ts";
import { podSecuritySecret } from "./pod-security.ts";

export type ProvisioningCluster = KubeObject & FromSchema<ReturnType<typeof provisioningClusterSchema>>;

export const provisioningClusters: ResourceDefinition<ProvisioningCluster> = {
  group: "provisioning.cattle.io",
  version: "v1",
  kind: "Cluster",
  plural: "clusters",
  singular: "cluster",
  scope: "Namespaced",
  categories: ["provisioning"],
  definitionLabels: clusterIndexed,
  schema: provisioningClusterSchema,
  statusSubresource: true,
  indexes: {
    podSecurityTemplate: ({ spec }) =>
      [spec?.defaultPodSecurityAdmissionConfigurationTemplateName ?? ""].filter((name) => name !== ""),
  },
  references: { podSecurityTemplate: "podsecurityadmissionconfigurationtemplates.management.cattle.io" },
  printerColumns: [
    column("Version", ".spec.kubernetesVersion"),
    column("Cluster Name", ".status.clusterName"),
    ageColumn(),
    column("Kubeconfig", ".status.clientSecretName"),
    column("Ready", ".status.ready"),
  ],
  mutate: mutateProvisioningCluster,
  validate: validateProvisioningCluster,
  alongside: podSecuritySecret,
};
