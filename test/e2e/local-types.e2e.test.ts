/** Every declared type through a whole Drover: its samples are taken and come back, its columns are printed. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import type { KubeObject } from "../../schema/object.ts";
import { apiVersionOf, typeKey } from "../../schema/resource.ts";
import type { ResourceDefinition } from "../../schema/resource.ts";
import { registry } from "../../schema/resources/registry.ts";
import { loginAs, removeDataDir, root, startDrover } from "./drover.ts";
import type { Drover } from "./drover.ts";
import { restOf } from "./rest.ts";
import type { Ask, Json, Reply } from "./rest.ts";

const password = "all types passphrase";
const types = registry.all();

// Those of ext.cattle.io do something when they are created: local-ext.e2e.test.ts.
const samples = globSync("schema/resources/samples/*.yaml", {
  cwd: root,
  exclude: ["**/ext.cattle.io.yaml"],
}).flatMap((file) =>
  parseAllDocuments(readFileSync(join(root, file), "utf8")).map((document) => document.toJS() as KubeObject),
);

/**
 * What admission needs to find, is not true of a sample, or fills in: those are other tests' matter. Here each must be
 * refused in Kubernetes' own words, or be stored as it is.
 */
const refusals: Readonly<Record<string, number>> = {
  // What they name is not there.
  "clusters.provisioning.cattle.io": 422,
  "clusterroletemplatebindings.management.cattle.io": 422,
  "projectroletemplatebindings.management.cattle.io": 422,
  // Only the server makes built-in ones, and says what a flag is.
  "globalroles.management.cattle.io": 422,
  "roletemplates.management.cattle.io": 422,
  "features.management.cattle.io": 422,
};

describe("every declared type", () => {
  let drover: Drover;
  let ask: (line: string, more?: Ask) => Promise<Reply>;

  const pathOf = (definition: ResourceDefinition, namespace?: string): string => {
    const base = definition.group === "" ? "/api" : "/apis";
    const where = namespace === undefined ? "" : `/namespaces/${namespace}`;
    return `${base}/${apiVersionOf(definition)}${where}/${definition.plural}`;
  };

  beforeAll(async () => {
    drover = await startDrover({
      args: ["--bootstrap-password", password, "--features", "cluster-agent-scheduling-customization=true"],
    });
    const { token } = await loginAs(drover, "admin", password);
    const rest = restOf(drover);
    ask = (line, more = {}) => rest(line, { token, ...more });
    const namespaces = new Set(samples.map(({ metadata }) => metadata.namespace ?? "default"));
    for (const name of namespaces)
      await ask("POST /api/v1/namespaces", {
        body: { apiVersion: "v1", kind: "Namespace", metadata: { name } },
      });
    // A project is of a cluster.
    const cluster = {
      apiVersion: "management.cattle.io/v3",
      kind: "Cluster",
      metadata: { name: "c-m-x7k2p" },
    };
    await ask("POST /apis/management.cattle.io/v3/clusters", { body: cluster });
  }, 300_000);

  afterAll(async () => {
    await drover?.stop();
    if (drover !== undefined) removeDataDir(drover.dataDir);
  }, 60_000);

  it.each(types.filter(({ verbs }) => verbs === undefined).map((type) => [typeKey(type), type] as const))(
    "%s is listed as a table with its columns",
    async (_key, definition) => {
      const headers = { accept: "application/json;as=Table;g=meta.k8s.io;v=v1" };
      const { status, json } = await ask(`GET ${pathOf(definition)}`, { headers });
      expect(status).toBe(200);
      const names = (json["columnDefinitions"] as Json[]).map((column) => column["name"]);
      for (const { name } of definition.printerColumns ?? []) expect(names).toContain(name);
    },
  );

  it.each(
    samples.map(
      (sample) => [`${sample.kind} ${sample.metadata.name} of ${sample.apiVersion}`, sample] as const,
    ),
  )("%s is taken and comes back as it is, or is refused in Kubernetes' words", async (_name, sample) => {
    const definition = types.find(
      (type) => type.kind === sample.kind && apiVersionOf(type) === sample.apiVersion,
    );
    if (definition === undefined) throw new Error("not declared");
    const { namespace } = sample.metadata;
    const path = pathOf(definition, namespace);
    // Some names are taken, by the seed or by a namespace. A user's is part of what he is.
    const name = sample.kind === "User" ? sample.metadata.name : `${sample.metadata.name}-s`;
    const body = { ...sample, metadata: { ...sample.metadata, name } };
    const created = await ask(`POST ${path}?fieldValidation=Strict`, { body });
    const expected = refusals[typeKey(definition)] ?? 201;
    expect(created.status, created.text).toBe(expected);
    if (expected !== 201) return;
    const { status, json } = await ask(`GET ${path}/${name}`);
    expect(status).toBe(200);
    const { metadata: _m, status: _s, ...content } = sample as KubeObject & { status?: unknown };
    expect(json).toMatchObject(content);
    if (definition.statusSubresource === true) {
      const withStatus = { ...json, status: (sample as { status?: unknown }).status };
      const put = await ask(`PUT ${path}/${name}/status?fieldValidation=Strict`, { body: withStatus });
      expect(put.status, put.text).toBe(200);
      expect(put.json["status"]).toEqual((sample as { status?: unknown }).status);
    }
    expect((await ask(`DELETE ${path}/${name}`)).status).toBe(200);
  });
});
