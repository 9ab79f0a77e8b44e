/** The runner inside workerd, on a real PostgreSQL, with tunnels that do what a test says. */
import { env as bindings } from "cloudflare:workers";
import postgres from "postgres";
import type { Sql } from "postgres";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clusters } from "../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../schema/resources/management.cattle.io/clusters.ts";
import { enqueueWork } from "../../schema/store/work.ts";
import type { Env } from "../env.ts";
import { systemActor } from "../http/context.ts";
import { openStore } from "../store/open-store.ts";
import { turnOf } from "./cluster-lifecycle/health-sweep.ts";
import { onTunnelEvent, runDueWork, sweep } from "./runner.ts";

const keys = JSON.stringify({ current: "k1", keys: { k1: btoa("0123456789abcdef0123456789abcdef") } });
const controller = "cluster-lifecycle";

/** What the tunnel of a cluster answers to `status`; and what the cluster behind it answers. */
interface Tunnel {
  closeSessions?: (reason: string) => Promise<void>;
  status: () => Promise<{ sessions: readonly { kind: string }[] }>;
  fetch: (url: string) => Promise<Response>;
}

let tunnels: Map<string, Tunnel>;
let poked: number;
let env: Env;
let sql: Sql;
const away: Tunnel = {
  status: async () => ({ sessions: [] }),
  fetch: () => Promise.reject(new Error("no session")),
};

beforeEach(async () => {
  tunnels = new Map();
  poked = 0;
  env = {
    ...(bindings as unknown as Env),
    DROVER_KEYS: keys,
    DROVER_LOG_LEVEL: "error",
    STORE_WRITER: { getByName: () => ({ commit: () => Promise.reject(new Error("no writer here")) }) },
    SCHEDULER: { getByName: () => ({ poke: async () => void poked++ }) },
    TUNNEL: { getByName: (name: string) => tunnels.get(name) ?? away },
  } as unknown as Env;
  sql = postgres(env.DB.connectionString, { max: 1, fetch_types: false });
  await sql`delete from work`;
  await sql`delete from objects`;
  // Other files seal theirs by another key.
  await sql`delete from meta where key = 'service-account-keys'`;
});
afterEach(() => sql`delete from objects`);

async function makeCluster(name: string, status: NonNullable<Cluster["status"]>): Promise<void> {
  const store = openStore(env).as(systemActor("test"));
  const cluster: Cluster = {
    apiVersion: "management.cattle.io/v3",
    kind: "Cluster",
    metadata: { name },
    spec: { displayName: name },
  };
  await store.create(clusters, cluster);
  await store.modify<Cluster>(clusters, "", name, (current) => ({ ...current, status }), {
    subresource: "status",
  });
}

const pending = async (): Promise<string[]> =>
  (await sql<{ key: string }[]>`select key from work where controller = ${controller} order by key`).map(
    ({ key }) => key,
  );

describe("a run", () => {
  it("completes all others in time while many clusters hang, with a few connections to the database", async () => {
    const releases: (() => void)[] = [];
    const hung = Array.from({ length: 20 }, (_, index) => `c-hung${index}`);
    const well = Array.from({ length: 40 }, (_, index) => `c-well${index}`);
    for (const name of hung) {
      const silence = new Promise<{ sessions: [] }>((resolve) =>
        releases.push(() => resolve({ sessions: [] })),
      );
      tunnels.set(name, { ...away, status: () => silence });
    }
    await Promise.all([...hung, ...well].map((name) => makeCluster(name, { driver: "imported" })));
    await sql`delete from work`;
    const runAt = Date.now() - 1_000;
    await enqueueWork(
      sql,
      hung.map((key) => ({ controller, key, runAt: runAt - 1_000 })),
    );
    await enqueueWork(
      sql,
      well.map((key) => ({ controller, key, runAt })),
    );
    const run = runDueWork(env, new Date());
    await expect.poll(pending, { timeout: 4_000 }).toEqual(hung.toSorted());
    // What comes now waits for none of them either, and needs no other run.
    await enqueueWork(sql, [{ controller, key: "c-well0", runAt: Date.now() }]);
    await expect.poll(pending, { timeout: 2_000 }).toEqual(hung.toSorted());
    const [open] = await sql<{ n: number }[]>`
      select count(*)::float8 as n from pg_stat_activity where query like '%update work w%' and pid <> pg_backend_pid()`;
    expect(open?.n).toBeLessThanOrEqual(4);
    for (const release of releases) release();
    expect(await run).toMatchObject({ nextRunAt: null });
    expect(await pending()).toEqual([]);
  });

  it("keeps work of a controller that this version does not know, and says when to look again", async () => {
    await enqueueWork(sql, [{ controller: "of-the-future", key: "k", runAt: 0 }]);
    const { nextRunAt } = await runDueWork(env, new Date());
    expect(nextRunAt).toBeGreaterThan(Date.now());
    expect(await sql`select key, attempts from work`).toEqual([{ key: "k", attempts: 1 }]);
  });
});

/** One sweep of a database in which nothing waits: rows of whatever was made before are none of its affair. */
async function sweepAt(time: Date): Promise<{ pending: string[]; poked: number }> {
  await sql`delete from work`;
  poked = 0;
  const before = await sql`select revision from revision`;
  await sweep(env, time);
  expect(await sql`select revision from revision`).toEqual(before);
  return { pending: await pending(), poked };
}

describe("the sweep", () => {
  it("writes nothing when all is well, and calls for work where a Ready cluster is not", async () => {
    const ready = {
      driver: "imported",
      conditions: ["Connected", "Ready"].map((type) => ({ type, status: "True" as const })),
    };
    let readyz = 200;
    tunnels.set("c-sick", { ...away, fetch: async () => new Response("", { status: readyz }) });
    await makeCluster("c-sick", ready);
    const itsTurn = new Date(turnOf("c-sick") * 60_000);
    expect(await sweepAt(itsTurn)).toEqual({ pending: [], poked: 0 });
    readyz = 503;
    expect(await sweepAt(new Date(itsTurn.getTime() + 60_000))).toEqual({ pending: [], poked: 0 });
    expect(await sweepAt(itsTurn)).toEqual({ pending: ["c-sick"], poked: 1 });
  });
});

describe("a session that opens", () => {
  it("is closed where its cluster has gone, or is going, since its agent was let in", async () => {
    const closed: string[] = [];
    for (const name of ["c-never", "c-going", "c-stays"])
      tunnels.set(name, {
        ...away,
        closeSessions: async (reason) => void closed.push(`${name}: ${reason}`),
      });
    for (const name of ["c-going", "c-stays"]) await makeCluster(name, { driver: "imported" });
    await openStore(env).as(systemActor("test")).delete(clusters, "", "c-going");
    const event = { change: "opened", kind: "steve", sessionKey: "1", reason: "agent connected" } as const;
    for (const clusterId of tunnels.keys())
      await onTunnelEvent(env, { ...event, clusterId, steveSessions: 1, at: new Date().toISOString() });
    expect(closed).toEqual(["c-never: cluster deleted", "c-going: cluster deleted"]);
    await onTunnelEvent(env, {
      ...event,
      change: "closed",
      clusterId: "c-never",
      steveSessions: 0,
      at: new Date().toISOString(),
    });
    expect(closed).toHaveLength(2);

    tunnels.set("c-going#2", { ...away, closeSessions: async () => void closed.push("c-going#2") });
    await onTunnelEvent(env, { ...event, clusterId: "c-going", shard: 2, at: new Date().toISOString() });
    expect(closed.slice(2)).toEqual(["c-going: cluster deleted", "c-going#2"]);
  });
});
