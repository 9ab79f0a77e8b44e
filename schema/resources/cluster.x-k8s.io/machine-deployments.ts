/** cluster.x-k8s.io/v1beta2 MachineDeployment: the Machines of one pool (controllers.md 5.2). */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, filled, int32, intOrString, object, oneOf, text } from "../../structural/shapes.ts";
import { podParts } from "../core/pod-parts.ts";
import { ageColumn, column } from "../columns.ts";
import {
  capi,
  clusterName,
  conditionColumn,
  conditions,
  deprecated,
  generation,
  keyedVersions,
  machineNaming,
  machineTemplate,
  orderedDeletion,
  pausedColumn,
  replicaCounts,
  replicaScale,
  rollout,
} from "./group.ts";
import { scaledPool } from "./machine-pool-quantity.ts";

const schema = once(() => {
  const { conditions: oldConditions } = deprecated();
  return object(
    {
      spec: object(
        {
          clusterName,
          deletion: orderedDeletion(),
          machineNaming: machineNaming(),
          paused: boolean,
          remediation: filled(object({ maxInFlight: intOrString })),
          replicas: int32,
          rollout: rollout(),
          selector: podParts().labelSelector,
          template: machineTemplate(),
        },
        ["clusterName", "selector", "template"],
      ),
      status: filled(
        object({
          ...replicaCounts,
          conditions: conditions(),
          deprecated: object({
            v1beta1: object({
              availableReplicas: int32,
              conditions: oldConditions,
              readyReplicas: int32,
              unavailableReplicas: int32,
              updatedReplicas: int32,
            }),
          }),
          observedGeneration: generation,
          phase: oneOf("ScalingUp", "ScalingDown", "Running", "Failed", "Unknown"),
          selector: text(1, 4096),
          versions: keyedVersions(),
        }),
      ),
    },
    ["spec"],
  );
});

export type MachineDeployment = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const machineDeployments: ResourceDefinition<MachineDeployment> = {
  ...capi,
  kind: "MachineDeployment",
  plural: "machinedeployments",
  singular: "machinedeployment",
  schema,
  shortNames: ["md"],
  statusSubresource: true,
  scaleSubresource: replicaScale,
  printerColumns: [
    column("Cluster", ".spec.clusterName"),
    conditionColumn("Available", "Available"),
    column("Desired", ".spec.replicas", "integer"),
    column("Current", ".status.replicas", "integer"),
    column("Ready", ".status.readyReplicas", "integer"),
    column("Available", ".status.availableReplicas", "integer"),
    column("Up-to-date", ".status.upToDateReplicas", "integer"),
    pausedColumn,
    column("Phase", ".status.phase"),
    ageColumn(),
    column("Version", ".spec.template.spec.version"),
  ],
  alongside: scaledPool,
};
