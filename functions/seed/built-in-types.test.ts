import type { Sql } from "postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { customResourceDefinitions } from "../../schema/resources/apiextensions.k8s.io/custom-resource-definitions.ts";
import type { CustomResourceDefinition } from "../../schema/resources/apiextensions.k8s.io/custom-resource-definitions.schema.ts";
import { registry } from "../../schema/resources/registry.ts";
import { createSealer } from "../../schema/seal/sealer.ts";
import { commitBatch } from "../../schema/store/commit.ts";
import { createStore } from "../../schema/store/store.ts";
import type { BoundStore, Store } from "../../schema/store/store.ts";
import { migratedSql } from "../../test/setup/database.ts";
import { systemActor } from "../http/context.ts";
import { seedBuiltInTypes } from "./built-in-types.ts";

const sealer = createSealer({ current: "k1", keys: new Map([["k1", new Uint8Array(32).fill(1)]]) });
const user = { name: "u-1", rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }] };
const name = "clusters.management.cattle.io";

let sql: Sql;
let stop: () => Promise<void>;
let store: Store;
let server: BoundStore;

beforeAll(async () => {
  ({ sql, stop } = await migratedSql());
  store = createStore({
    sql: () => sql,
    commit: (items) => commitBatch(sql, items),
    sealer,
    registry,
    workOf: () => [],
    now: () => new Date(),
  });
  server = store.as(systemActor("seed"));
  await seedBuiltInTypes(server, sql);
});
afterAll(() => stop());

const read = (): Promise<CustomResourceDefinition> => server.get(customResourceDefinitions, "", name);
const revision = async (): Promise<string | undefined> =>
  (await sql<{ revision: string }[]>`select revision::text from revision`)[0]?.revision;

it("has a CustomResourceDefinition for each declared type that a Rancher server has one for, and for no other", async () => {
  const { items } = await server.list(customResourceDefinitions);
  const names = items.map(({ metadata }) => metadata.name);
  expect(names).toContain(name);
  expect(names.filter((one) => /(?:^|\.)(?:k8s\.io|ext\.cattle\.io)$/.test(one))).toEqual([]);
  for (const { status } of items)
    expect(status?.conditions).toMatchObject([
      { type: "NamesAccepted", status: "True" },
      { type: "Established", status: "True" },
    ]);
});

it("writes nothing when all is there", async () => {
  const before = await revision();
  await seedBuiltInTypes(server, sql);
  expect(await revision()).toBe(before);
});

it("is no type of its own: the declaration serves it", async () => {
  const types = await store.types.current();
  expect(types.byTypeKey(name)?.custom).toBeUndefined();
  expect(types.all().filter(({ plural, group }) => `${plural}.${group}` === name)).toHaveLength(1);
});

it("keeps a client's labels and annotations, and nothing else of what he writes", async () => {
  const before = await read();
  const written = await store.as(user).update<CustomResourceDefinition>(customResourceDefinitions, {
    ...before,
    metadata: { ...before.metadata, labels: { mine: "yes" }, annotations: { "helm.sh/x": "y" } },
    spec: { ...before.spec, scope: "Namespaced", versions: [] },
  });
  expect(written.spec).toEqual(before.spec);
  expect(written.metadata.labels).toEqual({ mine: "yes" });
  expect(written.metadata.annotations).toEqual({ ...before.metadata.annotations, "helm.sh/x": "y" });
  expect(written.metadata.generation).toBe(1);
});

it("cannot be deleted, nor be made by a mark", async () => {
  await expect(store.as(user).delete(customResourceDefinitions, "", name)).rejects.toMatchObject({
    code: "Invalid",
    message: expect.stringContaining("built into Drover") as string,
  });
  const made = await store.as(user).create<CustomResourceDefinition>(customResourceDefinitions, {
    apiVersion: "",
    kind: "",
    metadata: { name: "things.example.com", annotations: { "drover.io/built-in": "x" } },
    spec: {
      group: "example.com",
      scope: "Cluster",
      names: { plural: "things", kind: "Thing" },
      versions: [
        { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } },
      ],
    },
  });
  expect(made.metadata.annotations).toBeUndefined();
  expect(await store.types.byPlural("example.com", "v1", "things")).toBeDefined();
});
