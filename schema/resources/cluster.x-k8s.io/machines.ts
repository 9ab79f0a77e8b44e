/** cluster.x-k8s.io/v1beta2 Machine: one per node (controllers.md 5.2). */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import {
  boolean,
  dateTime,
  filled,
  int64,
  limit,
  object,
  oneOf,
  string,
  text,
} from "../../structural/shapes.ts";
import { ageColumn, column } from "../columns.ts";
import { machineAddresses } from "../rke.cattle.io/group.ts";
import {
  capi,
  conditionColumn,
  conditions,
  deprecated,
  generation,
  machineSpec,
  objectName,
  pausedColumn,
} from "./group.ts";

const schema = once(() => {
  const nodeInfo = object(
    {
      architecture: string,
      bootID: string,
      containerRuntimeVersion: string,
      kernelVersion: string,
      kubeProxyVersion: string,
      kubeletVersion: string,
      machineID: string,
      operatingSystem: string,
      osImage: string,
      swap: object({ capacity: int64 }),
      systemUUID: string,
    },
    [
      "architecture",
      "bootID",
      "containerRuntimeVersion",
      "kernelVersion",
      "kubeProxyVersion",
      "kubeletVersion",
      "machineID",
      "operatingSystem",
      "osImage",
      "systemUUID",
    ],
  );
  return object(
    {
      spec: machineSpec(),
      status: filled(
        object({
          addresses: limit(machineAddresses(), { maxItems: 256 }),
          certificatesExpiryDate: dateTime,
          conditions: conditions(),
          deletion: object({
            nodeDrainStartTime: dateTime,
            waitForNodeVolumeDetachStartTime: dateTime,
            waitForPreDrainHookStartTime: dateTime,
            waitForPreTerminateHookStartTime: dateTime,
          }),
          deprecated: object({ v1beta1: object(deprecated()) }),
          failureDomain: text(1, 256),
          initialization: filled(
            object({ bootstrapDataSecretCreated: boolean, infrastructureProvisioned: boolean }),
          ),
          lastUpdated: dateTime,
          nodeInfo,
          nodeRef: object({ name: objectName }, ["name"]),
          observedGeneration: generation,
          phase: oneOf(
            "Pending",
            "Provisioning",
            "Provisioned",
            "Running",
            "Updating",
            "Deleting",
            "Deleted",
            "Failed",
            "Unknown",
          ),
        }),
      ),
    },
    ["spec"],
  );
});

export type Machine = KubeObject & FromSchema<ReturnType<typeof schema>>;

const wide = (name: string, jsonPath: string) => ({ ...column(name, jsonPath), priority: 10 });

export const machines: ResourceDefinition<Machine> = {
  ...capi,
  kind: "Machine",
  plural: "machines",
  singular: "machine",
  shortNames: ["ma"],
  schema,
  statusSubresource: true,
  printerColumns: [
    column("Cluster", ".spec.clusterName"),
    column("Node Name", ".status.nodeRef.name"),
    wide("Provider ID", ".spec.providerID"),
    column("Failure domain", ".status.failureDomain"),
    conditionColumn("Ready", "Ready"),
    conditionColumn("Available", "Available"),
    conditionColumn("Up-to-date", "UpToDate"),
    wide("Internal-IP", '.status.addresses[?(@.type=="InternalIP")].address'),
    wide("External-IP", '.status.addresses[?(@.type=="ExternalIP")].address'),
    wide("OS-Image", ".status.nodeInfo.osImage"),
    pausedColumn,
    column("Phase", ".status.phase"),
    ageColumn(),
    column("Version", ".spec.version"),
  ],
};
