/** Garbage collection on a real PostgreSQL, in runs that are killed after each write. */
import { env as bindings } from "cloudflare:workers";
import postgres from "postgres";
import type { Sql } from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { KubeObject, OwnerReference } from "../../../schema/object.ts";
import { customResourceDefinitions } from "../../../schema/resources/apiextensions.k8s.io/custom-resource-definitions.ts";
import { configMaps } from "../../../schema/resources/core/config-maps.ts";
import { namespaces } from "../../../schema/resources/core/namespaces.ts";
import { secrets } from "../../../schema/resources/core/secrets.ts";
import type { BoundStore } from "../../../schema/store/store.ts";
import { insertConfigMaps, root, settle, testStore } from "../../../test/setup/reconciling.ts";
import type { Env } from "../../env.ts";

let sql: Sql;
let store: BoundStore;
const only = ["garbage-collector"];
const finalizer = "example.com/held";

beforeAll(() => {
  sql = postgres((bindings as unknown as Env).DB.connectionString, { max: 8, fetch_types: false });
  store = testStore(sql).as(root);
});
beforeEach(async () => {
  await forgetAll();
  for (const name of ["a", "b"])
    await store.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  await sql`delete from work`;
});
afterAll(forgetAll);

async function forgetAll(): Promise<void> {
  await sql`delete from objects`;
  await sql`delete from work`;
}

const configMap = (name: string, metadata: Partial<KubeObject["metadata"]> = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "a", ...metadata },
});

function refer(owner: KubeObject, more: Partial<OwnerReference> = {}): OwnerReference {
  const { apiVersion, kind, metadata } = owner;
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? "", ...more };
}

const make = (name: string, metadata: Partial<KubeObject["metadata"]> = {}): Promise<KubeObject> =>
  store.create(configMaps, configMap(name, metadata));
const names = async (): Promise<string[]> =>
  (await store.list(configMaps)).items.map(({ metadata }) => metadata.name);
const read = (name: string): Promise<KubeObject> => store.get(configMaps, "a", name);
const pending = async (): Promise<number> =>
  (await sql`select 1 from work where controller = 'garbage-collector'`).length;

/** A chain, a diamond and a bystander. */
async function family(): Promise<KubeObject> {
  const owner = await make("owner");
  const other = await make("other");
  const child = await make("child", { ownerReferences: [refer(owner, { blockOwnerDeletion: true })] });
  await make("grandchild", { ownerReferences: [refer(child, { blockOwnerDeletion: true })] });
  await make("shared", { ownerReferences: [refer(owner), refer(other)] });
  return owner;
}

describe("a deletion in the background", () => {
  it.each([1, Infinity])("takes all that nobody else owns, killed after %s writes a run", async (writes) => {
    await family();
    await settle(sql, { only });
    await store.delete(configMaps, "a", "owner");
    expect(await names()).toEqual(["child", "grandchild", "other", "shared"]);
    await settle(sql, { only, writes });
    expect(await names()).toEqual(["other", "shared"]);
    expect((await read("shared")).metadata.ownerReferences).toMatchObject([{ name: "other" }]);
    expect(await pending()).toBe(0);
  });

  it("costs no work where nothing is owned", async () => {
    await make("alone");
    await store.delete(configMaps, "a", "alone");
    expect(await pending()).toBe(0);
  });

  it("takes dependents of other types, and leaves those of the same name elsewhere", async () => {
    const owner = await make("owner");
    const ownerReferences = [refer(owner)];
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s", namespace: "a", ownerReferences },
    };
    await store.create(secrets, secret);
    await make("child", { ownerReferences: [refer(owner, { uid: crypto.randomUUID() })] });
    await settle(sql, { only });
    expect(await names()).toEqual(["owner"]);
    await store.delete(configMaps, "a", "owner");
    await settle(sql, { only });
    expect((await store.list(secrets)).items).toEqual([]);
  });

  it("takes more dependents than a page has", async () => {
    const owner = await make("owner");
    await insertConfigMaps(sql, "a", 600, [refer(owner)]);
    await store.delete(configMaps, "a", "owner");
    await settle(sql, { only });
    expect(await names()).toEqual([]);
  });
});

