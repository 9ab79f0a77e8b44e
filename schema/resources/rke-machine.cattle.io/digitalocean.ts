/** The types of machines on DigitalOcean. */
import type { ResourceDefinition } from "../../resource.ts";
import { machineConfigs, machineTemplatesOf, machinesOf } from "./machine-driver.ts";
import type { MachineConfig, MachineDriver } from "./machine-driver.ts";

const driver: MachineDriver = {
  name: "digitalocean",
  fields: {
    accessToken: "",
    backups: false,
    image: "ubuntu-20-04-x64",
    ipv6: false,
    monitoring: false,
    privateNetworking: false,
    region: "nyc3",
    size: "s-1vcpu-1gb",
    sshKeyContents: "",
    sshKeyFingerprint: "",
    sshPort: "22",
    sshUser: "root",
    tags: "",
    userdata: "",
  },
  secrets: ["accessToken", "sshKeyContents"],
};

export const digitaloceanConfigs: ResourceDefinition<MachineConfig> = machineConfigs(driver);
export const digitaloceanMachines: ResourceDefinition = machinesOf(driver);
export const digitaloceanMachineTemplates: ResourceDefinition = machineTemplatesOf(driver);
