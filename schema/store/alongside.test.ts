import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Sql } from "postgres";
import { migratedSql } from "../../test/setup/database.ts";
import type { KubeObject } from "../object.ts";
import { capiClusters } from "../resources/cluster.x-k8s.io/clusters.ts";
import { machineDeployments } from "../resources/cluster.x-k8s.io/machine-deployments.ts";
import type { MachineDeployment } from "../resources/cluster.x-k8s.io/machine-deployments.ts";
import { namespaces } from "../resources/core/namespaces.ts";
import { secrets } from "../resources/core/secrets.ts";
import { podSecurityTemplates } from "../resources/management.cattle.io/pod-security-templates.ts";
import { provisioningClusters } from "../resources/provisioning.cattle.io/clusters.ts";
import type { ProvisioningCluster } from "../resources/provisioning.cattle.io/clusters.ts";
import { registry } from "../resources/registry.ts";
import { createSealer } from "../seal/sealer.ts";
import { commitBatch } from "./commit.ts";
import { createStore } from "./store.ts";
import type { BoundStore } from "./store.ts";

const everything = [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }];
const sealer = createSealer({ current: "k1", keys: new Map([["k1", new Uint8Array(32).fill(1)]]) });
const namespace = "fleet-default";

let sql: Sql;
let stop: () => Promise<void>;
let store: BoundStore;
/** Called before the next commit. */
let beforeCommit: () => Promise<unknown> = async () => undefined;

beforeAll(async () => {
  ({ sql, stop } = await migratedSql());
  store = createStore({
    sql: () => sql,
    commit: async (items) => {
      const hook = beforeCommit;
      beforeCommit = async () => undefined;
      await hook();
      return commitBatch(sql, items);
    },
    sealer,
    registry,
    workOf: () => [],
    now: () => new Date(),
  }).as({ name: "u-abcde", groups: [], rules: everything });
  await store.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  await store.create(podSecurityTemplates, {
    apiVersion: "management.cattle.io/v3",
    kind: "PodSecurityAdmissionConfigurationTemplate",
    metadata: { name: "restricted" },
    configuration: { defaults: { enforce: "restricted" }, exemptions: { namespaces: ["kube-system"] } },
  } as KubeObject);
});
afterAll(() => stop());

const cluster = (name: string, spec: ProvisioningCluster["spec"] = {}): ProvisioningCluster => ({
  apiVersion: "provisioning.cattle.io/v1",
  kind: "Cluster",
  metadata: { name, namespace },
  spec: { kubernetesVersion: "v1.34.1+rke2r1", rkeConfig: {}, ...spec },
});
const withTemplate = { defaultPodSecurityAdmissionConfigurationTemplateName: "restricted" };
const secretOf = async (name: string) =>
  store.get(secrets, namespace, `${name}-admission-configuration-psact`);

describe("what a type brings along", () => {
  it("is committed with its object: the Secret of a cluster's pod security template", async () => {
    await store.create(provisioningClusters, cluster("one", withTemplate));
    const secret = await secretOf("one");
    expect(secret.metadata).toMatchObject({
      labels: { "resources.cattle.io/backup": "true" },
      annotations: { "rke.cattle.io/object-authorized-for-clusters": "one" },
    });
    const file = JSON.parse(atob(secret.data?.["admission-config-psact"] ?? "")) as object;
    expect(file).toMatchObject({
      apiVersion: "apiserver.config.k8s.io/v1",
      kind: "AdmissionConfiguration",
      plugins: [
        {
          name: "PodSecurity",
          configuration: {
            apiVersion: "pod-security.admission.config.k8s.io/v1",
            kind: "PodSecurityConfiguration",
            defaults: { enforce: "restricted" },
          },
        },
      ],
    });
    const [row] = await sql<{ count: number }[]>`
      select count(distinct item_id)::int as count from events
      where name like 'one%' and (type = 'secrets' or type = 'clusters.provisioning.cattle.io')`;
    expect(row?.count).toBe(1);
  });

  it("goes with what called for it", async () => {
    await store.create(provisioningClusters, cluster("two", withTemplate));
    await store.modify(provisioningClusters, namespace, "two", ({ spec, ...rest }) => ({
      ...rest,
      spec: { ...spec, defaultPodSecurityAdmissionConfigurationTemplateName: "" },
    }));
    await expect(secretOf("two")).rejects.toMatchObject({ code: "NotFound" });
    await store.create(provisioningClusters, cluster("three", withTemplate));
    await store.delete(provisioningClusters, namespace, "three");
    await expect(secretOf("three")).rejects.toMatchObject({ code: "NotFound" });
  });

  it("is not made where its object is refused, nor in a dry run", async () => {
    const wrong = { ...withTemplate, cloudCredentialSecretName: "cc", kubernetesVersion: "1" };
    await expect(store.create(provisioningClusters, cluster("four", wrong))).rejects.toMatchObject({
      code: "Invalid",
    });
    await store.create(provisioningClusters, cluster("four", withTemplate), { dryRun: true });
    await expect(secretOf("four")).rejects.toMatchObject({ code: "NotFound" });
  });

  it("is judged again when it moved meanwhile: nobody asked for it, so nobody gets its conflict", async () => {
    const made = await store.create(provisioningClusters, cluster("raced", withTemplate));
    const { name } = (await secretOf("raced")).metadata;
    await store.modify(podSecurityTemplates, "", "restricted", (template) => ({
      ...template,
      description: "another",
      configuration: { ...template.configuration, defaults: { enforce: "baseline" } },
    }));
    beforeCommit = async () =>
      store.modify(secrets, namespace, name, ({ metadata, ...rest }) => ({
        ...rest,
        metadata: { ...metadata, labels: { ...metadata.labels, mine: "too" } },
      }));
    // It names the version that it changes: a conflict would be its answer.
    await store.update(provisioningClusters, made);
    const secret = await secretOf("raced");
    expect(secret.metadata.labels).toMatchObject({ mine: "too" });
    expect(atob(secret.data?.["admission-config-psact"] ?? "")).toContain('"baseline"');
  });
});

