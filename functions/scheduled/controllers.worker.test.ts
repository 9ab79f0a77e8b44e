/** Controllers on a real PostgreSQL, killed after each of their writes: the next run ends where an undisturbed one does. */
import { env as bindings } from "cloudflare:workers";
import postgres from "postgres";
import type { Sql } from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256Hex } from "../../schema/auth/token-secret.ts";
import type { KubeObject } from "../../schema/object.ts";
import type { ResourceDefinition } from "../../schema/resource.ts";
import { namespaces } from "../../schema/resources/core/namespaces.ts";
import { secretText, secrets, toBase64 } from "../../schema/resources/core/secrets.ts";
import type { Secret } from "../../schema/resources/core/secrets.ts";
import {
  clusterRegistrationTokens,
  rotateAnnotation,
} from "../../schema/resources/management.cattle.io/cluster-registration-tokens.ts";
import type { ClusterRegistrationToken } from "../../schema/resources/management.cattle.io/cluster-registration-tokens.ts";
import { clusters } from "../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../schema/resources/management.cattle.io/clusters.ts";
import { globalRoleBindings } from "../../schema/resources/management.cattle.io/global-role-bindings.ts";
import { globalRoles } from "../../schema/resources/management.cattle.io/global-roles.ts";
import { tokens } from "../../schema/resources/management.cattle.io/tokens.ts";
import { users } from "../../schema/resources/management.cattle.io/users.ts";
import { customResourceDefinitions } from "../../schema/resources/apiextensions.k8s.io/custom-resource-definitions.ts";
import { clusterRoleBindings } from "../../schema/resources/rbac.authorization.k8s.io/cluster-role-bindings.ts";
import type { ClusterRoleBinding } from "../../schema/resources/rbac.authorization.k8s.io/cluster-role-bindings.ts";
import { commitBatch } from "../../schema/store/commit.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { everythingOf, forgetAll, root, runUntilDone, testStore } from "../../test/setup/reconciling.ts";
import type { Env } from "../env.ts";
import { registerCluster } from "../http/connect/register-cluster.ts";
import { credentialLabel, credentialNamespace } from "./cluster-lifecycle/credentials.ts";
import { clusterLifecycle } from "./cluster-lifecycle/controller.ts";
import { unhealthyClusters } from "./cluster-lifecycle/health-sweep.ts";
import type { Controller } from "./controller.ts";
import { namespaceLifecycle } from "./namespace-lifecycle/controller.ts";
import { registrationTokens } from "./registration-tokens/controller.ts";
import { customInstances } from "./custom-types/instances.ts";
import { workOf } from "./registry.ts";
import { userRemoval } from "./user-removal.ts";

let sql: Sql;
let store: BoundStore;

beforeAll(async () => {
  sql = postgres((bindings as unknown as Env).DB.connectionString, { max: 4, fetch_types: false });
  // Other files use this database before and after.
  await forgetAll(sql);
  store = testStore(sql).as(root);
  for (const name of [credentialNamespace, "cattle-local-user-passwords"])
    await create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
});

afterAll(() => forgetAll(sql));

async function create<T extends KubeObject>(definition: ResourceDefinition<T>, object: T): Promise<void> {
  await store.create(definition, object);
}

const untilDone = (controller: Controller, key: string, env: Partial<Env> = {}): Promise<number> =>
  runUntilDone(sql, controller, key, env);

const cluster = (name: string): Cluster => ({
  apiVersion: "management.cattle.io/v3",
  kind: "Cluster",
  metadata: { name },
  spec: { displayName: name },
});
const credentialsOf = async (name: string): Promise<string[]> =>
  (await store.list(secrets, { labels: { [credentialLabel]: name } })).items.map(
    ({ metadata }) => metadata.name,
  );
const tunnels = (closed: string[]): Partial<Env> =>
  ({
    TUNNEL: { getByName: (name: string) => ({ closeSessions: async () => void closed.push(name) }) },
  }) as unknown as Partial<Env>;