describe("an owner that is not there", () => {
  it("is judged by its uid and its namespace when the dependent comes", async () => {
    const owner = await make("owner");
    const elsewhere = { ownerReferences: [refer(owner)], namespace: "b" };
    await make("in-b", elsewhere);
    await make("kept", { ownerReferences: [refer(owner)] });
    await settle(sql, { only });
    expect(await names()).toEqual(["kept", "owner"]);
  });

  it("is not believed to be gone when its kind is not served", async () => {
    const reference = { apiVersion: "example.com/v1", kind: "Widget", name: "w", uid: crypto.randomUUID() };
    await make("child", { ownerReferences: [reference] });
    await settle(sql, { only });
    expect(await names()).toEqual(["child"]);
    expect(await pending()).toBe(0);
  });

  it("cannot be in a namespace when its dependent is in none", async () => {
    const owner = await make("owner");
    const metadata = { name: "c", ownerReferences: [refer(owner)] };
    await store.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata });
    await store.delete(configMaps, "a", "owner");
    await settle(sql, { only });
    await expect(store.get(namespaces, "", "c")).resolves.toMatchObject({ metadata: { name: "c" } });
  });

  it("is noticed however creations of dependents and its deletion race", async () => {
    for (let round = 0; round < 5; round++) {
      const owner = await make("owner");
      await Promise.all([
        ...Array.from({ length: 8 }, (_, index) => make(`c${index}`, { ownerReferences: [refer(owner)] })),
        store.delete(configMaps, "a", "owner"),
      ]);
      await settle(sql, { only });
      expect(await names()).toEqual([]);
    }
  });
});

describe("a deletion in the foreground", () => {
  it.each([1, Infinity])("takes the owner last, killed after %s writes a run", async (writes) => {
    await family();
    const going = await store.delete(configMaps, "a", "owner", { propagationPolicy: "Foreground" });
    expect(going.metadata).toMatchObject({ finalizers: ["foregroundDeletion"] });
    await settle(sql, { only, writes });
    expect(await names()).toEqual(["other", "shared"]);
    expect(await pending()).toBe(0);
    const order = await sql<{ name: string }[]>`
      select name from events where kind = 'DELETED' and type = 'configmaps' order by revision desc limit 3`;
    expect(order.map(({ name }) => name)).toEqual(["owner", "child", "grandchild"]);
  });

  it("waits for a dependent that others hold, and for none that does not block", async () => {
    const owner = await make("owner");
    const blocking = refer(owner, { blockOwnerDeletion: true });
    await make("held", { ownerReferences: [blocking], finalizers: [finalizer] });
    await make("loose", { ownerReferences: [refer(owner)], finalizers: [finalizer] });
    await store.delete(configMaps, "a", "owner", { propagationPolicy: "Foreground" });
    await settle(sql, { only });
    expect(await names()).toEqual(["held", "loose", "owner"]);
    expect(await pending()).toBe(0);
    await store.modify(configMaps, "a", "held", (current) => ({
      ...current,
      metadata: { ...current.metadata, finalizers: [] },
    }));
    await settle(sql, { only });
    expect(await names()).toEqual(["loose"]);
    expect((await read("loose")).metadata.deletionTimestamp).toBeDefined();
  });

  it("also takes dependents that come while the owner waits", async () => {
    const owner = await make("owner");
    const blocking = { ownerReferences: [refer(owner, { blockOwnerDeletion: true })] };
    await make("first", { ...blocking, finalizers: [finalizer] });
    await store.delete(configMaps, "a", "owner", { propagationPolicy: "Foreground" });
    await settle(sql, { only });
    await make("late", blocking);
    await settle(sql, { only });
    expect(await names()).toEqual(["first", "owner"]);
  });

  it("ends for objects that own each other", async () => {
    const a = await make("one");
    const b = await make("two", { ownerReferences: [refer(a, { blockOwnerDeletion: true })] });
    await store.modify(configMaps, "a", "one", (current) => ({
      ...current,
      metadata: { ...current.metadata, ownerReferences: [refer(b, { blockOwnerDeletion: true })] },
    }));
    await store.delete(configMaps, "a", "one", { propagationPolicy: "Foreground" });
    await settle(sql, { only });
    expect(await names()).toEqual([]);
  });
});

