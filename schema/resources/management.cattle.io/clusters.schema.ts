/** The structural schema of a Cluster (norman-v3.md 3.5). Parts of third parties keep what is not known here. */
import { once } from "../../structural/once.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { conditionsSchema } from "../conditions.ts";
import { agentCustomization, webhookCustomization } from "../provisioning.cattle.io/clusters.schema.ts";

const string = { type: "string" } as const;
const boolean = { type: "boolean" } as const;
const integer = { type: "integer" } as const;
/** A struct whose owner is another product. */
const open = { type: "object", "x-kubernetes-preserve-unknown-fields": true } as const;
const openList = { type: "array", items: open } as const;
const strings = { type: "object", additionalProperties: string } as const;

export const clusterSchema = once(() => {
  const envVar = {
    type: "object",
    required: ["name"],
    properties: { name: string, value: string, valueFrom: open },
  } as const;
  const version = (strategy: "k3supgradeStrategy" | "rke2upgradeStrategy") =>
    ({
      type: "object",
      "x-kubernetes-preserve-unknown-fields": true,
      properties: { kubernetesVersion: string, [strategy]: open },
    }) as const;
  return {
    type: "object",
    properties: {
      spec: {
        type: "object",
        properties: {
          displayName: string,
          description: string,
          internal: boolean,
          windowsPreferedCluster: boolean,
          dockerRootDir: string,
          enableNetworkPolicy: boolean,
          localClusterAuthEndpoint: {
            type: "object",
            properties: { enabled: boolean, fqdn: string, caCerts: string },
          },
          agentEnvVars: { type: "array", items: envVar },
          desiredAgentImage: string,
          desiredAuthImage: string,
          desiredAssetsImage: string,
          agentImageOverride: string,
          assetsImageOverride: string,
          defaultClusterRoleForProjectMembers: string,
          defaultPodSecurityAdmissionConfigurationTemplateName: string,
          clusterAgentDeploymentCustomization: agentCustomization(),
          fleetAgentDeploymentCustomization: agentCustomization(),
          webhookDeploymentCustomization: webhookCustomization(),
          fleetWorkspaceName: string,
          // Without `kubeConfig`: a credential has no place in a member that every reader of the cluster sees (CVE-2021-36782).
          importedConfig: {
            type: "object",
            properties: { privateRegistryURL: string, privateRegistryPullSecrets: openList },
          },
          k3sConfig: version("k3supgradeStrategy"),
          rke2Config: version("rke2upgradeStrategy"),
          aksConfig: open,
          eksConfig: open,
          gkeConfig: open,
          aliConfig: open,
        },
      },
      status: {
        type: "object",
        "x-kubernetes-preserve-unknown-fields": true,
        properties: {
          conditions: conditionsSchema,
          /** Empty until an agent connects or a configuration decides it. */
          driver: string,
          provider: string,
          /** `https://host:port`, as the agent told. */
          apiEndpoint: string,
          /** base64 PEM. */
          caCert: string,
          /** Name of a Secret in `cattle-global-data`. */
          serviceAccountTokenSecret: string,
          /** By what the cluster is known again (schema/internal/cluster-identity.ts): without it, any may come. */
          clusterIdentity: {
            type: "object",
            properties: { namespaceUid: string, keySha256: string },
            required: ["namespaceUid", "keySha256"],
          },
          agentImage: string,
          authImage: string,
          assetsImage: string,
          nodeCount: integer,
          nodeVersion: integer,
          linuxWorkerCount: integer,
          windowsWorkerCount: integer,
          capacity: strings,
          allocatable: strings,
          requested: strings,
          limits: strings,
          /** `/version` of the cluster. */
          version: strings,
          info: open,
          capabilities: open,
          componentStatuses: openList,
          certificatesExpiration: open,
          agentFeatures: { type: "object", additionalProperties: boolean },
          appliedAgentEnvVars: { type: "array", items: envVar },
          appliedEnableNetworkPolicy: boolean,
          appliedSpec: open,
          failedSpec: open,
          istioEnabled: boolean,
          readyReconciling: boolean,
          aksStatus: open,
          eksStatus: open,
          gkeStatus: open,
          aliStatus: open,
        },
      },
    },
  } as const satisfies JsonSchema;
});
