/** What every installation has besides its administrator (controllers.md 1.4). */
import { env as bindings } from "cloudflare:workers";
import { beforeAll, expect, it } from "vitest";
import { typeKey } from "../../schema/resource.ts";
import { clusterRepos } from "../../schema/resources/catalog.cattle.io/cluster-repos.ts";
import type { ClusterRepo } from "../../schema/resources/catalog.cattle.io/cluster-repos.ts";
import { namespaces } from "../../schema/resources/core/namespaces.ts";
import { authConfigs } from "../../schema/resources/management.cattle.io/auth-configs.ts";
import type { AuthConfig } from "../../schema/resources/management.cattle.io/auth-configs.ts";
import { clusters } from "../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../schema/resources/management.cattle.io/clusters.ts";
import { dynamicSchemas } from "../../schema/resources/management.cattle.io/dynamic-schemas.ts";
import { kontainerDrivers } from "../../schema/resources/management.cattle.io/kontainer-drivers.ts";
import type { KontainerDriver } from "../../schema/resources/management.cattle.io/kontainer-drivers.ts";
import { nodeDrivers } from "../../schema/resources/management.cattle.io/node-drivers.ts";
import type { NodeDriver } from "../../schema/resources/management.cattle.io/node-drivers.ts";
import { podSecurityTemplates } from "../../schema/resources/management.cattle.io/pod-security-templates.ts";
import type { PodSecurityTemplate } from "../../schema/resources/management.cattle.io/pod-security-templates.ts";
import { proxyEndpoints } from "../../schema/resources/management.cattle.io/proxy-endpoints.ts";
import type { ProxyEndpoint } from "../../schema/resources/management.cattle.io/proxy-endpoints.ts";
import { settings } from "../../schema/resources/management.cattle.io/settings.ts";
import type { Setting } from "../../schema/resources/management.cattle.io/settings.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import type { Env } from "../env.ts";
import { systemActor } from "../http/context.ts";
import { workOf } from "../scheduled/registry.ts";
import { openStore } from "../store/open-store.ts";
import { seed } from "./seed.ts";

const env = {
  ...(bindings as unknown as Env),
  DROVER_KEYS: JSON.stringify({ current: "k1", keys: { k1: btoa("0123456789abcdef0123456789abcdef") } }),
  DROVER_LOG_LEVEL: "error",
} as Env;
let store: BoundStore;
const revision = async (): Promise<number> => (await store.texts.revision()).revision;

beforeAll(async () => {
  await seed(env, {});
  store = openStore(env).as(systemActor("test"));
});

it("has 17 providers, of which the local one is on; templates; endpoints; repositories", async () => {
  const { items } = await store.list<AuthConfig>(authConfigs, {});
  expect(items).toHaveLength(17);
  expect(items.filter(({ enabled }) => enabled === true).map(({ metadata }) => metadata.name)).toEqual([
    "local",
  ]);
  const restricted = await store.get<PodSecurityTemplate>(podSecurityTemplates, "", "rancher-restricted");
  expect(restricted.configuration?.exemptions?.namespaces).toHaveLength(23);
  const aws = await store.get<ProxyEndpoint>(proxyEndpoints, "", "rancher-aws-endpoints");
  expect(aws.spec?.routes).toHaveLength(13);
  const repos = (await store.list<ClusterRepo>(clusterRepos, {})).items;
  expect(repos.map(({ metadata, spec }) => `${metadata.name} ${spec.gitRepo} ${spec.gitBranch}`)).toEqual([
    "rancher-charts https://git.rancher.io/charts release-v2.15",
    "rancher-partner-charts https://git.rancher.io/partner-charts main",
    "rancher-rke2-charts https://git.rancher.io/rke2-charts main",
  ]);
});