describe("user-removal", () => {
  const management = { apiVersion: "management.cattle.io/v3" } as const;
  const hash = "$3:c2FsdA:aGFzaA";

  it("is called for by the deletion of a user alone", () => {
    const user = { ...management, kind: "User", metadata: { name: "u-x" } };
    const of = (before: KubeObject | undefined, after: KubeObject | undefined) =>
      workOf("users.management.cattle.io", before, after, new Date(0)).filter(
        ({ controller }) => controller === "user-removal",
      );
    expect(of(user, undefined)).toEqual([{ controller: "user-removal", key: "u-x", runAt: 0 }]);
    expect(of(undefined, user)).toEqual([]);
    expect(of(user, user)).toEqual([]);
  });

  it("removes bindings, tokens and the password of a deleted user, and nothing of others", async () => {
    await create(globalRoles, { ...management, kind: "GlobalRole", metadata: { name: "role" }, rules: [] });
    for (const name of ["u-gone", "u-stays"]) {
      await create(users, { ...management, kind: "User", metadata: { name }, username: name });
      for (const count of [1, 2]) {
        await create(globalRoleBindings, {
          ...management,
          kind: "GlobalRoleBinding",
          metadata: { name: `grb-${name}-${count}` },
          globalRoleName: "role",
          userName: name,
        });
        await create(tokens, {
          ...management,
          kind: "Token",
          metadata: { name: `token-${name}-${count}` },
          userId: name,
          token: hash,
        });
      }
      await create<Secret>(secrets, {
        apiVersion: "v1",
        kind: "Secret",
        metadata: {
          name,
          namespace: "cattle-local-user-passwords",
          annotations: { "cattle.io/password-hash": "pbkdf2sha3512" },
        },
        data: { password: toBase64("x"), salt: toBase64("y") },
      });
    }
    const subject = (name: string) => ({ kind: "User", name });
    const bound = (name: string, ...subjects: object[]) => ({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { kind: "ClusterRole", name: "any" },
      subjects,
    });
    await create(clusterRoleBindings, bound("his-alone", subject("u-gone")) as unknown as ClusterRoleBinding);
    await create(
      clusterRoleBindings,
      bound("shared", subject("u-gone"), subject("u-stays")) as unknown as ClusterRoleBinding,
    );
    // He exists: nothing of his may go.
    expect(await untilDone(userRemoval, "u-gone")).toBe(1);
    expect(await everythingOf(sql, "u-gone")).toHaveLength(8);
    await store.delete(users, "", "u-gone");
    expect(await sql`select key from work where controller = 'user-removal'`).toEqual([{ key: "u-gone" }]);
    expect(await untilDone(userRemoval, "u-gone")).toBeGreaterThan(4);
    expect(await everythingOf(sql, "u-gone")).toEqual([]);
    expect(await everythingOf(sql, "u-stays")).toHaveLength(7);
    expect(await untilDone(userRemoval, "u-gone")).toBe(1);
  });
});

