/** The structural schema of a provisioning Cluster (controllers.md 5.1). Names and limits are those of Rancher's own CRD. */
import { once } from "../../structural/once.ts";
import {
  boolean,
  dateTime,
  int32,
  int64,
  intOrString,
  integer,
  keyedList,
  limit,
  listOf,
  nullable,
  object,
  string,
  strings,
  text,
} from "../../structural/shapes.ts";
import { podParts } from "../core/pod-parts.ts";
import { objectReference } from "../operation.cattle.io/group.ts";
import {
  agentEnvVars,
  clusterConfiguration,
  countOrPercent,
  localClusterAuthEndpoint,
  maybeString,
} from "../rke.cattle.io/cluster-configuration.ts";
import { keyedConditions, userdata } from "../rke.cattle.io/group.ts";

/** `namespace:name`, or the name of a Secret beside the cluster. */
const credentialName = nullable(limit(string, { maxLength: 317 }));
const hostnameLengthLimit = limit(integer, { minimum: 10, maximum: 63 });
const podDisruptionBudget = once(() =>
  nullable(object({ maxUnavailable: countOrPercent, minAvailable: countOrPercent })),
);

const scheduling = once(() => {
  const { affinity, resourceRequirements, toleration } = podParts();
  return {
    appendTolerations: nullable(listOf(toleration)),
    overrideAffinity: nullable(affinity),
    overrideResourceRequirements: nullable(resourceRequirements),
  } as const;
});

/** How rancher-webhook is deployed in a cluster; of Clusters of management too. */
export const webhookCustomization = once(() =>
  nullable(
    object({
      ...scheduling(),
      podDisruptionBudget: podDisruptionBudget(),
      replicaCount: limit(int32, { minimum: 1 }),
    }),
  ),
);

/** How an agent is deployed; of Clusters of management too. */
export const agentCustomization = once(() =>
  nullable(
    object({
      ...scheduling(),
      schedulingCustomization: nullable(
        object({
          podDisruptionBudget: podDisruptionBudget(),
          priorityClass: nullable(
            object({
              preemptionPolicy: maybeString,
              value: limit(integer, { minimum: -1_000_000_000, maximum: 1_000_000_000 }),
            }),
          ),
        }),
      ),
    }),
  ),
);

const machinePool = once(() => {
  const taint = object({ effect: string, key: string, timeAdded: dateTime, value: string }, [
    "effect",
    "key",
  ]);
  return object(
    {
      autoscalingMaxSize: nullable(int32),
      autoscalingMinSize: nullable(int32),
      cloudCredentialSecretName: credentialName,
      controlPlaneRole: boolean,
      displayName: maybeString,
      drainBeforeDelete: boolean,
      drainBeforeDeleteTimeout: maybeString,
      dynamicSchemaSpec: maybeString,
      etcdRole: boolean,
      hostnameLengthLimit,
      labels: nullable(strings),
      machineConfigRef: nullable(objectReference()),
      machineDeploymentAnnotations: nullable(strings),
      machineDeploymentLabels: nullable(strings),
      machineOS: maybeString,
      maxUnhealthy: maybeString,
      name: text(1),
      nodeStartupTimeout: maybeString,
      paused: boolean,
      quantity: nullable(limit(int32, { minimum: 0 })),
      rollingUpdate: nullable(
        object({ maxSurge: nullable(intOrString), maxUnavailable: nullable(intOrString) }),
      ),
      taints: nullable(listOf(taint)),
      unhealthyNodeTimeout: maybeString,
      unhealthyRange: maybeString,
      userdata: userdata(),
      workerRole: boolean,
    },
    ["machineConfigRef", "name"],
  );
});

export const provisioningClusterSchema = once(() =>
  object({
    spec: object({
      agentEnvVars: agentEnvVars(),
      cloudCredentialSecretName: credentialName,
      clusterAPIConfig: nullable(object({ clusterName: maybeString })),
      clusterAgentDeploymentCustomization: agentCustomization(),
      defaultClusterRoleForProjectMembers: maybeString,
      defaultPodSecurityAdmissionConfigurationTemplateName: maybeString,
      enableNetworkPolicy: nullable(boolean),
      fleetAgentDeploymentCustomization: agentCustomization(),
      kubernetesVersion: maybeString,
      localClusterAuthEndpoint: localClusterAuthEndpoint(),
      redeploySystemAgentGeneration: int64,
      rkeConfig: nullable(
        object({
          ...clusterConfiguration(),
          infrastructureRef: nullable(objectReference()),
          machinePoolDefaults: object({ hostnameLengthLimit }),
          machinePools: nullable(limit(keyedList(machinePool(), "name"), { maxItems: 1000 })),
        }),
      ),
      webhookDeploymentCustomization: webhookCustomization(),
    }),
    status: object({
      agentDeployed: boolean,
      clientSecretName: limit(string, { maxLength: 253 }),
      clusterName: string,
      conditions: keyedConditions(),
      fleetWorkspaceName: limit(string, { maxLength: 63 }),
      observedGeneration: int64,
      ready: boolean,
    }),
  }),
);
