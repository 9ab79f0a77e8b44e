/** rke.cattle.io/v1 RKEControlPlane (controllers.md 5.2): Cluster API's control plane of an RKE2 or K3s cluster. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, filled, int64, limit, object, oneOf, string } from "../../structural/shapes.ts";
import {
  agentEnvVars,
  clusterConfiguration,
  localClusterAuthEndpoint,
  maybeString,
  requests,
} from "./cluster-configuration.ts";
import { ageColumn, column } from "../columns.ts";
import { conditions, contractLabels, rke } from "./group.ts";

const schema = once(() => {
  const spec = object(
    {
      ...clusterConfiguration(),
      agentEnvVars: agentEnvVars(),
      clusterName: limit(string, { maxLength: 63 }),
      kubernetesVersion: maybeString,
      localClusterAuthEndpoint: localClusterAuthEndpoint(),
      managementClusterName: string,
      unmanagedConfig: boolean,
    },
    ["clusterName", "managementClusterName"],
  );
  const { etcdSnapshotCreate, etcdSnapshotRestore, rotateEncryptionKeys } = requests();
  return object({
    spec,
    status: object(
      {
        agentConnected: boolean,
        appliedSpec: spec,
        certificateRotationGeneration: int64,
        conditions: conditions(),
        configGeneration: int64,
        etcdSnapshotCreate,
        etcdSnapshotCreatePhase: oneOf("Started", "RestartCluster", "Finished", "Failed"),
        etcdSnapshotRestore,
        etcdSnapshotRestorePhase: oneOf(
          "Started",
          "Shutdown",
          "Restore",
          "PostRestorePodCleanup",
          "InitialRestartCluster",
          "PostRestoreNodeCleanup",
          "RestartCluster",
          "Finished",
          "Failed",
        ),
        initialization: filled(object({ controlPlaneInitialized: boolean })),
        initialized: boolean,
        observedGeneration: int64,
        ready: boolean,
        rotateEncryptionKeys,
        rotateEncryptionKeysLeader: string,
        rotateEncryptionKeysPhase: string,
      },
      ["observedGeneration"],
    ),
  });
});

export type RKEControlPlane = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const rkeControlPlanes: ResourceDefinition<RKEControlPlane> = {
  ...rke,
  kind: "RKEControlPlane",
  plural: "rkecontrolplanes",
  singular: "rkecontrolplane",
  schema,
  shortNames: ["rcp"],
  categories: ["cluster-api"],
  definitionLabels: contractLabels,
  statusSubresource: true,
  printerColumns: [
    column("Cluster", ".metadata.labels['cluster\\.x-k8s\\.io/cluster-name']"),
    column("Initialized", ".status.initialized"),
    column("API Server Available", ".status.initialization.controlPlaneInitialized", "boolean"),
    ageColumn(),
    column("Version", ".spec.kubernetesVersion"),
  ],
};
