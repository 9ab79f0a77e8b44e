/** Namespaces that go with their content, and what every one of them has, on a real PostgreSQL. */
import { env as bindings } from "cloudflare:workers";
import postgres from "postgres";
import type { Sql } from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { KubeObject } from "../../../schema/object.ts";
import { configMaps } from "../../../schema/resources/core/config-maps.ts";
import type { ConfigMap } from "../../../schema/resources/core/config-maps.ts";
import { namespaces } from "../../../schema/resources/core/namespaces.ts";
import type { Namespace } from "../../../schema/resources/core/namespaces.ts";
import { secrets } from "../../../schema/resources/core/secrets.ts";
import { serviceAccounts } from "../../../schema/resources/core/service-accounts.ts";
import { settings } from "../../../schema/resources/management.cattle.io/settings.ts";
import { commitBatch } from "../../../schema/store/commit.ts";
import type { BoundStore } from "../../../schema/store/store.ts";
import { insertConfigMaps, root, settle, testStore } from "../../../test/setup/reconciling.ts";
import type { Env } from "../../env.ts";

let sql: Sql;
let store: BoundStore;
const finalizer = "example.com/held";
const lifecycle = ["garbage-collector", "namespace-lifecycle"];

beforeAll(() => {
  sql = postgres((bindings as unknown as Env).DB.connectionString, { max: 8, fetch_types: false });
  store = testStore(sql).as(root);
});
beforeEach(async () => {
  await forgetAll();
  await makeNamespace("a");
  await makeNamespace("b");
  await sql`delete from work`;
});
afterAll(forgetAll);

async function forgetAll(): Promise<void> {
  await sql`delete from objects`;
  await sql`delete from work`;
}

const makeNamespace = (name: string, spec?: Namespace["spec"]): Promise<Namespace> =>
  store.create<Namespace>(namespaces, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name },
    ...(spec === undefined ? {} : { spec }),
  });
const make = (name: string, metadata: Partial<KubeObject["metadata"]> = {}): Promise<KubeObject> =>
  store.create(configMaps, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "a", ...metadata },
  });
const release = (name: string): Promise<KubeObject> =>
  store.modify(configMaps, "a", name, (current) => ({
    ...current,
    metadata: { ...current.metadata, finalizers: [] },
  }));
const revision = async (): Promise<number> =>
  (await sql<{ revision: number }[]>`select revision::float8 as revision from revision`)[0]?.revision ?? 0;
const places = async (): Promise<string[]> => {
  const rows = await sql<{ place: string }[]>`
    select type || ' ' || namespace || '/' || name as place from objects where type <> 'events' order by 1`;
  return rows.map(({ place }) => place);
};
const pending = async (): Promise<string[]> =>
  (await sql<{ row: string }[]>`select controller || ' ' || key as row from work order by 1`).map(
    ({ row }) => row,
  );