describe("registration-tokens", () => {
  it("gives a cluster its namespace, token and Secret", async () => {
    await create(clusters, cluster("c-parts"));
    await untilDone(registrationTokens, "c-parts");
    await untilDone(registrationTokens, "c-parts/default-token");
    expect(await everythingOf(sql, "c-parts")).toEqual([
      "clusterregistrationtokens.management.cattle.io/c-parts/default-token",
      "clusters.management.cattle.io//c-parts",
      "namespaces//c-parts",
      "secrets/c-parts/crt-token-default-token",
    ]);
    const [secret] = (await store.list(secrets, { namespace: "c-parts" })).items;
    await untilDone(registrationTokens, "c-parts/default-token");
    expect((await store.list(secrets, { namespace: "c-parts" })).items).toEqual([secret]);
  });

  it("refuses lives and grace times that are too short for agents to follow", async () => {
    await create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "c-ttl" } });
    const wish = {
      apiVersion: "management.cattle.io/v3",
      kind: "ClusterRegistrationToken",
      metadata: { name: "short", namespace: "c-ttl" },
      spec: { clusterName: "c-ttl", ttl: 5, gracePeriod: 1 },
    };
    await expect(store.create(clusterRegistrationTokens, wish)).rejects.toMatchObject({
      code: "Invalid",
      causes: [{ field: "spec.ttl" }, { field: "spec.gracePeriod" }],
    });
    const spec = { clusterName: "c-ttl", ttl: 0 };
    await store.create(clusterRegistrationTokens, { ...wish, spec });
  });

  it("rotates a token once for a wish, whatever it dies of, and keeps sessions of both", async () => {
    await create(clusters, cluster("c-turn"));
    await untilDone(registrationTokens, "c-turn");
    await untilDone(registrationTokens, "c-turn/default-token");
    await store.modify<Cluster>(
      clusters,
      "",
      "c-turn",
      (current) => ({ ...current, status: { ...current.status, driver: "imported" } }),
      { subresource: "status" },
    );
    const read = (): Promise<Secret> => store.get<Secret>(secrets, "c-turn", "crt-token-default-token");
    const first = secretText(await read(), "token");
    await store.modify(clusterRegistrationTokens, "c-turn", "default-token", (current) => ({
      ...current,
      metadata: { ...current.metadata, annotations: { [rotateAnnotation]: "now" } },
    }));
    const kept: string[][] = [];
    const env = {
      TUNNEL: { getByName: () => ({ keepSessionsOf: async (hashes: string[]) => void kept.push(hashes) }) },
    } as unknown as Partial<Env>;
    expect(await untilDone(registrationTokens, "c-turn/default-token", env)).toBe(3);
    const second = secretText(await read(), "token");
    expect(second).not.toBe(first);
    expect(secretText(await read(), "previousToken")).toBe(first);
    expect(kept.at(-1)).toEqual([await sha256Hex(second), await sha256Hex(first)]);
    const token = await store.get<ClusterRegistrationToken>(
      clusterRegistrationTokens,
      "c-turn",
      "default-token",
    );
    expect(token.metadata.annotations?.[rotateAnnotation]).toBeUndefined();
    expect(token.status?.gracePeriodExpiresAt).toBe(secretText(await read(), "gracePeriodExpiresAt"));
    expect(await untilDone(registrationTokens, "c-turn/default-token", env)).toBe(1);
    expect(secretText(await read(), "token")).toBe(second);
    await store.delete(clusterRegistrationTokens, "c-turn", "default-token");
    await untilDone(registrationTokens, "c-turn/default-token", env);
    expect(kept.at(-1)).toEqual([]);
  });
});

describe("the credentials of a cluster", () => {
  const params = (token: string) => ({ apiEndpoint: "10.0.0.1:443", caCert: "Y2E=", token });
  const current = (name: string): Promise<Cluster> => store.get<Cluster>(clusters, "", name);

  it("are one Secret, however many first connects race", async () => {
    await create(clusters, cluster("c-first"));
    const seen = await current("c-first");
    await Promise.all(["a", "b", "c"].map((token) => registerCluster(store, seen, params(token))));
    const { status } = await current("c-first");
    expect(await credentialsOf("c-first")).toEqual([status?.serviceAccountTokenSecret]);
  });

  it("are written once, and replaced with another token", async () => {
    await create(clusters, cluster("c-again"));
    await registerCluster(store, await current("c-again"), params("a"));
    const [first] = await credentialsOf("c-again");
    await registerCluster(store, await current("c-again"), params("a"));
    expect(await credentialsOf("c-again")).toEqual([first]);
    await registerCluster(store, await current("c-again"), params("b"));
    const rest = await credentialsOf("c-again");
    expect(rest).toHaveLength(1);
    expect(rest).not.toEqual([first]);
  });

  it("leave nothing when the cluster cannot be written, or goes", async () => {
    await create(clusters, cluster("c-lost"));
    const seen = await current("c-lost");
    let commits = 0;
    const failing = testStore(sql, async (items) => {
      if (++commits === 2) throw new Error("killed");
      return commitBatch(sql, items);
    }).as(root);
    await expect(registerCluster(failing, seen, params("a"))).rejects.toThrow("killed");
    expect(await credentialsOf("c-lost")).toEqual([]);
    await store.delete(clusters, "", "c-lost");
    await registerCluster(store, seen, params("a"));
    expect(await credentialsOf("c-lost")).toEqual([]);
    expect((await current("c-lost")).status?.serviceAccountTokenSecret).toBeUndefined();
  });
});

