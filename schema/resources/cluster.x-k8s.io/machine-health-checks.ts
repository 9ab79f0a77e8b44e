/** cluster.x-k8s.io/v1beta2 MachineHealthCheck: when a Machine is replaced (controllers.md 5.2). */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { filled, limit, listOf, object, text } from "../../structural/shapes.ts";
import { podParts } from "../core/pod-parts.ts";
import { ageColumn, column } from "../columns.ts";
import {
  capi,
  clusterName,
  conditions,
  count,
  deprecated,
  generation,
  healthCheckErrors,
  healthChecks,
  pausedColumn,
  remediationParts,
} from "./group.ts";

const schema = once(() => {
  const { conditions: oldConditions } = deprecated();
  return object(
    {
      spec: object(
        {
          checks: healthChecks(),
          clusterName,
          remediation: filled(object(remediationParts())),
          selector: podParts().labelSelector,
        },
        ["clusterName", "selector"],
      ),
      status: filled(
        object({
          conditions: conditions(),
          currentHealthy: count,
          deprecated: object({ v1beta1: object({ conditions: oldConditions }) }),
          expectedMachines: count,
          observedGeneration: generation,
          remediationsAllowed: count,
          targets: limit(listOf(text(1, 253)), { maxItems: 10_000 }),
        }),
      ),
    },
    ["spec"],
  );
});

export type MachineHealthCheck = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const machineHealthChecks: ResourceDefinition<MachineHealthCheck> = {
  ...capi,
  kind: "MachineHealthCheck",
  plural: "machinehealthchecks",
  singular: "machinehealthcheck",
  schema,
  shortNames: ["mhc", "mhcs"],
  statusSubresource: true,
  printerColumns: [
    column("Cluster", ".spec.clusterName"),
    column("Replicas", ".status.expectedMachines", "integer"),
    column("Healthy", ".status.currentHealthy", "integer"),
    pausedColumn,
    ageColumn(),
  ],
  validate: ({ operation, object: { spec } }) =>
    operation === "DELETE" ? [] : healthCheckErrors(spec.checks, "spec.checks"),
};
