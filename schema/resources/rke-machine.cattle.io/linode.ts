/** The types of machines on Linode. */
import type { ResourceDefinition } from "../../resource.ts";
import { machineConfigs, machineTemplatesOf, machinesOf } from "./machine-driver.ts";
import type { MachineConfig, MachineDriver } from "./machine-driver.ts";

const driver: MachineDriver = {
  name: "linode",
  fields: {
    authorizedUsers: "",
    createPrivateIp: false,
    dockerPort: "2376",
    image: "linode/ubuntu18.04",
    instanceType: "g6-standard-4",
    label: "",
    region: "us-east",
    rootPass: "",
    sshPort: "22",
    sshUser: "",
    stackscript: "",
    stackscriptData: "",
    swapSize: "512",
    tags: "",
    token: "",
    uaPrefix: "",
  },
  secrets: ["rootPass", "token"],
};

export const linodeConfigs: ResourceDefinition<MachineConfig> = machineConfigs(driver);
export const linodeMachines: ResourceDefinition = machinesOf(driver);
export const linodeMachineTemplates: ResourceDefinition = machineTemplatesOf(driver);