describe("a deletion that orphans", () => {
  it.each([1, Infinity])("frees all dependents first, killed after %s writes a run", async (writes) => {
    await family();
    await store.delete(configMaps, "a", "owner", { propagationPolicy: "Orphan" });
    await settle(sql, { only, writes });
    expect(await names()).toEqual(["child", "grandchild", "other", "shared"]);
    expect((await read("child")).metadata.ownerReferences).toBeUndefined();
    expect((await read("shared")).metadata.ownerReferences).toMatchObject([{ name: "other" }]);
    expect(await pending()).toBe(0);
  });

  it("gives way to a later deletion that says otherwise", async () => {
    await family();
    await store.delete(configMaps, "a", "owner", { orphanDependents: true });
    await store.delete(configMaps, "a", "owner", { propagationPolicy: "Background" });
    await settle(sql, { only });
    expect(await names()).toEqual(["other", "shared"]);
  });

  it("lets another adopt what it frees", async () => {
    const owner = await make("owner");
    await make("child", { ownerReferences: [refer(owner, { controller: true })] });
    await store.delete(configMaps, "a", "owner", { propagationPolicy: "Orphan" });
    await settle(sql, { only });
    const next = await make("owner");
    await store.modify(configMaps, "a", "child", (current) => ({
      ...current,
      metadata: { ...current.metadata, ownerReferences: [refer(next, { controller: true })] },
    }));
    await settle(sql, { only });
    expect(await names()).toEqual(["child", "owner"]);
    await store.delete(configMaps, "a", "owner");
    await settle(sql, { only });
    expect(await names()).toEqual([]);
  });
});

describe("objects of a type that a user made", () => {
  it("own and are owned, and go with their namespace", async () => {
    const schema = { openAPIV3Schema: { type: "object" } };
    await store.create(customResourceDefinitions, {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "widgets.gc.example.com" },
      spec: {
        group: "gc.example.com",
        scope: "Namespaced",
        names: { plural: "widgets", kind: "Widget" },
        versions: [{ name: "v1", served: true, storage: true, schema }],
      },
    } as KubeObject);
    const widgets = await testStore(sql).types.byPlural("gc.example.com", "v1", "widgets");
    if (widgets === undefined) throw new Error("no such type");
    const widget = (name: string, ownerReferences: OwnerReference[] = []): Promise<KubeObject> =>
      store.create(widgets, {
        apiVersion: "gc.example.com/v1",
        kind: "Widget",
        metadata: { name, namespace: "a", ownerReferences },
      });
    const left = async (): Promise<string[]> =>
      (await store.list(widgets)).items.map(({ metadata }) => metadata.name);
    const owner = await make("owner");
    const owned = await widget("owned", [refer(owner, { blockOwnerDeletion: true })]);
    await make("of-a-widget", { ownerReferences: [refer(owned)] });
    await widget("free");
    await settle(sql, { only });
    expect(await left()).toEqual(["free", "owned"]);
    await store.delete(configMaps, "a", "owner", { propagationPolicy: "Foreground" });
    await settle(sql, { only });
    expect([await names(), await left()]).toEqual([[], ["free"]]);
    await store.delete(namespaces, "", "a");
    await settle(sql, { only: [...only, "namespace-lifecycle"] });
    expect(await left()).toEqual([]);
    await expect(store.get(namespaces, "", "a")).rejects.toMatchObject({ code: "NotFound" });
  });
});

it("a deletion and the loss of the last finalizer end alike, however they race", async () => {
  for (let round = 0; round < 10; round++) {
    await make("held", { finalizers: [finalizer] });
    const release = store.modify(configMaps, "a", "held", ({ metadata, ...current }) => ({
      ...current,
      metadata: { ...metadata, finalizers: [] },
    }));
    await Promise.all([release, store.delete(configMaps, "a", "held")]);
    await expect(read("held")).rejects.toMatchObject({ code: "NotFound" });
  }
});
