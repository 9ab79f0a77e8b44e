import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Sql } from "postgres";
import { migratedSql } from "../../test/setup/database.ts";
import type { PolicyRule } from "../rbac/types.ts";
import { namespaces } from "../resources/core/namespaces.ts";
import { secrets, toBase64 } from "../resources/core/secrets.ts";
import type { Secret } from "../resources/core/secrets.ts";
import { CLUSTER_FINALIZER, clusters } from "../resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../resources/management.cattle.io/clusters.ts";
import { settings } from "../resources/management.cattle.io/settings.ts";
import type { Setting } from "../resources/management.cattle.io/settings.ts";
import { users } from "../resources/management.cattle.io/users.ts";
import type { User } from "../resources/management.cattle.io/users.ts";
import type { KubeObject } from "../object.ts";
import { registry } from "../resources/registry.ts";
import { createSealer } from "../seal/sealer.ts";
import { commitBatch } from "./commit.ts";
import { StoreError } from "./errors.ts";
import { createKnownRows } from "./known-rows.ts";
import { createStore } from "./store.ts";
import type { BoundStore, Store } from "./store.ts";
import type { CommitItem, CommitResult } from "./types.ts";

const everything: PolicyRule[] = [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }];
const root = { name: "system:test", rules: everything };
const sealer = createSealer({ current: "k1", keys: new Map([["k1", new Uint8Array(32).fill(1)]]) });

let sql: Sql;
let stop: () => Promise<void>;
let store: BoundStore;
let open: (commit?: (items: readonly CommitItem[]) => Promise<readonly CommitResult[]>) => Store;

beforeAll(async () => {
  ({ sql, stop } = await migratedSql());
  open = (commit = (items) => commitBatch(sql, items)) =>
    createStore({
      sql: () => sql,
      commit,
      sealer,
      registry,
      knownRows: createKnownRows(),
      workOf: (type, _before, after) =>
        type === "settings.management.cattle.io" && after !== undefined
          ? [{ controller: "test", key: after.metadata.name, runAt: 0 }]
          : [],
      now: () => new Date(),
    });
  store = open().as(root);
  await store.create(namespaces, namespace("default"));
});
afterAll(() => stop());

const namespace = (name: string) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
const setting = (name: string, value = "1"): Setting => ({
  apiVersion: "management.cattle.io/v3",
  kind: "Setting",
  metadata: { name },
  value,
});
const cluster = (name: string, displayName: string): Cluster => ({
  apiVersion: "management.cattle.io/v3",
  kind: "Cluster",
  metadata: { name },
  spec: { displayName },
});
const secret = (name: string, text: string): Secret => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace: "default" },
  type: "Opaque",
  data: { password: toBase64(text) },
});
const revision = async (): Promise<number> =>
  Number((await sql<{ revision: string }[]>`select revision from revision`)[0]?.revision);

