import { mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { TemporaryPostgres } from "../postgres/temporary.ts";
import { temporaryPostgres } from "../postgres/temporary.ts";
import { int32, message } from "./messages.ts";
import type { Pooler } from "./pooler.ts";
import { startPooler } from "./pooler.ts";

let database: TemporaryPostgres;
let direct: postgres.Sql;
let dir: string;
let pooler: Pooler;
const open: postgres.Sql[] = [];

beforeAll(async () => {
  database = await temporaryPostgres();
  const { host, port, user, password } = database.target;
  direct = postgres({
    host,
    port,
    user,
    pass: password,
    database: database.target.database,
    onnotice: () => undefined,
  });
  await direct`create table items (n integer primary key, note text)`;
});
afterAll(async () => {
  await direct.end();
  await database.stop();
});
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "drover-pooler-"));
  pooler = await start(5);
  await direct`truncate items`;
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((sql) => sql.end({ timeout: 1 })));
  await pooler.stop();
  rmSync(dir, { recursive: true });
});

function start(size: number, waitMs = 15_000): Promise<Pooler> {
  const log = () => undefined;
  return startPooler({
    socketPath: join(dir, ".s.PGSQL.5432"),
    target: () => database.target,
    log,
    size,
    waitMs,
  });
}

/** A client as the Workers use it. */
function client(options: postgres.Options<Record<string, never>> = {}): postgres.Sql {
  const sql = postgres({ host: dir, database: "x", user: "x", max: 1, fetch_types: false, ...options });
  open.push(sql);
  return sql;
}

/** postgres.js 3.4.9 never resolves `reserve()` on a connection that it has to open without fetching types. */
async function reserve(sql: postgres.Sql): Promise<postgres.ReservedSql> {
  await sql`select 1`;
  return sql.reserve();
}

/** The server process behind a statement. */
async function backend(sql: postgres.Sql | postgres.TransactionSql): Promise<number> {
  const [row] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
  return row?.pid ?? 0;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 5000; Date.now() < deadline; await sleep(10))
    if (await condition()) return;
  throw new Error("the condition did not come true within 5 s");
}

describe("transactions", () => {
  it("keep one connection from begin to commit, and give it to others afterwards", async () => {
    await pooler.stop();
    pooler = await start(1);
    const [a, b] = [client(), client()];
    const order: string[] = [];
    const first = a.begin(async (sql) => {
      const pid = await backend(sql);
      await sleep(100);
      await sql`insert into items values (1, 'a')`;
      expect(await backend(sql)).toBe(pid);
      order.push("a");
    });
    await sleep(20);
    const second = b`insert into items values (2, 'b')`.then(() => order.push("b"));
    await Promise.all([first, second]);
    expect(order).toEqual(["a", "b"]);
    expect(await backend(a)).toBe(await backend(b));
    expect(pooler.serverCount()).toBe(1);
  });

  it("are rolled back when the client leaves in the middle, and the connection goes on serving", async () => {
    const sql = client();
    const reserved = await reserve(sql);
    await reserved`begin`;
    const pid = await backend(reserved);
    await reserved`insert into items values (1, 'lost')`;
    await sql.end({ timeout: 0 });
    const next = client();
    await until(async () => (await next`select 1 from items`).length === 0);
    await until(async () => (await backend(next)) === pid);
    const [row] = await direct`select state from pg_stat_activity where pid = ${pid}`;
    expect(row?.["state"]).toBe("idle");
  });

  it("are cancelled on the server when the client leaves during a statement", async () => {
    const sql = client();
    const running = sql`select pg_sleep(60), 'left behind'`.catch((error: Error) => error);
    const active = () =>
      direct`select 1 from pg_stat_activity where query like '%left behind%' and state = 'active' and pid <> pg_backend_pid()`;
    await until(async () => (await active()).length === 1);
    await sql.end({ timeout: 0 });
    expect(await running).toBeInstanceOf(Error);
    await until(async () => (await active()).length === 0);
  });

  it("leave the client usable after an error", async () => {
    const sql = client();
    await expect(sql`select 1/${0}::int`).rejects.toMatchObject({ code: "22012" });
    const failed = sql.begin(async (tx) => {
      await tx`insert into items values (1, 'x')`;
      await tx`insert into items values (1, 'y')`;
    });
    await expect(failed).rejects.toMatchObject({ code: "23505" });
    expect(await sql`select * from items`).toHaveLength(0);
  });
});