describe("removal of a cluster", () => {
  it("takes everything of it along, also credentials that no status names", async () => {
    await create(clusters, cluster("c-gone"));
    await untilDone(registrationTokens, "c-gone");
    await untilDone(registrationTokens, "c-gone/default-token");
    await registerCluster(store, await store.get<Cluster>(clusters, "", "c-gone"), {
      apiEndpoint: "10.0.0.1:443",
      caCert: "Y2E=",
      token: "a",
    });
    await create<Secret>(secrets, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "orphan", namespace: credentialNamespace, labels: { [credentialLabel]: "c-gone" } },
      data: { credential: toBase64("b") },
    });
    await store.delete(clusters, "", "c-gone");
    const closed: string[] = [];
    expect(await untilDone(clusterLifecycle, "c-gone", tunnels(closed))).toBeGreaterThan(4);
    await untilDone(namespaceLifecycle, "c-gone");
    expect(await everythingOf(sql, "c-gone")).toEqual([]);
    expect(new Set(closed)).toEqual(new Set(["c-gone"]));
    expect(await untilDone(clusterLifecycle, "c-gone", tunnels(closed))).toBe(1);
  });
});

describe("the health sweep", () => {
  it("asks the clusters that say Ready, and names those that are not", async () => {
    const ready = { Connected: "True", Ready: "True" } as const;
    for (const [name, conditions] of Object.entries({
      "c-well": ready,
      "c-ill": ready,
      "c-mute": ready,
      "c-returns": ready,
      "c-away": { ...ready, Connected: "False" as const },
      "c-error": { ...ready, Ready: "False" as const },
    })) {
      await create(clusters, cluster(name));
      await store.modify<Cluster>(
        clusters,
        "",
        name,
        (object) => ({
          ...object,
          status: { conditions: Object.entries(conditions).map(([type, status]) => ({ type, status })) },
        }),
        { subresource: "status" },
      );
    }
    const [before] = await sql`select revision from revision`;
    const asked: string[] = [];
    const stale: string[] = [];
    for (let minute = 0; minute < 15; minute++) {
      const found = await unhealthyClusters({
        store,
        now: () => new Date(minute * 60_000),
        downstream: async (name) => {
          asked.push(name);
          if (name === "c-mute") throw new Error("no answer");
          return new Response("", { status: name === "c-ill" || name === "c-returns" ? 500 : 200 });
        },
        throughPeers: async () => undefined,
        isReturning: async (name) => name === "c-returns",
      });
      stale.push(...found);
    }
    expect(asked.toSorted()).toEqual(["c-ill", "c-mute", "c-returns", "c-well"]);
    expect([...stale].toSorted()).toEqual(["c-ill", "c-mute"]);
    expect(await sql`select revision from revision`).toEqual([before]);
  });
});

describe("custom-instances", () => {
  const name = "widgets.crash.example.com";

  it("deletes what a deleted type stored, and then the type, whatever kills it on the way", async () => {
    await store.create(customResourceDefinitions, {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name },
      spec: {
        group: "crash.example.com",
        scope: "Cluster",
        names: { plural: "widgets", kind: "Widget" },
        versions: [
          { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } },
        ],
      },
    });
    const type = (await testStore(sql).types.current()).byTypeKey(name);
    if (type === undefined) throw new Error("it is not served");
    await store.create(type, { apiVersion: "", kind: "", metadata: { name: "a" } });
    await store.delete(customResourceDefinitions, "", name);
    expect(await untilDone(customInstances, name)).toBe(2);
    await expect(store.get(customResourceDefinitions, "", name)).rejects.toMatchObject({ code: "NotFound" });
    expect((await store.list(type)).items).toEqual([]);
  });
});
