/**
 * Many agents that come back at once (tunnel.md 7, check 36): real remotedialer, each with both sessions and the delays of
 * Rancher's agent. `npm run test:herd` has a thousand of them, which takes minutes.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import postgres from "postgres";
import type { Sql } from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildPeer, startPeer } from "../peers/peers.ts";
import type { Peer } from "../peers/peers.ts";
import { migratedPostgres } from "../setup/database.ts";
import { call, callJson, eventually, loginAs, removeDataDir, startDrover } from "./drover.ts";
import type { Connection, Drover } from "./drover.ts";
import { newCluster } from "./scripted-agent.ts";

const password = "many agents passphrase";
const count = Number(process.env["TEST_AGENTS"] ?? 30);
const inParallel = 8;

describe(`${count} agents`, () => {
  let drover: Drover;
  let sql: Sql;
  let stopPostgres: () => Promise<void>;
  let databaseUrl: string;
  let admin: Connection;
  let home: string;
  let herd: Peer;
  const clusters: { id: string; token: string }[] = [];

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "drover-herd-"));
    const database = await migratedPostgres();
    stopPostgres = database.stop;
    databaseUrl = database.url;
    sql = postgres(database.url, { fetch_types: false });
    drover = await startDrover({ args: ["--bootstrap-password", password, "--database-url", database.url] });
    admin = await loginAs(drover, "admin", password);
    await inTurns(async (index) => {
      clusters.push(await newCluster(admin, `herd-${index}`));
    });
  }, 900_000);

  afterAll(async () => {
    await herd?.stop();
    await drover?.stop();
    await sql?.end();
    await stopPostgres?.();
    if (drover !== undefined) removeDataDir(drover.dataDir);
    rmSync(home, { recursive: true, force: true });
  }, 60_000);

  async function inTurns(one: (index: number) => Promise<void>): Promise<void> {
    let next = 0;
    const turn = async (): Promise<void> => {
      while (next < count) await one(next++);
    };
    await Promise.all(Array.from({ length: inParallel }, turn));
  }

  /** From here on, every row that is written is counted. */
  async function countWrites(): Promise<void> {
    await sql`create sequence writes minvalue 0`;
    await sql.unsafe(`
      create function count_write() returns trigger language plpgsql as
        $$ begin perform nextval('writes'); return null; end $$`);
    for (const table of ["objects", "events", "work"])
      await sql.unsafe(
        `create trigger count_writes after insert or update or delete on ${table} for each row execute function count_write()`,
      );
  }
  const writes = async (): Promise<string> =>
    String((await sql`select last_value || ', ' || is_called as n from writes`)[0]?.["n"]);

  const settled = (): Promise<true> =>
    eventually("all work is done", 300_000, async () => {
      const [row] = await sql<{ n: number }[]>`
        select count(*)::int as n from work where run_at < now() + interval '1 minute'`;
      return row?.n === 0 ? true : undefined;
    });

  it("join, and all become Active", async () => {
    const tokens = join(home, "tokens.json");
    writeFileSync(tokens, JSON.stringify(clusters.map(({ token }) => token)), { mode: 0o600 });
    const url = `wss://localhost:${drover.port}/v3/connect`;
    herd = startPeer(buildPeer("v0.6.1"), [
      "herd",
      "-url",
      url,
      "-ca",
      drover.caPath,
      "-tokens",
      tokens,
      "-pause",
      "60ms",
    ]);
    await herd.next("all-up", 300_000);
    await eventually("all are active", 300_000, async () => {
      const { data } = await callJson<{ data: { state: string }[] }>(admin, "GET", "/v3/clusters?limit=2000");
      const active = data.filter(({ state }) => state === "active").length;
      if (active < count) throw new Error(`${active} are active`);
      return true;
    });
    await settled();
  }, 900_000);

  it("tunnel 36: all are up 30 s after a restart of Drover, and nothing is written for them", async () => {
    const [last] = await sql`select revision from revision`;
    await countWrites();
    const { dataDir, port } = drover;
    await drover.stop();
    drover = await startDrover({ dataDir, port, args: ["--database-url", databaseUrl] });
    const began = Date.now();
    await herd.next("all-up", 60_000);
    const sessions = Date.now() - began;
    await inTurns(async (index) => {
      await eventually(`cluster ${index} answers`, 60_000, async () =>
        (await call(admin, "GET", `/k8s/clusters/${clusters[index]?.id}/version`)).status === 200
          ? true
          : undefined,
      );
    });
    const answering = Date.now() - began;
    console.log(`${count} agents: sessions up after ${sessions} ms, requests answered after ${answering} ms`);
    // The promise is 30 s.
    expect(answering).toBeLessThan(60_000);
    await settled();
    // Also what is told of losses only when agents had their time to return.
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, began + 22_000 - Date.now())));
    const written = await sql`
      select type, name, kind from events where revision > ${last?.["revision"] ?? 0} order by revision`;
    expect(written.map(({ type, name, kind }) => `${kind} ${type} ${name}`)).toEqual([]);
    expect(await writes()).toBe("0, false");
  }, 900_000);
});
