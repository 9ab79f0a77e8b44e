/** Clusters of which no agent is connected here, and that peers have; on a real PostgreSQL, with peers that hold what a test says. */
import { env as bindings } from "cloudflare:workers";
import postgres from "postgres";
import type { Sql } from "postgres";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { peers } from "../../schema/resources/drover.io/peers.ts";
import { clusters } from "../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../schema/resources/management.cattle.io/clusters.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { enqueueWork } from "../../schema/store/work.ts";
import { forgetAll, root, settle, testStore } from "../../test/setup/reconciling.ts";
import type { Env } from "../env.ts";
import { isConnected } from "../store/peers.ts";
import { turnOf, unhealthyClusters } from "./cluster-lifecycle/health-sweep.ts";
import { wayThroughPeers } from "./cluster-lifecycle/through-peers.ts";
import { newsOf } from "./cluster-lifecycle/tunnel-news.ts";
import type { ReconcileContext } from "./controller.ts";

const id = "c-there";
const steve = `stv-cluster-${id}`;
let sql: Sql;
let store: BoundStore;
/** What east has. */
let held: readonly string[];
let asked: string[];

const env = {
  TUNNEL: { getByName: () => ({ status: async () => ({ sessions: [] }), spread: async () => undefined }) },
  PEER: {
    getByName: (name: string) => ({
      holds: async (keys: readonly string[]) =>
        name === "east" ? keys.filter((key) => held.includes(key)) : [],
      configure: async () => ({ accepted: [] }),
    }),
  },
} as unknown as Env;

const downstream: ReconcileContext["downstream"] = async (_id, path, init) => {
  asked.push(`${path} ${String(init?.through?.peers)}`);
  return String(init?.through?.peers) === "east" ? new Response("{}") : new Response(null, { status: 503 });
};

beforeEach(async () => {
  sql = postgres((bindings as unknown as Env).DB.connectionString, { max: 2, fetch_types: false });
  await forgetAll(sql);
  store = testStore(sql).as(root);
  held = [steve];
  asked = [];
  for (const name of ["east", "west"])
    await store.create(peers, {
      apiVersion: "drover.io/v1",
      kind: "Peer",
      metadata: { name },
      spec: { usedClusters: ["*"] },
    });
  await sql`delete from work`;
});
afterEach(async () => {
  await forgetAll(sql);
  await sql.end();
});

async function make(status: NonNullable<Cluster["status"]>): Promise<void> {
  await store.create<Cluster>(clusters, {
    apiVersion: "management.cattle.io/v3",
    kind: "Cluster",
    metadata: { name: id },
    spec: { displayName: id },
  });
  await store.modify<Cluster>(clusters, "", id, (current) => ({ ...current, status }), {
    subresource: "status",
  });
}

const work = (): Promise<number> => settle(sql, { only: ["cluster-lifecycle", "peers"], env, downstream });
const read = (): Promise<Cluster> => store.get<Cluster>(clusters, "", id);
const said = async (): Promise<Record<string, string>> =>
  Object.fromEntries(
    ((await read()).status?.conditions ?? []).map(({ type, status, reason, message }) => [
      type,
      [status, reason, message].filter((part) => part !== undefined).join(": "),
    ]),
  );
/** As its object tells of a change. */
const changed = (peer: string): Promise<void> =>
  enqueueWork(sql, [{ controller: "peers", key: peer, runAt: Date.now() - 1 }]);
/** Seconds until the lifecycle looks at the cluster. */
const due = async (): Promise<number | undefined> => {
  const [row] = await sql<{ seconds: number }[]>`
    select extract(epoch from run_at - now())::float8 as seconds from work
    where controller = 'cluster-lifecycle' and key = ${id}`;
  return row?.seconds;
};

const disconnected = "False: Disconnected: Cluster agent is not connected";

describe("a cluster that a peer has", () => {
  it("is connected through it and as well as it is there; nothing is written into it, and no other peer hears of it", async () => {
    await make({});
    await work();
    expect(await said()).toMatchObject({
      Connected: "True: Peer: Cluster is reached through peer east",
      Provisioned: "True",
      Ready: "True",
    });
    expect(asked).toEqual(["/ping east", "/readyz east", "/version east"]);
    expect(isConnected(await read())).toBe(false);
    asked = [];
    const unhealthy = await unhealthyClusters({
      store,
      downstream,
      throughPeers: (cluster) => wayThroughPeers({ env, store }, cluster),
      isReturning: async () => false,
      now: () => new Date(turnOf(id) * 60_000),
    });
    expect([unhealthy, asked]).toEqual([[], ["/readyz east"]]);
  });

  it("follows what the peer announces; a loss has time to mend", async () => {
    held = [];
    await make({ driver: "imported" });
    await work();
    expect((await said())["Connected"]).toBe(disconnected);
    held = [steve];
    await changed("east");
    await work();
    expect((await said())["Connected"]).toContain("through peer east");

    await Promise.all([changed("east"), changed("west")]);
    await work();
    expect(await due()).toBeUndefined();

    held = [];
    await changed("east");
    await work();
    expect(await due()).toBeGreaterThan(15);
    expect((await said())["Connected"]).toContain("through peer east");
    await sql`update work set run_at = now()`;
    await work();
    expect(await said()).toMatchObject({ Connected: disconnected, Ready: disconnected });
  });

  it("is looked at anew when an agent of its own comes", async () => {
    await make({ driver: "imported", clusterIdentity: { namespaceUid: "u", keySha256: "h" } });
    await work();
    const event = { clusterId: id, kind: "steve", change: "opened", sessionKey: "1", reason: "" } as const;
    expect(await newsOf({ env, sql, store }, { ...event, at: new Date().toISOString() })).toBe("news");
  });

  it("is disconnected while it does not answer there, and asked again", async () => {
    await make({ driver: "imported" });
    held = [id];
    await settle(sql, {
      only: ["cluster-lifecycle"],
      env,
      downstream: async (_id, path) => {
        asked.push(path);
        return new Response(null, { status: 502 });
      },
    });
    // By a main session alone: its kube-apiserver answers, and knows no /ping.
    expect([asked, (await said())["Connected"]]).toEqual([["/version"], disconnected]);
    expect(await due()).toBeGreaterThan(50);
  });
});
