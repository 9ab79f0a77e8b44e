/** cluster.x-k8s.io/v1beta2 MachineSet: so many equal Machines (controllers.md 5.2). */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { filled, int32, object, text } from "../../structural/shapes.ts";
import { podParts } from "../core/pod-parts.ts";
import { ageColumn, column } from "../columns.ts";
import {
  capi,
  clusterName,
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
} from "./group.ts";

const schema = once(() =>
  object(
    {
      spec: object(
        {
          clusterName,
          deletion: orderedDeletion(),
          machineNaming: machineNaming(),
          replicas: int32,
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
              ...deprecated(),
              availableReplicas: int32,
              fullyLabeledReplicas: int32,
              readyReplicas: int32,
            }),
          }),
          observedGeneration: generation,
          selector: text(1, 4096),
          versions: keyedVersions(),
        }),
      ),
    },
    ["spec"],
  ),
);

export type MachineSet = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const machineSets: ResourceDefinition<MachineSet> = {
  ...capi,
  kind: "MachineSet",
  plural: "machinesets",
  singular: "machineset",
  schema,
  shortNames: ["ms"],
  statusSubresource: true,
  scaleSubresource: replicaScale,
  printerColumns: [
    column("Cluster", ".spec.clusterName"),
    column("Desired", ".spec.replicas", "integer"),
    column("Current", ".status.replicas", "integer"),
    column("Ready", ".status.readyReplicas", "integer"),
    column("Available", ".status.availableReplicas", "integer"),
    column("Up-to-date", ".status.upToDateReplicas", "integer"),
    pausedColumn,
    ageColumn(),
    column("Version", ".spec.template.spec.version"),
  ],
};