describe("scaling a MachineDeployment", () => {
  const poolCluster = (name: string) =>
    cluster(name, {
      rkeConfig: { machinePools: [{ name: "pool", quantity: 1, machineConfigRef: { name: "m" } }] },
    });
  const quantityOf = async (name: string) =>
    (await store.get(provisioningClusters, namespace, name)).spec?.rkeConfig?.machinePools?.[0]?.quantity;
  const scale = async (name: string, replicas: number) =>
    store.modify(
      machineDeployments,
      namespace,
      `${name}-pool`,
      ({ spec, ...rest }) => ({ ...rest, spec: { ...spec, replicas } }),
      { subresource: "scale" },
    );
  const make = async (name: string): Promise<void> => {
    const { metadata } = await store.create(provisioningClusters, poolCluster(name));
    const reference = (kind: string) => ({ apiGroup: "rke.cattle.io", kind, name });
    await store.create(capiClusters, {
      apiVersion: "cluster.x-k8s.io/v1beta2",
      kind: "Cluster",
      metadata: {
        name,
        namespace,
        ownerReferences: [
          { apiVersion: "provisioning.cattle.io/v1", kind: "Cluster", name, uid: metadata.uid ?? "" },
        ],
      },
      spec: { infrastructureRef: reference("RKECluster") },
    });
    const deployment: MachineDeployment = {
      apiVersion: "cluster.x-k8s.io/v1beta2",
      kind: "MachineDeployment",
      metadata: { name: `${name}-pool`, namespace },
      spec: {
        clusterName: name,
        replicas: 1,
        selector: {},
        template: {
          metadata: {
            labels: { "cluster.x-k8s.io/cluster-name": name, "rke.cattle.io/rke-machine-pool-name": "pool" },
          },
          spec: {
            clusterName: name,
            bootstrap: { configRef: reference("RKEBootstrapTemplate") },
            infrastructureRef: reference("CustomMachine"),
          },
        },
      },
    };
    await store.create(machineDeployments, deployment);
  };

  it("scales its machine pool too; setting its replicas does not", async () => {
    await make("pools");
    await scale("pools", 3);
    expect(await quantityOf("pools")).toBe(3);
    await store.modify(machineDeployments, namespace, "pools-pool", ({ spec, ...rest }) => ({
      ...rest,
      spec: { ...spec, replicas: 5 },
    }));
    expect(await quantityOf("pools")).toBe(3);
  });

  it("takes back nothing that somebody changed in the cluster meanwhile", async () => {
    await make("scaled");
    beforeCommit = async () =>
      store.modify(provisioningClusters, namespace, "scaled", ({ spec, ...rest }) => ({
        ...rest,
        spec: { ...spec, enableNetworkPolicy: true },
      }));
    await scale("scaled", 4);
    const { spec } = await store.get(provisioningClusters, namespace, "scaled");
    expect(spec).toMatchObject({ enableNetworkPolicy: true });
    expect(await quantityOf("scaled")).toBe(4);
  });
});