it("has drivers, the fields of their credentials, and which operators there are", async () => {
  const machines = (await store.list<NodeDriver>(nodeDrivers, {})).items;
  expect(machines).toHaveLength(19);
  expect(machines.filter(({ spec }) => spec.active).map(({ metadata }) => metadata.name)).toEqual([
    "amazonec2",
    "azure",
    "digitalocean",
    "harvester",
    "vmwarevsphere",
  ]);
  expect(machines[0]?.metadata.annotations).toMatchObject({
    publicCredentialFields: "accessKey",
    "nodedriver.cattle.io/file-to-field-aliases": "sshKeyContents:sshKeypath,userdata:userdata",
  });
  const hosted = (await store.list<KontainerDriver>(kontainerDrivers, {})).items;
  expect(hosted.map(({ spec }) => spec?.active)).toEqual([false, false, false]);
  expect(await store.get(dynamicSchemas, "", "alibabacredentialconfig")).toMatchObject({
    spec: { resourceFields: { accessKeySecret: { type: "password", create: true, update: true } } },
  });
  const operators = await store.get<Setting>(settings, "", "kev2-operators");
  expect(JSON.parse(operators.value ?? "")).toContainEqual({ name: "alibaba", active: false });
});

it("has the cluster local, with its namespace, for which no agent registers", async () => {
  const local = await store.get<Cluster>(clusters, "", "local");
  expect(local).toMatchObject({
    spec: { internal: true, displayName: "local", fleetWorkspaceName: "fleet-local" },
    status: { driver: "local", conditions: [{ type: "Ready", status: "True" }] },
  });
  expect(await store.get(namespaces, "", "local")).toMatchObject({
    metadata: { ownerReferences: [{ kind: "Cluster", name: "local", uid: local.metadata.uid }] },
  });
  const work = workOf(typeKey(clusters), undefined, local, new Date()).map(({ controller }) => controller);
  expect(work).not.toContain("registration-tokens");
  expect(work).not.toContain("cluster-lifecycle");
  await expect(store.delete(clusters, "", "local")).rejects.toMatchObject({ code: "Invalid" });
});

it("writes nothing at the next start", async () => {
  const before = await revision();
  await seed(env, {});
  expect(await revision()).toBe(before);
});

it("puts right what is the server's, and keeps what is somebody's", async () => {
  await store.modify<AuthConfig>(authConfigs, "", "github", (current) => ({
    ...current,
    enabled: true,
    logoutAllSupported: true,
  }));
  await store.modify<PodSecurityTemplate>(podSecurityTemplates, "", "rancher-restricted", (current) => ({
    ...current,
    configuration: { ...current.configuration, exemptions: { namespaces: ["mine", "kube-system"] } },
  }));
  await store.modify<ClusterRepo>(clusterRepos, "", "rancher-charts", (current) => ({
    ...current,
    spec: { ...current.spec, gitBranch: "other", refreshInterval: 60 },
  }));
  await store.modify<NodeDriver>(nodeDrivers, "", "linode", (current) => ({
    ...current,
    metadata: { ...current.metadata, annotations: { ...current.metadata.annotations, mine: "1" } },
    spec: { ...current.spec, active: true, url: "https://example.com/driver" },
  }));
  for (const [name, value] of [
    ["partner-chart-default-url", "https://git.example.com/partners"],
    ["disable-default-proxy-endpoints", "rancher-linode-endpoints"],
  ] as const)
    await store.modify<Setting>(settings, "", name, (current) => ({ ...current, value }));

  await seed(env, {});

  expect(await store.get<AuthConfig>(authConfigs, "", "github")).toMatchObject({
    enabled: true,
    logoutAllSupported: false,
  });
  const restricted = await store.get<PodSecurityTemplate>(podSecurityTemplates, "", "rancher-restricted");
  expect(restricted.configuration?.exemptions?.namespaces).toHaveLength(24);
  expect((await store.get<ClusterRepo>(clusterRepos, "", "rancher-charts")).spec).toMatchObject({
    gitBranch: "release-v2.15",
    refreshInterval: 60,
  });
  expect((await store.get<ClusterRepo>(clusterRepos, "", "rancher-partner-charts")).spec.gitRepo).toBe(
    "https://git.example.com/partners",
  );
  const { metadata, spec } = await store.get<NodeDriver>(nodeDrivers, "", "linode");
  expect(metadata.annotations).toMatchObject({ mine: "1", privateCredentialFields: "token" });
  expect(spec).toMatchObject({ active: true, builtin: false });
  expect(spec.url).toContain("docker-machine-driver-linode");
  await expect(store.get(proxyEndpoints, "", "rancher-linode-endpoints")).rejects.toMatchObject({
    code: "NotFound",
  });
});