describe("sharing", () => {
  it("serves 50 clients over 5 connections", async () => {
    const clients = Array.from({ length: 50 }, () => client());
    await Promise.all(
      clients.map(async (sql, index) => {
        for (let round = 0; round < 10; round += 1) {
          const n = index * 10 + round;
          await sql.begin(async (tx) => {
            await tx`insert into items values (${n}, ${String(n)})`;
            await tx`update items set note = note || '!' where n = ${n}`;
          });
        }
      }),
    );
    const [row] =
      await direct`select count(*)::int as n, count(*) filter (where note = n || '!')::int as right from items`;
    expect(row).toEqual({ n: 500, right: 500 });
    expect(pooler.serverCount()).toBeLessThanOrEqual(5);
  });

  it("tells a client that waits too long which limit it met", async () => {
    await pooler.stop();
    pooler = await start(1, 100);
    const holder = await reserve(client());
    await holder`begin`;
    // postgres.js does not show a FATAL error: it says only that the connection was closed.
    const socket = connect(join(dir, ".s.PGSQL.5432"));
    let answer = "";
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
    socket.write(message("", int32(196_608), "user", "x", Buffer.from([0])));
    socket.write(message("Q", "select 1"));
    await once(socket, "close");
    expect(answer).toContain("53300");
    expect(answer).toContain("all 1 connections are busy");
    await holder`rollback`;
    holder.release();
    expect(await client()`select 1 as one`).toEqual([{ one: 1 }]);
  });

  it("keeps a slow reader from filling memory or holding up others", async () => {
    const socket = connect(join(dir, ".s.PGSQL.5432"));
    socket.write(message("", int32(196_608), "user", "x", Buffer.from([0])));
    socket.write(message("Q", "select repeat('x', 1000000) from generate_series(1, 200)"));
    await sleep(300);
    expect(socket.readableFlowing).toBe(null);
    expect(await client()`select 1 as one`).toEqual([{ one: 1 }]);
    let bytes = 0;
    let last = 0;
    socket.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      last = chunk.at(-1) ?? 0;
    });
    await until(() => bytes > 200_000_000 && last === "I".charCodeAt(0));
    socket.destroy();
  });

  it("connects again after PostgreSQL has dropped its connections", async () => {
    const sql = client();
    const pid = await backend(sql);
    await direct`select pg_terminate_backend(${pid})`;
    await until(() => pooler.serverCount() === 0);
    expect(await backend(sql)).not.toBe(pid);
  });

  it("tells a client whose connection broke in the middle", async () => {
    const failed = client().begin(async (sql) => {
      await direct`select pg_terminate_backend(${await backend(sql)})`;
      await sleep(50);
      await sql`select 1`;
    });
    await expect(failed).rejects.toThrow();
    expect(await client()`select 1 as one`).toEqual([{ one: 1 }]);
  });
});

