/** Machine pools by a stock kubectl: found by short names and categories, explained, and scaled with their MachineDeployment. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import type { KubeObject } from "../../schema/object.ts";
import { kubectlOf, startLocal } from "./local.ts";
import type { Local } from "./local.ts";

const dir = join(import.meta.dirname, "../../schema/resources/samples");
const samples = ["cluster.x-k8s.io", "fleet.cattle.io", "rke.cattle.io"]
  .map((group) => `${group}.yaml`)
  .flatMap((file) => parseAllDocuments(readFileSync(join(dir, file), "utf8")))
  .map((document) => document.toJS() as KubeObject & { status?: object });

describe("machine pools by kubectl", () => {
  let local: Local;

  const { kubectl } = kubectlOf(() => local);
  /** As JSON: kubectl reads YAML 1.1, where a namespace `n` is false. */
  const create = (objects: readonly object[], ...more: string[]): Promise<string> =>
    kubectl(["create", "-f", "-", ...more], {
      input: JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }),
    });
  const namespace = (name: string) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } });

  beforeAll(async () => {
    local = await startLocal();
    const made = new Set((await kubectl(["get", "ns", "-o", "name"])).trim().split("\n"));
    const needed = new Set(samples.flatMap(({ metadata }) => metadata.namespace ?? []));
    const missing = [...needed, "pools"].filter((name) => !made.has(`namespace/${name}`));
    await create(missing.map(namespace));
    await create(samples);
  }, 900_000);

  afterAll(async () => {
    await local?.stop();
  }, 60_000);

  it("prints their columns, and finds them by short names and categories", async () => {
    const table = await kubectl(["-n", "fleet-default", "get", "gitrepos.fleet.cattle.io"]);
    expect(
      table
        .split("\n")[0]
        ?.trim()
        .split(/\s{2,}/),
    ).toEqual(["NAME", "REPO", "COMMIT", "BUNDLEDEPLOYMENTS-READY", "STATUS"]);
    expect(await kubectl(["-n", "fleet-default", "get", "md", "-o", "name"])).toBe(
      "machinedeployment.cluster.x-k8s.io/one\n",
    );
    const all = await kubectl(["-n", "fleet-default", "get", "cluster-api", "-o", "name"]);
    expect(all).toContain("machine.cluster.x-k8s.io/one");
    expect(all).toContain("rkecontrolplane.rke.cattle.io/one");
    const fields = await kubectl([
      "explain",
      "--recursive",
      "clusters.provisioning.cattle.io.spec.rkeConfig",
    ]);
    for (const name of ["machinePools", "registries", "upgradeStrategy", "workerDrainOptions"])
      expect(fields).toContain(name);
  }, 120_000);

  it("scales the pool of a MachineDeployment by kubectl scale", async () => {
    const cluster = {
      apiVersion: "provisioning.cattle.io/v1",
      kind: "Cluster",
      metadata: { name: "scaled", namespace: "pools" },
      spec: {
        kubernetesVersion: "v1.34.1+rke2r1",
        rkeConfig: {
          machinePools: [
            { name: "pool", quantity: 1, machineConfigRef: { kind: "Amazonec2Config", name: "m" } },
          ],
        },
      },
    };
    await create([cluster]);
    const json = await kubectl([
      "-n",
      "pools",
      "get",
      "clusters.provisioning.cattle.io",
      "scaled",
      "-o",
      "json",
    ]);
    const { metadata } = JSON.parse(json) as KubeObject;
    expect(metadata.annotations?.["field.cattle.io/creatorId"]).toMatch(/^user-/);
    const reference = (kind: string) => ({ apiGroup: "rke.cattle.io", kind, name: "scaled" });
    const labels = {
      "cluster.x-k8s.io/cluster-name": "scaled",
      "rke.cattle.io/rke-machine-pool-name": "pool",
    };
    const { apiVersion, kind } = cluster;
    await create([
      {
        apiVersion: "cluster.x-k8s.io/v1beta2",
        kind: "Cluster",
        metadata: {
          name: "scaled",
          namespace: "pools",
          ownerReferences: [{ apiVersion, kind, name: "scaled", uid: metadata.uid }],
        },
        spec: { infrastructureRef: reference("RKECluster") },
      },
      {
        apiVersion: "cluster.x-k8s.io/v1beta2",
        kind: "MachineDeployment",
        metadata: { name: "scaled-pool", namespace: "pools" },
        spec: {
          clusterName: "scaled",
          replicas: 1,
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              clusterName: "scaled",
              bootstrap: { configRef: reference("RKEBootstrapTemplate") },
              infrastructureRef: reference("CustomMachine"),
            },
          },
        },
      },
    ]);
    await kubectl(["-n", "pools", "scale", "md", "scaled-pool", "--replicas=3"]);
    const quantity = ["-o", "jsonpath={.spec.rkeConfig.machinePools[0].quantity}"];
    expect(
      await kubectl(["-n", "pools", "get", "clusters.provisioning.cattle.io", "scaled", ...quantity]),
    ).toBe("3");
  }, 120_000);
});
