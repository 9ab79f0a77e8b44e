/** The types of machines on Harvester. */
import type { ResourceDefinition } from "../../resource.ts";
import { machineConfigs, machineTemplatesOf, machinesOf } from "./machine-driver.ts";
import type { MachineConfig, MachineDriver } from "./machine-driver.ts";

const driver: MachineDriver = {
  name: "harvester",
  fields: {
    cloudConfig: "",
    clusterId: "",
    clusterName: "",
    clusterType: "",
    cpuCount: "2",
    cpuModel: "",
    cpuPinning: false,
    diskBus: "",
    diskInfo: "",
    diskSize: "0",
    enableEfi: false,
    enableSecureBoot: false,
    enableTpm: false,
    imageName: "",
    isolateEmulatorThread: false,
    keyPairName: "",
    kubeconfigContent: "",
    memorySize: "4",
    networkData: "",
    networkInfo: "",
    networkModel: "",
    networkName: "",
    networkType: "",
    reservedMemorySize: "-1",
    sshPassword: "",
    sshPort: "22",
    sshPrivateKeyPath: "",
    sshUser: "root",
    userData: "",
    vgpuInfo: "",
    vmAffinity: "",
    vmNamespace: "default",
  },
  secrets: ["kubeconfigContent", "sshPassword"],
};

export const harvesterConfigs: ResourceDefinition<MachineConfig> = machineConfigs(driver);
export const harvesterMachines: ResourceDefinition = machinesOf(driver);
export const harvesterMachineTemplates: ResourceDefinition = machineTemplatesOf(driver);
