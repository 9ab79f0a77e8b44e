/**
 * Which machine drivers the ecosystem has, where their programs are and which of their fields are credentials (controllers.md
 * 1.4; Rancher's machinedriver_data.go of August 2026, amd64). Data alone: clients list and switch them.
 */

export interface NodeDriverFacts {
  /** Absent: part of rancher-machine. */
  readonly url?: string;
  readonly checksum?: string;
  /** Hosts that its forms ask. */
  readonly domains?: readonly string[];
  /** Switched on in a new installation. */
  readonly active?: boolean;
  /** Absent: whether it is part of rancher-machine. */
  readonly builtin?: boolean;
  readonly addCloudCredential?: boolean;
  readonly public?: string;
  readonly private?: string;
  readonly optional?: string;
  readonly passwords?: string;
  readonly defaults?: string;
  /** Of fields that hold a file's content, to the driver's that names the file. */
  readonly files?: string;
}

const github = "https://github.com";

export const nodeDriverFacts: Readonly<Record<string, NodeDriverFacts>> = {
  amazonec2: {
    active: true,
    addCloudCredential: true,
    domains: [
      "iam.amazonaws.com",
      "iam.us-gov.amazonaws.com",
      "iam.%.amazonaws.com.cn",
      "iam.global.api.aws",
      ...["ec2", "eks", "kms"].flatMap((service) =>
        ["amazonaws.com", "amazonaws.com.cn", "api.aws"].map((domain) => `${service}.%.${domain}`),
      ),
    ],
    public: "accessKey",
    private: "secretKey",
    files: "sshKeyContents:sshKeypath,userdata:userdata",
  },
  azure: {
    active: true,
    addCloudCredential: true,
    public: "clientId,subscriptionId,tenantId,environment",
    private: "clientSecret",
    optional: "tenantId",
    files: "customData:customData",
  },
  cloudca: {
    url: `${github}/cloud-ca/docker-machine-driver-cloudca/files/2446837/docker-machine-driver-cloudca_v2.0.0_linux-amd64.zip`,
    checksum: "1757e2b807b0fea4a38eade4e961bcc609853986a44a99a4e86a37ccea1f7679",
    domains: ["objects-east.cloud.ca"],
  },
  cloudscale: {
    url: `${github}/cloudscale-ch/docker-machine-driver-cloudscale/releases/download/v1.2.0/docker-machine-driver-cloudscale_v1.2.0_linux_amd64.tar.gz`,
    checksum: "e33fbd6c2f87b1c470bcb653cc8aa50baf914a9d641a2f18f86a07c398cfb544",
    domains: ["objects.rma.cloudscale.ch"],
  },
  digitalocean: {
    active: true,
    domains: ["api.digitalocean.com"],
    private: "accessToken",
    files: "sshKeyContents:sshKeyPath,userdata:userdata",
  },
  exoscale: {
    domains: ["api.exoscale.ch"],
    public: "apiKey",
    private: "apiSecretKey",
    files: "sshKey:sshKey,userdata:userdata",
  },
  google: {
    addCloudCredential: true,
    private: "authEncodedJson",
    files: "authEncodedJson:authEncodedJson,userdata:userdata",
  },
  harvester: {
    url: `${github}/harvester/docker-machine-driver-harvester/releases/download/v1.0.6/docker-machine-driver-harvester-amd64.tar.gz`,
    checksum: "7db00430a1c047e6627681446a99219815156e971043ba7a22a083d69fafe44a",
    domains: ["github.com"],
    active: true,
    builtin: true,
    public: "clusterType,clusterId",
    private: "kubeconfigContent",
    optional: "clusterId",
    defaults: "clusterType:imported",
  },
  linode: {
    url: `${github}/linode/docker-machine-driver-linode/releases/download/v0.1.16/docker-machine-driver-linode_linux-amd64.zip`,
    checksum: "d9c3b8c389a022b0e5c5e8912496c18a673fa74bb52ec6ab51c0a93e0f4de06d",
    domains: ["api.linode.com"],
    private: "token",
    passwords: "rootPass",
  },
  nutanix: {
    url: `${github}/nutanix/docker-machine/releases/download/v3.8.0/docker-machine-driver-nutanix`,
    checksum: "ad18a0150f37e6cf0aef99a529f9541be72daa9e6dc3dad835d095d44e600f6a",
    domains: ["nutanix.github.io"],
    public: "endpoint,username,port",
    private: "password",
  },
  oci: {
    url: `${github}/rancher-plugins/rancher-machine-driver-oci/releases/download/v1.3.0/docker-machine-driver-oci-linux`,
    checksum: "0a1afa6a0af85ecf3d77cc554960e36e1be5fd12b22b0155717b9289669e4021",
    domains: ["*.oraclecloud.com"],
    public: "tenancyId,userId,fingerprint",
    private: "privateKeyContents",
    passwords: "privateKeyPassphrase",
  },
  openstack: {
    private: "password",
    files: "cacert:cacert,privateKeyFile:privateKeyFile,userDataFile:userDataFile",
  },
  otc: {
    url: "https://otc-rancher.obs.eu-de.otc.t-systems.com/node/driver/0.3.3/docker-machine-driver-otc_0.3.3_linux_amd64.tar.gz",
    checksum: "2151670a96e3ee71aedcfb5a1b73804a4772c3f9ca7f714f2a572d3868a648d1",
    domains: ["*.otc.t-systems.com"],
    public: "accessKey,username",
    private: "secretKey,password,token",
    files: "privateKeyFile:privateKeyFile",
  },
  outscale: {
    url: `${github}/outscale/docker-machine-driver-outscale/releases/download/v0.2.0/docker-machine-driver-outscale_0.2.0_linux_amd64.zip`,
    checksum: "bb539ed4e2b0f1a1083b29cbdbab59bde3efed0a3145fefc0b2f47026c48bfe0",
    domains: ["oos.eu-west-2.outscale.com"],
    public: "accessKey,region",
    private: "secretKey",
  },
  packet: {
    url: `${github}/equinix/docker-machine-driver-metal/releases/download/v0.6.0/docker-machine-driver-metal_linux-amd64.zip`,
    checksum: "fad5e551a35d2ef2db742b07ca6d61bb9c9b574d322d3000f0c557d5fb90a734",
    domains: ["api.packet.net", "api.equinix.com", "rancher-drivers.equinixmetal.net"],
    private: "apiKey",
    files: "userdata:userdata",
  },
  pnap: {
    url: `${github}/phoenixnap/docker-machine-driver-pnap/releases/download/v0.5.1/docker-machine-driver-pnap_0.5.1_linux_amd64.zip`,
    checksum: "5847599c24c137975fd190747a15ad4db9529ae35059b60e5f8bc9a470d55229",
    domains: ["api.securedservers.com", "api.phoenixnap.com", "auth.phoenixnap.com"],
    public: "clientIdentifier",
    private: "clientSecret",
  },
  rackspace: { private: "apiKey" },
  softlayer: { private: "apiKey" },
  vmwarevsphere: {
    active: true,
    public: "username,vcenter,vcenterPort",
    private: "password",
    defaults: "vcenterPort:443",
    files: "cloudConfig:cloud-config",
  },
};
