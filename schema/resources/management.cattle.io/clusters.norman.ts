/** The Norman projection of a Cluster (norman-v3.md 3.5, 4.1). */
import { identitySecretName } from "../../internal/cluster-identity.ts";
import { field } from "../../norman.ts";
import type { NormanProjection } from "../../norman.ts";
import type { Cluster } from "./clusters.ts";
import { standardMethods } from "./group.ts";

const never = { default: false, nullable: false } as const;
const zero = { default: 0, nullable: false } as const;

export const clusterNorman: NormanProjection<Cluster> = {
  id: "cluster",
  pluralName: "clusters",
  ...standardMethods,
  stateful: true,
  idPrefix: "c-",
  fields: {
    name: field("dnsLabel", "spec.displayName", "CU"),
    description: field("string", "spec.description", "CU"),
    internal: field("boolean", "spec.internal", "", never),
    driver: field("string", "status.driver", "", { default: "" }),
    provider: field("string", "status.provider", "", { default: "" }),
    nodeCount: field("int", "status.nodeCount", "", zero),
    linuxWorkerCount: field("int", "status.linuxWorkerCount", "", zero),
    windowsWorkerCount: field("int", "status.windowsWorkerCount", "", zero),
    nodeVersion: field("int", "status.nodeVersion", "", zero),
    capacity: field("map[string]", "status.capacity"),
    allocatable: field("map[string]", "status.allocatable"),
    requested: field("map[string]", "status.requested"),
    limits: field("map[string]", "status.limits"),
    version: field("info", "status.version"),
    conditions: field("array[clusterCondition]", "status.conditions"),
    componentStatuses: field("array[clusterComponentStatus]", "status.componentStatuses"),
    apiEndpoint: field("string", "status.apiEndpoint"),
    caCert: field("string", "status.caCert"),
    capabilities: field("capabilities", "status.capabilities"),
    info: field("clusterInfo", "status.info"),
    certificatesExpiration: field("map[certExpiration]", "status.certificatesExpiration"),
    agentFeatures: field("map[boolean]", "status.agentFeatures"),
    agentImage: field("string", "status.agentImage"),
    authImage: field("string", "status.authImage"),
    assetsImage: field("string", "status.assetsImage"),
    appliedSpec: field("clusterSpec", "status.appliedSpec"),
    failedSpec: field("clusterSpec", "status.failedSpec"),
    appliedEnableNetworkPolicy: field("boolean", "status.appliedEnableNetworkPolicy", "", never),
    appliedAgentEnvVars: field("array[envVar]", "status.appliedAgentEnvVars"),
    readyReconciling: field("boolean", "status.readyReconciling", "", never),
    istioEnabled: field("boolean", "status.istioEnabled", "", never),
    dockerRootDir: field("string", "spec.dockerRootDir", "CU", { default: "/var/lib/docker" }),
    enableNetworkPolicy: field("boolean", "spec.enableNetworkPolicy", "CU", { default: false }),
    windowsPreferedCluster: field("boolean", "spec.windowsPreferedCluster", "C", never),
    localClusterAuthEndpoint: field("localClusterAuthEndpoint", "spec.localClusterAuthEndpoint", "CU"),
    agentEnvVars: field("array[envVar]", "spec.agentEnvVars", "CU"),
    desiredAgentImage: field("string", "spec.desiredAgentImage", "CU"),
    desiredAuthImage: field("string", "spec.desiredAuthImage", "CU"),
    desiredAssetsImage: field("string", "spec.desiredAssetsImage", "CU"),
    agentImageOverride: field("string", "spec.agentImageOverride", "CU"),
    assetsImageOverride: field("string", "spec.assetsImageOverride", "CU"),
    defaultClusterRoleForProjectMembers: field(
      "reference[roleTemplate]",
      "spec.defaultClusterRoleForProjectMembers",
      "CU",
    ),
    defaultPodSecurityAdmissionConfigurationTemplateName: field(
      "string",
      "spec.defaultPodSecurityAdmissionConfigurationTemplateName",
      "CU",
    ),
    clusterAgentDeploymentCustomization: field(
      "agentDeploymentCustomization",
      "spec.clusterAgentDeploymentCustomization",
      "CU",
    ),
    fleetAgentDeploymentCustomization: field(
      "agentDeploymentCustomization",
      "spec.fleetAgentDeploymentCustomization",
      "CU",
    ),
    webhookDeploymentCustomization: field(
      "webhookDeploymentCustomization",
      "spec.webhookDeploymentCustomization",
      "CU",
    ),
    fleetWorkspaceName: field("string", "spec.fleetWorkspaceName", "CU"),
    importedConfig: field("importedConfig", "spec.importedConfig", "CU"),
    k3sConfig: field("k3sConfig", "spec.k3sConfig", "CU"),
    rke2Config: field("rke2Config", "spec.rke2Config", "CU"),
    aksConfig: field("aksClusterConfigSpec", "spec.aksConfig", "CU"),
    eksConfig: field("eksClusterConfigSpec", "spec.eksConfig", "CU"),
    gkeConfig: field("gkeClusterConfigSpec", "spec.gkeConfig", "CU"),
    aliConfig: field("aliClusterConfigSpec", "spec.aliConfig", "CU"),
    aksStatus: field("aksStatus", "status.aksStatus"),
    eksStatus: field("eksStatus", "status.eksStatus"),
    gkeStatus: field("gkeStatus", "status.gkeStatus"),
    aliStatus: field("aliStatus", "status.aliStatus"),
    /** Ours: what to run in the target cluster; only while the cluster is being removed. */
    cleanupCommand: field("string", undefined),
  },
  resourceActions: { generateKubeconfig: { output: "generateKubeConfigOutput" } },
  project: ({ metadata }) =>
    metadata.deletionTimestamp === undefined ? {} : { cleanupCommand: cleanupCommand(metadata.name) },
};

/**
 * Undoes the import manifest and what the lifecycle reconciler made (tunnel.md 3). Nobody runs it for the user: a cluster
 * that cannot be reached is left as it is, and a broken one must not be made worse (controllers.md 4.1, "Removal").
 */
const cleanupCommand = (clusterId: string): string =>
  `kubectl delete --ignore-not-found -n kube-system secret/${identitySecretName(clusterId)}` +
  " clusterrolebinding/cattle-admin-binding clusterrolebinding/proxy-role-binding-kubernetes-master" +
  " clusterrolebinding/drover-cluster-owner" +
  " clusterrole/cattle-admin clusterrole/proxy-clusterrole-kubeapiserver" +
  " namespace/cattle-system";
