/**
 * kill -9 of each part during traffic: what was acknowledged is there afterwards, and everything works again by itself.
 * The tests build on each other: one installation lives through all of it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { importInto, startAgent } from "../e2e/cluster.ts";
import type { Agent, ImportedCluster } from "../e2e/cluster.ts";
import {
  call,
  callJson,
  eventually,
  loginAs,
  processesOf,
  removeDataDir,
  startDrover,
} from "../e2e/drover.ts";
import type { Connection, Drover } from "../e2e/drover.ts";
import { startTestbed } from "../testbed/start.ts";
import type { Testbed } from "../testbed/start.ts";

const password = "crash test passphrase";

describe("after kill -9", () => {
  let drover: Drover;
  let testbed: Testbed;
  let admin: Connection & { token: string };
  let cluster: ImportedCluster;
  let agent: Agent;
  let home: string;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "drover-crash-"));
    [drover, testbed] = await Promise.all([
      startDrover({ args: ["--bootstrap-password", password] }),
      startTestbed(),
    ]);
    admin = await loginAs(drover, "admin", password);
    cluster = await importInto(admin, "crash", testbed);
    agent = await startAgent(testbed, join(home, "agent"));
    await cluster.waitFor("active", 20_000);
  }, 900_000);

  afterAll(async () => {
    await agent?.stop("SIGKILL");
    await Promise.all([drover?.stop(), testbed?.stop()]);
    if (drover !== undefined) removeDataDir(drover.dataDir);
    rmSync(home, { recursive: true, force: true });
  }, 60_000);

  const pidsOf = (program: string): number[] => processesOf(drover, program);

  interface Traffic {
    /** Names of users whose creation was acknowledged. */
    readonly acknowledged: string[];
    readonly stop: () => Promise<void>;
  }

  /** Four writers, and as many readers through the tunnel, until stopped. Refusals while a part is away are expected. */
  function startTraffic(label: string): Traffic {
    const acknowledged: string[] = [];
    let running = true;
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let count = 0; running; count++) {
        const username = `${label}-${writer}-${count}`;
        try {
          const answer = await call(admin, "POST", "/v3/users", { username, name: username });
          if (answer.status === 201) acknowledged.push(username);
          else await sleep(50);
        } catch {
          await sleep(50);
        }
      }
    });
    const readers = Array.from({ length: 4 }, async () => {
      while (running) {
        await call(admin, "GET", `/k8s/clusters/${cluster.id}/api/v1/namespaces`).catch(() => undefined);
        await sleep(20);
      }
    });
    return {
      acknowledged,
      async stop() {
        running = false;
        await Promise.all([...writers, ...readers]);
      },
    };
  }

  async function expectAllThere(acknowledged: readonly string[]): Promise<void> {
    expect(acknowledged.length).toBeGreaterThan(0);
    const { data } = await callJson<{ data: { username?: string }[] }>(admin, "GET", "/v3/users?limit=3000");
    const present = new Set(data.map(({ username }) => username));
    expect(acknowledged.filter((username) => !present.has(username))).toEqual([]);
  }

  const throughTunnel = async (): Promise<true | undefined> =>
    (await call(admin, "GET", `/k8s/clusters/${cluster.id}/api/v1/namespaces`)).status === 200
      ? true
      : undefined;

  async function withDatabase<T>(use: (sql: postgres.Sql) => Promise<T>): Promise<T> {
    const sql = postgres({
      path: join(drover.dataDir, "run", ".s.PGSQL.5432"),
      database: "drover",
      user: "drover",
      fetch_types: false,
      max: 1,
    } as unknown as postgres.Options<Record<string, never>>);
    try {
      return await use(sql);
    } finally {
      await sql.end();
    }
  }

  /**
   * Every revision from the compacted one to the store's own has exactly one event, every object stands at the revision
   * of its last event, and none of them is without one. One statement: one snapshot, whatever is written meanwhile.
   */
  async function expectNoGap(): Promise<void> {
    const [found] = await withDatabase(
      (sql) => sql<
        { compacted: number; revision: number; first: number; last: number; count: number; lost: number }[]
      >`
        select r.compacted::float8 as compacted, r.revision::float8 as revision, e.first, e.last, e.count, o.lost
        from revision r,
          (select min(revision)::float8 as first, max(revision)::float8 as last, count(distinct revision)::float8 as count
             from events) e,
          (select count(*)::float8 as lost from objects o
             where o.revision > (select compacted from revision) and o.revision is distinct from
               (select max(revision) from events where type = o.type and namespace = o.namespace and name = o.name)) o`,
    );
    const { compacted = 0, revision = 0 } = found ?? {};
    expect(revision).toBeGreaterThan(0);
    expect(found).toEqual({
      compacted,
      revision,
      first: compacted + 1,
      last: revision,
      count: revision - compacted,
      lost: 0,
    });
  }

  it("SHOW fsync is on", async () => {
    expect(await withDatabase((sql) => sql`show fsync`)).toEqual([{ fsync: "on" }]);
  });

  it("workerd: the launcher starts it again, no acknowledged write is lost, the agent returns by itself", async () => {
    const traffic = startTraffic("workerd");
    await sleep(2_000);
    const before = pidsOf("workerd");
    expect(before).toHaveLength(1);
    for (const pid of before) process.kill(pid, "SIGKILL");
    await eventually("another workerd", 20_000, () => {
      const [pid] = pidsOf("workerd");
      return pid !== undefined && pid !== before[0] ? true : undefined;
    });
    await eventually("requests reach the cluster again", 40_000, throughTunnel);
    await traffic.stop();
    await expectAllThere(traffic.acknowledged);
    await expectNoGap();
    await cluster.waitFor("active", 20_000);
  });

  it("Postgres: it comes back with every acknowledged write, and revisions still have no gap", async () => {
    const traffic = startTraffic("postgres");
    await sleep(2_000);
    const before = pidsOf("postgres");
    expect(before.length).toBeGreaterThan(0);
    for (const pid of before) process.kill(pid, "SIGKILL");
    const known = traffic.acknowledged.length;
    await eventually("writes are acknowledged again", 40_000, () =>
      traffic.acknowledged.length > known + 8 ? true : undefined,
    );
    await traffic.stop();
    await expectAllThere(traffic.acknowledged);
    await expectNoGap();
    await eventually("requests reach the cluster", 20_000, throughTunnel);
  });

  it("the launcher: the next start ends the orphans it finds and goes on with all data", async () => {
    const traffic = startTraffic("launcher");
    await sleep(2_000);
    const orphans = [...pidsOf("workerd"), ...pidsOf("postgres")];
    drover.launcher.kill("SIGKILL");
    await sleep(200);
    await traffic.stop();
    drover = await startDrover({ dataDir: drover.dataDir, port: drover.port });
    expect(drover.password).toBeUndefined();
    const now = [...pidsOf("workerd"), ...pidsOf("postgres")];
    expect(now.filter((pid) => orphans.includes(pid))).toEqual([]);
    await expectAllThere(traffic.acknowledged);
    await expectNoGap();
    await eventually("requests reach the cluster again", 60_000, throughTunnel);
  }, 180_000);

  it("the agent: the cluster is unavailable within 5 s and Active again after its return", async () => {
    const traffic = startTraffic("agent");
    await sleep(1_000);
    await agent.stop("SIGKILL");
    const began = Date.now();
    await cluster.waitFor("unavailable", 10_000);
    expect(Date.now() - began).toBeLessThan(10_000);
    agent = await startAgent(testbed, join(home, "agent"));
    await cluster.waitFor("active", 20_000);
    await traffic.stop();
    await expectAllThere(traffic.acknowledged);
    await eventually("requests reach the cluster again", 20_000, throughTunnel);
  });
});
