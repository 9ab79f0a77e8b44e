/** The types of machines on Azure. */
import type { ResourceDefinition } from "../../resource.ts";
import { machineConfigs, machineTemplatesOf, machinesOf } from "./machine-driver.ts";
import type { MachineConfig, MachineDriver } from "./machine-driver.ts";

const driver: MachineDriver = {
  name: "azure",
  fields: {
    acceleratedNetworking: false,
    availabilitySet: "docker-machine",
    availabilityZone: "",
    clientId: "",
    clientSecret: "",
    customData: "",
    diskSize: "30",
    dns: "",
    dockerPort: "2376",
    enablePublicIpStandardSku: false,
    environment: "AzurePublicCloud",
    faultDomainCount: "3",
    image: "canonical:ubuntu-24_04-lts:server-gen1:latest",
    location: "westus",
    managedDisks: false,
    noPublicIp: false,
    nsg: "",
    openPort: [],
    plan: "",
    privateIpAddress: "",
    resourceGroup: "docker-machine",
    size: "Standard_D2_v2",
    sshUser: "docker-user",
    staticPublicIp: false,
    storageType: "Standard_LRS",
    subnet: "docker-machine",
    subnetPrefix: "192.168.0.0/16",
    subscriptionId: "",
    tags: "",
    tenantId: "",
    updateDomainCount: "5",
    usePrivateIp: false,
    vnet: "docker-machine-vnet",
  },
  secrets: ["clientSecret"],
};

export const azureConfigs: ResourceDefinition<MachineConfig> = machineConfigs(driver);
export const azureMachines: ResourceDefinition = machinesOf(driver);
export const azureMachineTemplates: ResourceDefinition = machineTemplatesOf(driver);
