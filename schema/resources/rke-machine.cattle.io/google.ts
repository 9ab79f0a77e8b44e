/** The types of machines on Google Compute Engine. */
import type { ResourceDefinition } from "../../resource.ts";
import { machineConfigs, machineTemplatesOf, machinesOf } from "./machine-driver.ts";
import type { MachineConfig, MachineDriver } from "./machine-driver.ts";

const driver: MachineDriver = {
  name: "google",
  fields: {
    address: "",
    authEncodedJson: "",
    diskSize: "10",
    diskType: "pd-standard",
    externalFirewallRulePrefix: "",
    internalFirewallRulePrefix: "",
    machineImage: "ubuntu-os-cloud/global/images/ubuntu-2204-jammy-v20220420",
    machineType: "n1-standard-1",
    network: "default",
    openPort: [],
    preemptible: false,
    project: "",
    scopes:
      "https://www.googleapis.com/auth/devstorage.read_only,https://www.googleapis.com/auth/logging.write,https://www.googleapis.com/auth/monitoring.write",
    subnetwork: "",
    tags: "",
    useExisting: false,
    useInternalIp: false,
    useInternalIpOnly: false,
    userdata: "",
    username: "docker-user",
    vmLabels: "",
    zone: "us-central1-a",
  },
  secrets: ["authEncodedJson"],
};

export const googleConfigs: ResourceDefinition<MachineConfig> = machineConfigs(driver);
export const googleMachines: ResourceDefinition = machinesOf(driver);
export const googleMachineTemplates: ResourceDefinition = machineTemplatesOf(driver);