describe("a namespace that is deleted", () => {
  it.each([1, Infinity])("goes with its content, killed after %s writes a run", async (writes) => {
    for (const name of ["x", "y"]) await make(name);
    await store.create(secrets, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s", namespace: "a" },
    });
    await make("other", { namespace: "b" });
    const going = await store.delete(namespaces, "", "a");
    expect(going).toMatchObject({
      spec: { finalizers: ["kubernetes"] },
      status: { phase: "Terminating" },
    });
    await settle(sql, { only: lifecycle, writes });
    expect(await places()).toEqual(["configmaps b/other", "namespaces /b"]);
    expect((await pending()).filter((row) => row.startsWith("namespace-lifecycle"))).toEqual([]);
  });

  it("says what it waits for, and goes as soon as that is gone", async () => {
    await make("held", { finalizers: [finalizer, "example.com/other"] });
    await make("free");
    await store.delete(namespaces, "", "a");
    await settle(sql, { only: lifecycle });
    const { status } = await store.get<Namespace>(namespaces, "", "a");
    expect(
      status?.conditions?.map(({ type, status, reason, message }) => [type, status, reason, message]),
    ).toEqual([
      [
        "NamespaceDeletionDiscoveryFailure",
        "False",
        "ResourcesDiscovered",
        "All resources successfully discovered",
      ],
      [
        "NamespaceDeletionGroupVersionParsingFailure",
        "False",
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
      ],
      [
        "NamespaceDeletionContentFailure",
        "False",
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
      ],
      [
        "NamespaceContentRemaining",
        "True",
        "SomeResourcesRemain",
        "Some resources are remaining: configmaps. has 1 resource instances",
      ],
      [
        "NamespaceFinalizersRemaining",
        "True",
        "SomeFinalizersRemain",
        "Some content in the namespace has finalizers remaining: example.com/held in 1 resource instances, example.com/other in 1 resource instances",
      ],
    ]);
    const before = await revision();
    await settle(sql, { only: lifecycle });
    expect(await revision()).toBe(before);
    await release("held");
    await settle(sql, { only: lifecycle });
    expect(await places()).toEqual(["namespaces /b"]);
  });

  it("waits for finalizers of its own, which only finalize takes off", async () => {
    await makeNamespace("own", { finalizers: ["example.com/mine"] });
    await store.delete(namespaces, "", "own");
    await settle(sql, { only: lifecycle });
    const left = await store.get<Namespace>(namespaces, "", "own");
    expect(left.spec?.finalizers).toEqual(["example.com/mine"]);
    const ordinary = await store.update<Namespace>(namespaces, { ...left, spec: {} });
    expect(ordinary.spec?.finalizers).toEqual(["example.com/mine"]);
    await store.update<Namespace>(namespaces, { ...ordinary, spec: {} }, { subresource: "finalize" });
    expect(await places()).toEqual(["namespaces /a", "namespaces /b"]);
  });

  it("takes more objects than a page has", async () => {
    await insertConfigMaps(sql, "a", 600);
    await store.delete(namespaces, "", "a");
    await settle(sql, { only: lifecycle });
    expect(await places()).toEqual(["namespaces /b"]);
  });

  it("takes nothing new, with the cause that Kubernetes gives", async () => {
    await make("held", { finalizers: [finalizer] });
    await store.delete(namespaces, "", "a");
    await expect(make("late")).rejects.toMatchObject({
      code: "Forbidden",
      message:
        'configmaps "late" is forbidden: unable to create new content in namespace a because it is being terminated',
      causes: [{ reason: "NamespaceTerminating", field: "metadata.namespace" }],
    });
    await expect(make("lost", { namespace: "nowhere" })).rejects.toMatchObject({ code: "NotFound" });
  });

  it("leaves nothing behind of what was being created while it went", async () => {
    for (let round = 0; round < 3; round++) {
      await Promise.allSettled([
        ...Array.from({ length: 12 }, (_, index) => make(`c${index}`)),
        store.delete(namespaces, "", "a").then(() => settle(sql, { only: lifecycle })),
        ...Array.from({ length: 12 }, (_, index) => make(`d${index}`)),
      ]);
      await settle(sql, { only: lifecycle });
      expect(await places()).toEqual(["namespaces /b"]);
      await makeNamespace("a");
    }
  });

  it("is not found by a creation that was judged before it went", async () => {
    const slow = testStore(sql, async (items) => {
      await store.delete(namespaces, "", "a");
      await settle(sql, { only: lifecycle });
      return commitBatch(sql, items);
    }).as(root);
    const late = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "late", namespace: "a" } };
    await expect(slow.create(configMaps, late)).rejects.toMatchObject({ code: "NotFound" });
    expect(await places()).toEqual(["namespaces /b"]);
  });

  it("is none of those that Kubernetes keeps", async () => {
    await expect(store.delete(namespaces, "", "kube-system")).rejects.toMatchObject({
      code: "Forbidden",
      message: 'namespaces "kube-system" is forbidden: this namespace may not be deleted',
    });
  });
});

describe("every namespace", () => {
  const only = [...lifecycle, "namespace-defaults"];
  const defaultsOf = async (name: string): Promise<string[]> =>
    (await places()).filter((place) => place.includes(` ${name}/`));
  const both = ["configmaps c/kube-root-ca.crt", "serviceaccounts c/default"];
  const env = { DROVER_CACERTS: "PEM" } as unknown as Partial<Env>;

  it.each([1, Infinity])("has its defaults, killed after %s writes a run", async (writes) => {
    await makeNamespace("c");
    await settle(sql, { only, writes, env });
    expect(await defaultsOf("c")).toEqual(both);
    expect(await store.get<ConfigMap>(configMaps, "c", "kube-root-ca.crt")).toMatchObject({
      data: { "ca.crt": "PEM\n" },
    });
  });

  it("has them again when somebody deletes or changes them", async () => {
    await makeNamespace("c");
    await settle(sql, { only, env });
    await store.delete(serviceAccounts, "c", "default");
    await store.delete(configMaps, "c", "kube-root-ca.crt");
    await settle(sql, { only, env });
    expect(await defaultsOf("c")).toEqual(both);
    const immutable = true;
    await store.modify<ConfigMap>(configMaps, "c", "kube-root-ca.crt", (current) => ({
      ...current,
      data: {},
      immutable,
    }));
    await settle(sql, { only, env });
    const restored = await store.get<ConfigMap>(configMaps, "c", "kube-root-ca.crt");
    expect(restored).toMatchObject({ data: { "ca.crt": "PEM\n" } });
    expect(restored.immutable).toBeUndefined();
  });

  it("goes with them, and does not get them back", async () => {
    await makeNamespace("c");
    await settle(sql, { only, env });
    await store.delete(namespaces, "", "c");
    await settle(sql, { only, env });
    expect((await places()).filter((place) => place.includes("c/") || place.endsWith("/c"))).toEqual([]);
    expect((await pending()).filter((row) => only.includes(row.split(" ")[0] ?? ""))).toEqual([]);
  });

  it("gets a new CA, also those that an older version made without one", async () => {
    await settle(sql, { only, env });
    await store.create(settings, {
      apiVersion: "management.cattle.io/v3",
      kind: "Setting",
      metadata: { name: "cacerts" },
      value: "NEW",
    } as KubeObject);
    await settle(sql, { only });
    for (const name of ["a", "b"])
      expect(await store.get<ConfigMap>(configMaps, name, "kube-root-ca.crt")).toMatchObject({
        data: { "ca.crt": "NEW\n" },
      });
    const before = await revision();
    await sql`insert into work (controller, key, run_at) values ('namespace-defaults', '*', now())`;
    await settle(sql, { only });
    expect(await revision()).toBe(before);
  });
});
