import type { Sql } from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256Hex } from "../../../schema/auth/token-secret.ts";
import { namespaces } from "../../../schema/resources/core/namespaces.ts";
import { secrets, toBase64 } from "../../../schema/resources/core/secrets.ts";
import type { Secret } from "../../../schema/resources/core/secrets.ts";
import { clusterRegistrationTokens } from "../../../schema/resources/management.cattle.io/cluster-registration-tokens.ts";
import { clusters } from "../../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../../schema/resources/management.cattle.io/clusters.ts";
import { registry } from "../../../schema/resources/registry.ts";
import { createSealer } from "../../../schema/seal/sealer.ts";
import { commitBatch } from "../../../schema/store/commit.ts";
import { createStore } from "../../../schema/store/store.ts";
import type { BoundStore } from "../../../schema/store/store.ts";
import { migratedSql } from "../../../test/setup/database.ts";
import { findRegistrationToken } from "./registration-token.ts";

const management = "management.cattle.io/v3";
const clusterId = "c-abcde";

describe("registration tokens", () => {
  let sql: Sql;
  let stop: () => Promise<void>;
  let store: BoundStore;

  beforeAll(async () => {
    ({ sql, stop } = await migratedSql());
    store = createStore({
      sql: () => sql,
      commit: (items) => commitBatch(sql, items),
      sealer: createSealer({ current: "k1", keys: new Map([["k1", new Uint8Array(32).fill(1)]]) }),
      registry,
      workOf: () => [],
      now: () => new Date(),
    }).as({ name: "system:test", rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }] });
    await store.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: clusterId } });
    const cluster: Cluster = {
      apiVersion: management,
      kind: "Cluster",
      metadata: { name: clusterId },
      spec: { displayName: "one" },
    };
    await store.create(clusters, cluster);
    await store.create(clusterRegistrationTokens, {
      apiVersion: management,
      kind: "ClusterRegistrationToken",
      metadata: { name: "default-token", namespace: clusterId },
      spec: { clusterName: clusterId },
    });
    await store.create(secrets, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "crt-token-default-token", namespace: clusterId },
      type: "Opaque",
      data: { token: toBase64("first") },
    });
  }, 60_000);
  afterAll(() => stop?.());

  const holds = async (data: Record<string, string>): Promise<void> => {
    await store.modify<Secret>(secrets, clusterId, "crt-token-default-token", (secret) => ({
      ...secret,
      data: Object.fromEntries(Object.entries(data).map(([name, text]) => [name, toBase64(text)])),
    }));
  };
  const opens = async (token: string, now = "2026-11-25T12:00:00Z"): Promise<string | undefined> =>
    (await findRegistrationToken(store, await sha256Hex(token), new Date(now)))?.clusterId;

  it("open their cluster, and nothing else does", async () => {
    expect(await opens("first")).toBe(clusterId);
    for (const wrong of ["", "second", "firs", "first "]) expect(await opens(wrong)).toBeUndefined();
  });

  it("tunnel 34: a replaced token works during its grace time, and not after", async () => {
    await holds({ token: "second", previousToken: "first", gracePeriodExpiresAt: "2026-11-25T13:00:00Z" });
    expect(await opens("second")).toBe(clusterId);
    expect(await opens("first")).toBe(clusterId);
    expect(await opens("first", "2026-11-25T13:00:00Z")).toBeUndefined();
    await holds({ token: "second", previousToken: "first" });
    expect(await opens("first")).toBeUndefined();
  });

  it("open nothing after their own end", async () => {
    await holds({ token: "third", expiresAt: "2026-11-25T13:00:00Z" });
    expect(await opens("third")).toBe(clusterId);
    expect(await opens("third", "2026-11-25T13:00:01Z")).toBeUndefined();
  });

  it("open nothing when their ClusterRegistrationToken or their cluster goes", async () => {
    await holds({ token: "fourth" });
    await store.delete(clusters, "", clusterId);
    expect(await opens("fourth")).toBeUndefined();
  });
});
