/** fleet.cattle.io/v1alpha1 Cluster (fleet.md 1.5). Not the Cluster of management.cattle.io or of provisioning.cattle.io. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import {
  boolean,
  dateTime,
  int64,
  integer,
  listOf,
  nullable,
  object,
  open,
  string,
} from "../../structural/shapes.ts";
import { podParts } from "../core/pod-parts.ts";
import { column } from "../columns.ts";
import { fleet, maybeString, parts, statusColumn } from "./group.ts";

const schema = once(() => {
  const { conditions, localReference, resourceCounts, summary } = parts();
  const { affinity, envVar, resourceRequirements, toleration } = podParts();
  return object({
    spec: object({
      agentAffinity: nullable(affinity),
      agentEnvVars: nullable(listOf(envVar)),
      agentNamespace: maybeString,
      agentPullSecrets: nullable(listOf(localReference)),
      agentResources: nullable(resourceRequirements),
      agentSchedulingCustomization: nullable(
        object({
          podDisruptionBudget: object({ maxUnavailable: string, minAvailable: string }),
          priorityClass: object({ preemptionPolicy: string, value: integer }),
        }),
      ),
      agentTolerations: nullable(listOf(toleration)),
      clientID: maybeString,
      hostNetwork: nullable(boolean),
      kubeConfigSecret: maybeString,
      kubeConfigSecretNamespace: maybeString,
      paused: boolean,
      privateRepoURL: maybeString,
      redeployAgentGeneration: int64,
      templateValues: nullable(open),
    }),
    status: object({
      activeSchedule: boolean,
      agent: object({ lastSeen: nullable(dateTime), namespace: maybeString }),
      agentAffinityHash: string,
      agentConfigChanged: boolean,
      agentDeployedGeneration: nullable(int64),
      agentEnvVarsHash: maybeString,
      agentHostNetwork: nullable(boolean),
      agentMigrated: boolean,
      agentNamespaceMigrated: boolean,
      agentPrivateRepoURL: maybeString,
      agentResourcesHash: maybeString,
      agentSchedulingCustomizationHash: string,
      agentTLSMode: maybeString,
      agentTolerationsHash: maybeString,
      apiServerCAHash: maybeString,
      apiServerURL: maybeString,
      cattleNamespaceMigrated: boolean,
      conditions,
      desiredReadyGitRepos: integer,
      desiredReadyHelmOps: integer,
      display: object({ readyBundles: string, state: maybeString }),
      garbageCollectionInterval: string,
      namespace: string,
      readyGitRepos: integer,
      readyHelmOps: integer,
      resourceCounts,
      scheduled: boolean,
      summary,
    }),
  });
});

export type FleetCluster = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const fleetClusters: ResourceDefinition<FleetCluster> = {
  ...fleet,
  kind: "Cluster",
  plural: "clusters",
  singular: "cluster",
  schema,
  printerColumns: [
    column("Bundles-Ready", ".status.display.readyBundles"),
    column("Last-Seen", ".status.agent.lastSeen"),
    statusColumn,
  ],
};