describe("the store", () => {
  it("gives a new object uid, generation, creation time and the store's next revision", async () => {
    const before = await revision();
    const made = await store.create(settings, setting("new-1"));
    expect(made.metadata).toMatchObject({
      name: "new-1",
      uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      generation: 1,
      resourceVersion: String(before + 1),
      creationTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
    expect(await store.get(settings, "", "new-1")).toEqual(made);
  });

  it("refuses a second object of the name, an update of an old version and a delete of another uid, and changes nothing", async () => {
    const made = await store.create(settings, setting("once"));
    await expect(store.create(settings, setting("once"))).rejects.toMatchObject({ code: "AlreadyExists" });
    const changed = await store.update(settings, { ...made, value: "2" });
    await expect(store.update(settings, { ...made, value: "3" })).rejects.toMatchObject({ code: "Conflict" });
    await expect(store.delete(settings, "", "once", { uid: "other" })).rejects.toMatchObject({
      code: "Conflict",
    });
    expect(await store.get(settings, "", "once")).toEqual(changed);
    expect(changed.metadata.generation).toBe(2);
  });

  it("writes nothing for an update that changes nothing", async () => {
    const made = await store.create(settings, setting("same"));
    const before = await revision();
    expect((await store.update(settings, made)).metadata.resourceVersion).toBe(made.metadata.resourceVersion);
    expect(await store.modify(settings, "", "same", () => undefined)).toEqual(made);
    expect(await revision()).toBe(before);
  });

  it("records every change as an event with the bodies before and after, in revision order without a gap", async () => {
    await store.create(settings, setting("logged"));
    await store.modify<Setting>(settings, "", "logged", (current) => ({ ...current, value: "2" }));
    await store.delete(settings, "", "logged");
    const rows = await sql<{ kind: string; body: string | null; before: string | null }[]>`
      select kind, body, before from events where name = 'logged' order by revision`;
    expect(rows.map(({ kind }) => kind)).toEqual(["ADDED", "MODIFIED", "DELETED"]);
    expect(rows.map(({ body }) => (body === null ? null : (JSON.parse(body) as Setting).value))).toEqual([
      "1",
      "2",
      null,
    ]);
    expect(
      rows.map(({ before }) => (before === null ? null : (JSON.parse(before) as Setting).value)),
    ).toEqual([null, "1", "2"]);
    const [gap] = await sql<{ gaps: string }[]>`
      select count(*) as gaps from (select revision - lag(revision) over (order by revision) as step from events) s where step <> 1`;
    expect(Number(gap?.gaps)).toBe(0);
  });

  it("keeps credentials sealed in rows and events, bound to their place", async () => {
    const made = await store.create(secrets, secret("login", "hunter2-in-clear"));
    await store.modify<Secret>(secrets, "default", "login", (current) => ({
      ...current,
      data: { password: toBase64("changed-clear") },
    }));
    const dump = JSON.stringify([await sql`select * from objects`, await sql`select * from events`]);
    for (const text of ["hunter2-in-clear", "changed-clear"]) {
      expect(dump).not.toContain(text);
      expect(dump).not.toContain(toBase64(text));
    }
    expect(made.data).toEqual({ password: toBase64("hunter2-in-clear") });
    await store.create(secrets, secret("other", "x"));
    await sql`update objects set sealed = (select sealed from objects where name = 'login') where name = 'other'`;
    await expect(store.get(secrets, "default", "other")).rejects.toThrow(/does not open/);
    await store.delete(secrets, "default", "login");
    await sql`delete from objects where name = 'other'`;
  });

  it("keeps an object with finalizers until the last is gone, and lets it gain none meanwhile", async () => {
    await store.create(clusters, cluster("c-final", "final"));
    const going = await store.delete(clusters, "", "c-final");
    expect(going.metadata).toMatchObject({
      deletionTimestamp: expect.any(String),
      finalizers: [CLUSTER_FINALIZER],
    });
    await expect(
      store.modify<Cluster>(clusters, "", "c-final", (current) => ({
        ...current,
        metadata: { ...current.metadata, finalizers: [CLUSTER_FINALIZER, "example.com/more"] },
      })),
    ).rejects.toMatchObject({ code: "Invalid" });
    await store.modify<Cluster>(clusters, "", "c-final", (current) => ({
      ...current,
      metadata: { ...current.metadata, finalizers: [] },
    }));
    await expect(store.get(clusters, "", "c-final")).rejects.toMatchObject({ code: "NotFound" });
  });

  it("splits status from the rest, and counts only the rest in generation", async () => {
    const made = await store.create(clusters, {
      ...cluster("c-status", "status"),
      status: { driver: "forged" },
    });
    expect(made.status?.driver).toBeUndefined();
    const withStatus = await store.modify<Cluster>(
      clusters,
      "",
      "c-status",
      (current) => ({
        ...current,
        spec: { displayName: "ignored" },
        status: { ...current.status, driver: "imported" },
      }),
      { subresource: "status" },
    );
    expect(withStatus).toMatchObject({ spec: { displayName: "status" }, status: { driver: "imported" } });
    expect(withStatus.metadata.generation).toBe(1);
    const renamed = await store.update(clusters, {
      ...withStatus,
      spec: { displayName: "renamed" },
      status: {},
    });
    expect(renamed).toMatchObject({ spec: { displayName: "renamed" }, status: { driver: "imported" } });
    expect(renamed.metadata.generation).toBe(2);
  });

  it("commits an object and those alongside all or not at all", async () => {
    await store.create(namespaces, namespace("taken"));
    const before = await revision();
    const attempt = store.create(settings, setting("atomic"), {
      alongside: [{ action: "create", definition: namespaces, object: namespace("taken") }],
    });
    await expect(attempt).rejects.toMatchObject({
      code: "AlreadyExists",
      message: 'namespaces "taken" already exists',
    });
    expect(await revision()).toBe(before);
    await expect(store.get(settings, "", "atomic")).rejects.toMatchObject({ code: "NotFound" });
  });

  it("needs a namespace, which the same commit may make", async () => {
    const lost = { ...secret("s", "x"), metadata: { name: "s", namespace: "nowhere" } };
    await expect(store.create(secrets, lost)).rejects.toMatchObject({ code: "NotFound" });
    await store.create(secrets, lost, {
      alongside: [{ action: "create", definition: namespaces, object: namespace("nowhere") }],
    });
    expect((await store.list(secrets, { namespace: "nowhere" })).items).toHaveLength(1);
  });

  it("lets one of many racing creators of a unique value win", async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 12 }, (_, index) =>
        store.create(clusters, cluster(`c-race${index}`, index % 2 === 0 ? "Race" : "race")),
      ),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(
      (await store.list(clusters, { index: { field: "displayName", value: "race" } })).items,
    ).toHaveLength(1);
  });

  it("lets all of many racing creators of different unique values win", async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 64 }, (_, index) =>
        store.create(clusters, cluster(`c-crowd${index}`, `crowd-${index}`)),
      ),
    );
    expect(results.filter(({ status }) => status === "rejected")).toEqual([]);
  });

  it("loses no update of concurrent read-modify-writes", async () => {
    await store.create(settings, setting("counter", "0"));
    const add = (): Promise<Setting> =>
      store.modify<Setting>(settings, "", "counter", (current) => ({
        ...current,
        value: String(Number(current.value) + 1),
      }));
    const results = await Promise.allSettled(Array.from({ length: 20 }, add));
    const done = results.filter(({ status }) => status === "fulfilled").length;
    expect(done).toBeGreaterThan(0);
    expect((await store.get(settings, "", "counter")).value).toBe(String(done));
  });

  it("does not repeat a commit whose answer was lost", async () => {
    const items: CommitItem[] = [];
    const lossy = open(async (batch) => {
      items.push(...batch);
      await commitBatch(sql, batch);
      // The answer is lost; the sender tries again with the same ids.
      return commitBatch(sql, batch);
    }).as(root);
    const made = await lossy.create(settings, setting("answer-lost"));
    const rows = await sql`select revision from events where name = 'answer-lost'`;
    expect(rows).toHaveLength(1);
    expect(made.metadata.resourceVersion).toBe(String(rows[0]?.["revision"]));
  });

  it("arms work in the statement that writes, and raises its sequence at every further write", async () => {
    await store.create(settings, setting("armed"));
    await store.modify<Setting>(settings, "", "armed", (current) => ({ ...current, value: "2" }));
    const rows = await sql<{ seq: string }[]>`select seq from work where key = 'armed'`;
    expect(rows.map(({ seq }) => Number(seq))).toEqual([2]);
  });

  it("judges a lease inside the commit: a worker without it writes nothing", async () => {
    await store.create(settings, setting("leased"));
    const late = open().as(root, { controller: "test", key: "leased", token: "expired" });
    await expect(
      late.modify<Setting>(settings, "", "leased", (current) => ({ ...current, value: "2" })),
    ).rejects.toThrow(/lease/);
    await sql`update work set lease_token = 't1', lease_until = now() + interval '1 min' where key = 'leased'`;
    const held = open().as(root, { controller: "test", key: "leased", token: "t1" });
    expect(
      (await held.modify<Setting>(settings, "", "leased", (current) => ({ ...current, value: "2" }))).value,
    ).toBe("2");
  });

  it("denies by default, before it says whether an object exists", async () => {
    const nobody = open().as({ name: "u-nobody", rules: [] });
    await expect(nobody.get(clusters, "", "c-status")).rejects.toMatchObject({
      code: "Forbidden",
      message:
        'clusters.management.cattle.io "c-status" is forbidden: User "u-nobody" cannot get resource "clusters" in API group "management.cattle.io" at the cluster scope',
    });
    await expect(nobody.get(clusters, "", "absent")).rejects.toMatchObject({ code: "Forbidden" });
    await expect(nobody.list(clusters)).rejects.toMatchObject({ code: "Forbidden" });
    await expect(nobody.create(settings, setting("denied"))).rejects.toMatchObject({ code: "Forbidden" });
    await expect(nobody.delete(settings, "", "new-1")).rejects.toMatchObject({ code: "Forbidden" });
    const reader = open().as({
      name: "u-one",
      rules: [
        {
          apiGroups: ["management.cattle.io"],
          resources: ["settings"],
          resourceNames: ["new-1"],
          verbs: ["get"],
        },
      ],
    });
    expect((await reader.list(settings, { names: ["new-1"] })).items).toHaveLength(1);
    await expect(reader.list(settings, { names: ["new-1", "once"] })).rejects.toMatchObject({
      code: "Forbidden",
    });
  });

  it("names every wrong field and stores nothing", async () => {
    const wrong = {
      ...setting("bad/name"),
      metadata: { name: "bad/name", labels: { "a b": "c", ok: "x y" } },
    };
    await expect(store.create(settings, wrong)).rejects.toMatchObject({
      code: "Invalid",
      causes: [{ field: "metadata.name" }, { field: "metadata.labels" }, { field: "metadata.labels" }],
    });
  });

  it("refuses text that the database cannot hold, and finds nothing by it", async () => {
    for (const odd of ["a\0b", "a\ud800b", "\udc00"]) {
      await expect(store.create(settings, setting(odd))).rejects.toMatchObject({
        code: "Invalid",
        causes: [{ field: "metadata.name" }],
      });
      const labelled = { ...namespace("odd"), metadata: { name: "odd", labels: { team: odd } } };
      await expect(store.create(namespaces, labelled)).rejects.toMatchObject({
        code: "Invalid",
        causes: [{ field: "metadata.labels" }],
      });
      const user: User = {
        apiVersion: "management.cattle.io/v3",
        kind: "User",
        metadata: { name: "u-odd" },
        principalIds: [`odd://${odd}`],
      };
      await expect(store.create(users, user)).rejects.toMatchObject({
        code: "Invalid",
        causes: [{ field: "principalId" }],
      });
      await expect(store.get(settings, "", odd)).rejects.toMatchObject({ code: "NotFound" });
      await expect(store.get(secrets, odd, "login")).rejects.toMatchObject({ code: "NotFound" });
      for (const filter of [
        { index: { field: "username", value: odd } },
        { labels: { team: odd } },
        { labels: { [odd]: "a" } },
        { namespace: odd },
        { namespaces: [odd] },
        { names: [odd] },
      ])
        expect((await store.list(users, filter)).items).toEqual([]);
    }
    expect((await store.list(namespaces, { names: ["default", "\ud800"] })).items).toHaveLength(1);
  });

  it("stores any text where only the body holds it", async () => {
    const odd = "a\0b \ud800";
    await store.create(settings, setting("odd-value", odd));
    expect((await store.get(settings, "", "odd-value")).value).toBe(odd);
  });

  it("refuses members of a wrong type before any rule of the type reads them", async () => {
    const wrong = {
      apiVersion: "x",
      kind: "User",
      metadata: { name: "u-wrong" },
      principalIds: 5,
      username: 7,
    };
    await expect(store.create<KubeObject>(users, wrong)).rejects.toMatchObject({
      code: "Invalid",
      causes: [{ field: "principalIds" }, { field: "username" }],
    });
  });

  it("lists several namespaces at once", async () => {
    for (const name of ["many-a", "many-b", "many-c"]) {
      await store.create(namespaces, namespace(name));
      await store.create(secrets, { ...secret("s", "x"), metadata: { name: "s", namespace: name } });
    }
    const { items } = await store.list(secrets, { namespaces: ["many-a", "many-c"], names: ["s"] });
    expect(items.map(({ metadata }) => metadata.namespace)).toEqual(["many-a", "many-c"]);
    expect((await store.list(secrets, { namespaces: [] })).items).toEqual([]);
  });

  it("says when too many writes wait, and does not show what the database said", async () => {
    const refusing = (reason: "overloaded" | "refused") =>
      open(async () => [{ ok: false, reason, detail: "why" }]).as(root);
    await expect(refusing("overloaded").create(settings, setting("full"))).rejects.toMatchObject({
      code: "ServiceUnavailable",
      status: 503,
    });
    await expect(refusing("refused").create(settings, setting("full"))).rejects.not.toBeInstanceOf(
      StoreError,
    );
  });

  it("generates names that are free", async () => {
    const names = await Promise.all(
      [1, 2, 3].map(async () => {
        const made = await store.create(namespaces, {
          apiVersion: "v1",
          kind: "Namespace",
          metadata: { name: "", generateName: "gen-" },
        });
        return made.metadata.name;
      }),
    );
    expect(new Set(names).size).toBe(3);
    for (const name of names) expect(name).toMatch(/^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  it("selects by namespace, labels and names", async () => {
    await store.create(namespaces, {
      ...namespace("labelled"),
      metadata: { name: "labelled", labels: { team: "a" } },
    });
    const names = async (filter: Parameters<BoundStore["list"]>[1]): Promise<string[]> =>
      (await store.list(namespaces, filter)).items.map(({ metadata }) => metadata.name);
    expect(await names({ labels: { team: "a" } })).toEqual(["labelled"]);
    expect(await names({ labels: { team: "b" } })).toEqual([]);
    expect(await names({ names: ["labelled", "absent", "default"] })).toEqual(["default", "labelled"]);
  });
});
