/** The lease against a real PostgreSQL. */
import { spawnSync } from "node:child_process";
import { hostname } from "node:os";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { flakyProxy } from "../../test/e2e/flaky-proxy.ts";
import { migratedPostgres } from "../../test/setup/database.ts";
import type { Database } from "../postgres/client.ts";
import { openDatabase } from "../postgres/client.ts";
import type { DatabaseTarget } from "../postgres/database-url.ts";
import { parseDatabaseUrl } from "../postgres/database-url.ts";
import { acquireLease } from "./lease.ts";
import type { Lease } from "./lease.ts";

describe("the instance lease", () => {
  let postgres: { url: string; stop: () => Promise<void> };
  let target: DatabaseTarget;
  let sql: Database;
  const log = (): void => undefined;

  beforeAll(async () => {
    postgres = await migratedPostgres();
    target = parseDatabaseUrl(postgres.url);
    sql = openDatabase(target);
  });
  afterAll(async () => {
    await sql?.end();
    await postgres?.stop();
  });
  afterEach(() => sql`delete from meta where key = 'instance-lease'`);

  const acquire = (holder: string, onLost: () => void = () => undefined, renewMs = 50): Promise<Lease> =>
    acquireLease({ target: () => target, holder, log, onLost, renewMs });

  /** As a killed Drover leaves it. */
  async function leave(lease: {
    holder: string;
    pid: number;
    host: string;
    identity: string;
  }): Promise<void> {
    const until = new Date(Date.now() + 15_000).toISOString();
    const value = JSON.stringify({ ...lease, token: "t", until });
    await sql`insert into meta (key, value) values ('instance-lease', ${value})
      on conflict (key) do update set value = excluded.value`;
  }

  it("is refused to a copy of the data directory while the original's process lives", async () => {
    const original = await acquire("one");
    await expect(acquire("one")).rejects.toThrow(/another Drover \(process \d+ on .*\) uses this database/);
    await original.release();
    await (await acquire("one")).release();
  });

  it("is taken over at once from a process that is gone, also when its pid was given out again", async () => {
    const gone = spawnSync(process.execPath, ["-p", "process.pid"], { encoding: "utf8" });
    const host = hostname();
    await leave({ holder: "one", pid: Number(gone.stdout), host, identity: "boot:1" });
    await (await acquire("one")).release();
    await leave({ holder: "one", pid: process.pid, host, identity: "boot:1" });
    await (await acquire("one")).release();
  });

  it("is refused where nobody can tell whether its process is gone, until it lapses", async () => {
    const lease = { holder: "one", pid: 1, host: `not-${hostname()}`, identity: "boot:1" };
    await leave(lease);
    await expect(acquire("one")).rejects.toThrow(/try again in 1[45] s/);
    await leave({ ...lease, host: hostname(), holder: "two" });
    await expect(acquire("one")).rejects.toThrow(/try again in 1[45] s/);
  });

  it("tells its holder when somebody else has taken it", async () => {
    let lost = 0;
    const lease = await acquire("one", () => (lost += 1));
    await leave({ holder: "two", pid: 1, host: "elsewhere", identity: "" });
    for (let tries = 0; lost === 0 && tries < 100; tries += 1) await sleep(20);
    expect(lost).toBe(1);
    await lease.release();
    expect(await sql`select 1 from meta where key = 'instance-lease'`).toHaveLength(1);
  });

  it("is given up in seconds though the database hangs, and is kept through a database that hung", async () => {
    const proxy = await flakyProxy(target);
    const behind = { ...target, host: "127.0.0.1", port: proxy.port };
    let lost = 0;
    const onLost = (): void => void (lost += 1);
    const lease = await acquireLease({ target: () => behind, holder: "one", log, onLost, renewMs: 50 });
    proxy.mode("hang");
    await sleep(300);
    proxy.mode("away");
    proxy.mode("pass");
    const renewed = async (): Promise<boolean> =>
      (await sql`select 1 from meta where key = 'instance-lease' and updated_at > now() - interval '200 ms'`)
        .length > 0;
    for (let tries = 0; !(await renewed()) && tries < 200; tries += 1) await sleep(50);
    expect([await renewed(), lost]).toEqual([true, 0]);
    proxy.mode("hang");
    await sleep(100);
    const began = Date.now();
    await lease.release();
    expect(Date.now() - began).toBeLessThan(6000);
    await proxy.stop();
  });
});
