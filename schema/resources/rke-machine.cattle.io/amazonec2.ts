/** The types of machines on Amazon EC2. */
import type { ResourceDefinition } from "../../resource.ts";
import { machineConfigs, machineTemplatesOf, machinesOf } from "./machine-driver.ts";
import type { MachineConfig, MachineDriver } from "./machine-driver.ts";

const driver: MachineDriver = {
  name: "amazonec2",
  fields: {
    accessKey: "",
    ami: "",
    blockDurationMinutes: "0",
    deviceName: "",
    enablePrimaryIpv6: false,
    encryptEbsVolume: false,
    endpoint: "",
    httpEndpoint: "",
    httpProtocolIpv6: "disabled",
    httpTokens: "",
    iamInstanceProfile: "",
    insecureTransport: false,
    instanceType: "t2.micro",
    ipv6AddressCount: "0",
    ipv6AddressOnly: false,
    keypairName: "",
    kmsKey: "",
    monitoring: false,
    openPort: [],
    privateAddressOnly: false,
    region: "us-east-1",
    requestSpotInstance: false,
    retries: "5",
    rootSize: "16",
    secretKey: "",
    securityGroup: ["rancher-nodes"],
    securityGroupReadonly: false,
    sessionToken: "",
    spotPrice: "0.50",
    sshKeyContents: "",
    sshUser: "ubuntu",
    subnetId: "",
    tags: "",
    useEbsOptimizedInstance: false,
    usePrivateAddress: false,
    userdata: "",
    volumeType: "gp2",
    vpcId: "",
    zone: "a",
  },
  secrets: ["secretKey", "sessionToken", "sshKeyContents"],
};

export const amazonec2Configs: ResourceDefinition<MachineConfig> = machineConfigs(driver);
export const amazonec2Machines: ResourceDefinition = machinesOf(driver);
export const amazonec2MachineTemplates: ResourceDefinition = machineTemplatesOf(driver);
