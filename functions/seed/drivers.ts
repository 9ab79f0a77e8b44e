/** Drivers of machines and of hosted clusters, and the fields of their credentials (controllers.md 1.4). */
import { same } from "../../schema/patch/values.ts";
import { dynamicSchemas } from "../../schema/resources/management.cattle.io/dynamic-schemas.ts";
import type { DynamicSchema } from "../../schema/resources/management.cattle.io/dynamic-schemas.ts";
import { kontainerDrivers } from "../../schema/resources/management.cattle.io/kontainer-drivers.ts";
import type { KontainerDriver } from "../../schema/resources/management.cattle.io/kontainer-drivers.ts";
import { nodeDrivers } from "../../schema/resources/management.cattle.io/node-drivers.ts";
import type { NodeDriver } from "../../schema/resources/management.cattle.io/node-drivers.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { ensure } from "./ensure.ts";
import { nodeDriverFacts } from "./node-drivers.ts";
import type { NodeDriverFacts } from "./node-drivers.ts";

const apiVersion = "management.cattle.io/v3";

/** Whether one is switched on is the administrator's, and annotations of his stay; all else is ours. */
export function seedNodeDrivers(store: BoundStore): Promise<void> {
  return ensure<NodeDriver>(
    store,
    nodeDrivers,
    Object.entries(nodeDriverFacts).map(([name, facts]) => nodeDriver(name, facts)),
    (current, wanted) => {
      const { annotations: held = {} } = current.metadata;
      const annotations = { ...held, ...wanted.metadata.annotations };
      const spec = { ...current.spec, ...wanted.spec, active: current.spec.active };
      if (same(held, annotations) && same(current.spec, spec)) return undefined;
      return { ...current, metadata: { ...current.metadata, annotations }, spec };
    },
  );
}

function nodeDriver(name: string, facts: NodeDriverFacts): NodeDriver {
  const annotations = {
    publicCredentialFields: facts.public,
    privateCredentialFields: facts.private,
    optionalCredentialFields: facts.optional,
    passwordFields: facts.passwords,
    defaults: facts.defaults,
    "nodedriver.cattle.io/file-to-field-aliases": facts.files,
  };
  return {
    apiVersion,
    kind: "NodeDriver",
    metadata: {
      name,
      annotations: Object.fromEntries(
        Object.entries(annotations).filter((entry): entry is [string, string] => entry[1] !== undefined),
      ),
    },
    spec: {
      displayName: name,
      url: facts.url ?? "local://",
      checksum: facts.checksum ?? "",
      whitelistDomains: [...(facts.domains ?? [])],
      builtin: facts.builtin ?? facts.url === undefined,
      addCloudCredential: facts.addCloudCredential ?? false,
      active: facts.active ?? false,
    },
  };
}

const hostedDrivers: readonly (readonly [name: string, url: string, checksum: string, domain: string])[] = [
  [
    "linodekubernetesengine",
    "https://github.com/linode/kontainer-engine-driver-lke/releases/download/v0.0.13/kontainer-engine-driver-lke-linux-amd64",
    "b17337edeb3b3d4d4f007836e0f9dd946e51eb5cf0945f51f6d48e74123883b5",
    "api.linode.com",
  ],
  [
    "opentelekomcloudcontainerengine",
    "https://otc-rancher.obs.eu-de.otc.t-systems.com/cluster/driver/1.1.1/kontainer-engine-driver-otccce_linux_amd64.tar.gz",
    "0998586e1949c826430b10d6b78ee74f2a97769bede0bdd1178c1865a2607065",
    "*.otc.t-systems.com",
  ],
  [
    "oraclecontainerengine",
    "https://github.com/rancher-plugins/kontainer-engine-driver-oke/releases/download/v1.8.8/kontainer-engine-driver-oke-linux",
    "be98aae12bb4834867dc190aac7078a4caa8236b8ee54bb86215b4f890d83865",
    "*.oraclecloud.com",
  ],
];

/** Made when absent, then the administrator's. */
export function seedKontainerDrivers(store: BoundStore): Promise<void> {
  return ensure<KontainerDriver>(
    store,
    kontainerDrivers,
    hostedDrivers.map(([name, url, checksum, domain]) => ({
      apiVersion,
      kind: "KontainerDriver",
      metadata: { name },
      spec: { url, checksum, whitelistDomains: [domain], builtIn: false, active: false, uiUrl: "" },
      status: { displayName: name },
    })),
  );
}

const credentials = "credentialconfig";

/** Alibaba's operator has no machine driver from which the fields of its credential would come. */
export function seedCredentialSchemas(store: BoundStore): Promise<void> {
  const alibaba = `alibaba${credentials}`;
  const field = (type: string) => ({ type, create: true, update: true });
  return ensure<DynamicSchema>(
    store,
    dynamicSchemas,
    [
      schemaObject(alibaba, {
        resourceFields: { accessKeyId: field("string"), accessKeySecret: field("password") },
      }),
      schemaObject(credentials, {
        resourceFields: { alibabacredentialConfig: { ...field(alibaba), nullable: true } },
        embed: true,
        embedType: "cloudCredential",
      }),
    ],
    (current, wanted) => {
      const held = current.spec?.resourceFields ?? {};
      const missing = Object.entries(wanted.spec?.resourceFields ?? {}).filter(
        ([name]) => !Object.hasOwn(held, name),
      );
      if (missing.length === 0) return undefined;
      return {
        ...current,
        spec: { ...current.spec, resourceFields: { ...held, ...Object.fromEntries(missing) } },
      };
    },
  );
}

function schemaObject(name: string, spec: NonNullable<DynamicSchema["spec"]>): DynamicSchema {
  return { apiVersion, kind: "DynamicSchema", metadata: { name }, spec };
}
