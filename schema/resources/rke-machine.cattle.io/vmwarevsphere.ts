/** The types of machines on VMware vSphere. */
import type { ResourceDefinition } from "../../resource.ts";
import { machineConfigs, machineTemplatesOf, machinesOf } from "./machine-driver.ts";
import type { MachineConfig, MachineDriver } from "./machine-driver.ts";

const driver: MachineDriver = {
  name: "vmwarevsphere",
  fields: {
    boot2dockerUrl: "",
    cfgparam: [],
    cloneFrom: "",
    cloudConfig: "",
    cloudinit: "",
    contentLibrary: "",
    cpuCount: "2",
    creationType: "legacy",
    customAttribute: [],
    datacenter: "",
    datastore: "",
    datastoreCluster: "",
    diskSize: "20480",
    folder: "",
    gracefulShutdownTimeout: "0",
    hostsystem: "",
    memorySize: "2048",
    network: [],
    os: "linux",
    password: "",
    pool: "",
    sshPassword: "tcuser",
    sshPort: "22",
    sshUser: "docker",
    sshUserGroup: "staff",
    tag: [],
    username: "",
    vappIpallocationpolicy: "",
    vappIpprotocol: "",
    vappProperty: [],
    vappTransport: "",
    vcenter: "",
    vcenterPort: "443",
  },
  secrets: ["password", "sshPassword"],
};

export const vmwarevsphereConfigs: ResourceDefinition<MachineConfig> = machineConfigs(driver);
export const vmwarevsphereMachines: ResourceDefinition = machinesOf(driver);
export const vmwarevsphereMachineTemplates: ResourceDefinition = machineTemplatesOf(driver);
