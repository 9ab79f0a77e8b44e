/** cluster.x-k8s.io/v1beta2 Cluster: Cluster API's view of a cluster (controllers.md 5.2). */
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import {
  boolean,
  dateTime,
  filled,
  int32,
  intOrString,
  keyedList,
  limit,
  listOf,
  object,
  oneOf,
  strings,
  text,
} from "../../structural/shapes.ts";
import type { FieldError } from "../../structural/types.ts";
import { ageColumn, column } from "../columns.ts";
import {
  capi,
  conditionColumn,
  conditions,
  contractReference,
  controlPlaneEndpoint,
  count,
  deprecated,
  gates,
  generation,
  healthCheckErrors,
  healthChecks,
  machineDeletion,
  objectName,
  partName,
  pausedColumn,
  remediationParts,
  replicaCounts,
  replicaVersions,
  rollout,
  taints,
  templateMetadata,
  topologyDeletion,
  variables,
  version,
} from "./group.ts";

const topology = once(() => {
  const overrides = filled(object({ overrides: variables() }));
  const domain = text(1, 256);
  const many = { minItems: 1, maxItems: 2000 } as const;
  const controlPlane = filled(
    object({
      deletion: machineDeletion(),
      healthCheck: filled(
        object({ checks: healthChecks(), enabled: boolean, remediation: filled(object(remediationParts())) }),
      ),
      metadata: templateMetadata(),
      readinessGates: gates(),
      replicas: int32,
      rollout: filled(object({ after: dateTime })),
      taints: taints(),
      variables: overrides,
    }),
  );
  const machineDeployment = object(
    {
      class: domain,
      deletion: topologyDeletion(),
      failureDomain: domain,
      healthCheck: filled(
        object({
          checks: healthChecks(),
          enabled: boolean,
          remediation: filled(object({ ...remediationParts(), maxInFlight: intOrString })),
        }),
      ),
      metadata: templateMetadata(),
      minReadySeconds: count,
      name: partName,
      readinessGates: gates(),
      replicas: int32,
      rollout: rollout(),
      taints: taints(),
      variables: overrides,
    },
    ["class", "name"],
  );
  const machinePool = object(
    {
      class: domain,
      deletion: machineDeletion(),
      failureDomains: limit(listOf(domain), { minItems: 1, maxItems: 100 }),
      metadata: templateMetadata(),
      minReadySeconds: count,
      name: partName,
      replicas: int32,
      taints: taints(),
      variables: overrides,
    },
    ["class", "name"],
  );
  return object(
    {
      classRef: object(
        {
          name: objectName,
          namespace: limit(text(1, 63), { pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" }),
        },
        ["name"],
      ),
      controlPlane,
      variables: variables(),
      version,
      workers: filled(
        object({
          machineDeployments: limit(keyedList(machineDeployment, "name"), many),
          machinePools: limit(keyedList(machinePool, "name"), many),
        }),
      ),
    },
    ["classRef", "version"],
  );
});

const schema = once(() => {
  const cidrs = object({ cidrBlocks: limit(listOf(text(1, 43)), { minItems: 1, maxItems: 100 }) }, [
    "cidrBlocks",
  ]);
  const machines = object({
    ...replicaCounts,
    desiredReplicas: int32,
    upgradePlan: limit(listOf(object({ version }, ["version"])), { minItems: 1, maxItems: 32 }),
    versions: replicaVersions(),
  });
  return object(
    {
      spec: filled(
        object({
          availabilityGates: gates(),
          clusterNetwork: filled(
            object({
              apiServerPort: limit(int32, { minimum: 1, maximum: 65_535 }),
              pods: cidrs,
              serviceDomain: text(1, 253),
              services: cidrs,
            }),
          ),
          controlPlaneEndpoint: controlPlaneEndpoint(),
          controlPlaneRef: contractReference(),
          infrastructureRef: contractReference(),
          paused: boolean,
          topology: topology(),
        }),
      ),
      status: filled(
        object({
          conditions: conditions(),
          controlPlane: machines,
          deprecated: object({ v1beta1: object(deprecated()) }),
          failureDomains: limit(
            keyedList(
              object({ attributes: strings, controlPlane: boolean, name: text(1, 256) }, ["name"]),
              "name",
            ),
            { minItems: 1, maxItems: 100 },
          ),
          initialization: filled(
            object({ controlPlaneInitialized: boolean, infrastructureProvisioned: boolean }),
          ),
          observedGeneration: generation,
          phase: oneOf("Pending", "Provisioning", "Provisioned", "Deleting", "Failed", "Unknown"),
          workers: machines,
        }),
      ),
    },
    ["spec"],
  );
});

export type CapiCluster = KubeObject & FromSchema<ReturnType<typeof schema>>;

const replicas = (name: string, path: string, priority?: number) => ({
  ...column(name, `.status.${path}`, "integer"),
  ...(priority === undefined ? {} : { priority }),
});

export const capiClusters: ResourceDefinition<CapiCluster> = {
  ...capi,
  kind: "Cluster",
  plural: "clusters",
  singular: "cluster",
  shortNames: ["cl"],
  schema,
  statusSubresource: true,
  printerColumns: [
    column("ClusterClass", ".spec.topology.classRef.name"),
    conditionColumn("Available", "Available"),
    replicas("CP Desired", "controlPlane.desiredReplicas"),
    replicas("CP Current", "controlPlane.replicas", 10),
    replicas("CP Ready", "controlPlane.readyReplicas", 10),
    replicas("CP Available", "controlPlane.availableReplicas"),
    replicas("CP Up-to-date", "controlPlane.upToDateReplicas"),
    replicas("W Desired", "workers.desiredReplicas"),
    replicas("W Current", "workers.replicas", 10),
    replicas("W Ready", "workers.readyReplicas", 10),
    replicas("W Available", "workers.availableReplicas"),
    replicas("W Up-to-date", "workers.upToDateReplicas"),
    pausedColumn,
    column("Phase", ".status.phase"),
    ageColumn(),
    column("Version", ".spec.topology.version"),
  ],
  validate,
};

function validate({ operation, object: { spec } }: AdmissionContext<CapiCluster>): FieldError[] {
  if (operation === "DELETE" || spec.topology === undefined) return [];
  const { controlPlane, workers } = spec.topology;
  const path = "spec.topology";
  return [
    ...healthCheckErrors(controlPlane?.healthCheck?.checks, `${path}.controlPlane.healthCheck.checks`),
    ...(workers?.machineDeployments ?? []).flatMap(({ healthCheck }, index) =>
      healthCheckErrors(
        healthCheck?.checks,
        `${path}.workers.machineDeployments[${index}].healthCheck.checks`,
      ),
    ),
  ];
}