describe("prepared statements", () => {
  it("work on every connection, whoever prepared them where", async () => {
    const clients = Array.from({ length: 10 }, () => client());
    for (let round = 0; round < 5; round += 1) {
      const sums = await Promise.all(
        clients.map((sql, index) => sql`select ${index}::int + ${round}::int as sum, pg_sleep(0.01)`),
      );
      expect(sums.map(([row]) => row?.["sum"])).toEqual(clients.map((_, index) => index + round));
    }
    expect(pooler.serverCount()).toBe(5);
  });

  it("are prepared once per connection for all clients", async () => {
    await pooler.stop();
    pooler = await start(1);
    for (let index = 0; index < 5; index += 1) await client()`select ${index}::int as once`;
    const rows = await client().unsafe(
      "select name from pg_prepared_statements where statement like '%as once%'",
    );
    expect(rows).toHaveLength(1);
  });

  it("survive an error in their own Parse, and one before it in a pipeline", async () => {
    await pooler.stop();
    pooler = await start(1);
    const sql = client();
    await expect(sql`select missing_column, ${1}::int`).rejects.toMatchObject({ code: "42703" });
    const settled = await Promise.allSettled([
      sql`select 1/0`,
      sql`select ${2}::int as two`,
      sql`select 3 as three`,
    ]);
    expect(settled.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
    await direct`alter table items add column late integer`;
    const again = client();
    await expect(again`select missing_column, ${1}::int`).rejects.toMatchObject({ code: "42703" });
    expect(await again`select late, ${1}::int as n from items`).toEqual([]);
    await direct`alter table items drop column late`;
  });

  it("are closed on the server when there are too many", async () => {
    await pooler.stop();
    pooler = await start(1);
    const sql = client();
    for (let index = 0; index < 520; index += 1) await sql.unsafe(`select ${index} + $1::int as n`, [1]);
    const [row] = await sql.unsafe("select count(*)::int as n from pg_prepared_statements");
    expect(row?.["n"]).toBeLessThanOrEqual(500);
    expect(await sql.unsafe("select 0 + $1::int as n", [1])).toEqual([{ n: 1 }]);
  });

  it("may be unnamed and used again in a later transaction, on another connection", async () => {
    const sql = client({ prepare: false });
    const other = client();
    expect(await sql`select ${7}::int as n`).toEqual([{ n: 7 }]);
    await other`select ${8}::int as n`;
    expect(await sql`select ${9}::int as n`).toEqual([{ n: 9 }]);
  });
});

describe("what Hyperdrive refuses", () => {
  const refused = { code: "0A000" };

  it.each([
    "listen jobs",
    "notify jobs",
    "select pg_advisory_lock(1)",
    "set search_path = x",
    "prepare p as select 1",
    "create temp table t (a int)",
    "copy items from stdin",
  ])("refuses %s, as a simple query and as an extended one, and serves on", async (statement) => {
    const sql = client();
    await expect(sql.unsafe(statement).simple()).rejects.toMatchObject(refused);
    await expect(sql.unsafe(statement, [], { prepare: true })).rejects.toMatchObject(refused);
    expect(await sql`select ${1}::int as one`).toEqual([{ one: 1 }]);
  });

  it("refuses a statement with parameters, where the client asks by Flush", async () => {
    const sql = client();
    await expect(sql`select pg_advisory_lock(${1})`).rejects.toMatchObject(refused);
    expect(await sql`select ${1}::int as one`).toEqual([{ one: 1 }]);
  });

  it("fails the transaction in which it refuses", async () => {
    const sql = client();
    const failed = sql.begin(async (tx) => {
      await tx`insert into items values (1, 'x')`;
      await tx`select pg_advisory_lock(${1})`.catch(() => undefined);
      await tx`insert into items values (2, 'x')`;
    });
    await expect(failed).rejects.toMatchObject(refused);
    expect(await sql`select * from items`).toHaveLength(0);
  });

  it("allows session state inside a transaction, and does not let the next client see it", async () => {
    await pooler.stop();
    pooler = await start(1);
    const sql = client();
    await sql.begin(async (tx) => {
      await tx`set application_name = 'leaked'`;
      await tx`create temp table t (a int) on commit drop`;
    });
    const [row] = await client()`select current_setting('application_name') as name`;
    expect(row?.["name"]).toBe("drover");
  });
});

describe("the protocol", () => {
  it("passes a cancel request on to the server that serves the client", async () => {
    const sql = client();
    const query = sql`select pg_sleep(60)`;
    const outcome = query.catch((error: Error) => error);
    await sleep(100);
    query.cancel();
    expect(await outcome).toMatchObject({ code: "57014" });
    expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
  });

  it("answers TLS and GSS requests, unknown versions and garbage as PostgreSQL does", async () => {
    const talk = async (bytes: Buffer) => {
      const socket = connect(join(dir, ".s.PGSQL.5432"));
      const chunks: Buffer[] = [];
      socket.on("data", (chunk: Buffer) => chunks.push(chunk));
      socket.write(bytes);
      await sleep(50);
      socket.destroy();
      return Buffer.concat(chunks).toString("latin1");
    };
    expect(await talk(message("", int32(80_877_103)))).toBe("N");
    expect(await talk(message("", int32(80_877_104)))).toBe("N");
    expect(await talk(message("", int32(2 << 16)))).toContain("08P01");
    expect(await talk(Buffer.from("GET / HTTP/1.1\r\n\r\n"))).toContain("08P01");
    const startup = message("", int32(196_610), "user", "x", "_pq_.new", "1", Buffer.from([0]));
    expect(await talk(startup)).toMatch(/^v[\s\S]*_pq_\.new\0R/);
    const greeted = message("", int32(196_608), "user", "x", Buffer.from([0]));
    expect(await talk(Buffer.concat([greeted, message("F", int32(1))]))).toContain("08P01");
  });

  it("reports a database that cannot be reached when it starts", async () => {
    const socketPath = join(dir, "other");
    const target = { ...database.target, password: "wrong" };
    const started = startPooler({ socketPath, target: () => target, log: () => undefined });
    await expect(started).rejects.toMatchObject({
      name: "UserError",
      message: expect.stringMatching(/password/),
    });
  });
});
