/** `npm start` as an operator meets it: starts, stops, and says in one line what stands in the way. */
import { spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { connect } from "node:tls";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureLocalCertificate } from "../../infra/pki/certificates.ts";
import { parseDatabaseUrl } from "../../infra/postgres/database-url.ts";
import { allPids, processInfo } from "../../infra/process/proc.ts";
import { migratedPostgres } from "../setup/database.ts";
import {
  call,
  callJson,
  cleanEnv,
  eventually,
  loginAs,
  newDataDir,
  processesOf,
  removeDataDir,
  root,
  startDrover,
} from "./drover.ts";
import type { Connection, Drover } from "./drover.ts";
import { flakyProxy } from "./flaky-proxy.ts";

const password = "launcher test passphrase";
const bootstrap = ["--bootstrap-password", password];

/** Runs the launcher to its end. */
const launch = (args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> =>
  ended("infra/start/main.ts", args, env);

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function ended(script: string, args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], {
      cwd: root,
      env: cleanEnv(env),
      timeout: 60_000,
      killSignal: "SIGKILL",
    });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const)
      child[name].on("data", (chunk: Buffer) => (output[name] += chunk.toString()));
    child.on("close", (code) => resolve({ code, ...output }));
  });
}

/** What an operator must see: the reason on one line, the last, and exit code 1. */
async function refusal(args: readonly string[]): Promise<string> {
  const { code, stderr } = await launch(args);
  expect(code).toBe(1);
  const lines = stderr.trim().split("\n");
  const reasons = lines.filter((line) => line.startsWith("drover: "));
  expect(reasons).toEqual([lines.at(-1)]);
  expect(stderr).not.toContain("    at ");
  return reasons[0] ?? "";
}

describe("npm start", () => {
  const dirs: string[] = [];
  let drover: Drover;
  let database: { url: string; stop: () => Promise<void> };

  const dataDir = (): string => {
    const dir = newDataDir();
    dirs.push(dir);
    return dir;
  };

  beforeAll(async () => {
    [drover, database] = await Promise.all([
      startDrover({ dataDir: dataDir(), args: [...bootstrap, "--server-url", "https://drover.example.com"] }),
      migratedPostgres(),
    ]);
  }, 120_000);

  afterAll(async () => {
    await drover?.stop();
    await database?.stop();
    for (const dir of dirs) removeDataDir(dir);
  }, 60_000);

  it("serves a certificate for localhost, the machine's name and addresses, and the server URL's host", async () => {
    const socket = connect({ port: drover.port, host: "127.0.0.1", ca: drover.ca, servername: "localhost" });
    const certificate = await new Promise<X509Certificate | undefined>((resolve, reject) => {
      socket.once("error", reject);
      socket.once("secureConnect", () => resolve(socket.getPeerX509Certificate()));
    });
    socket.destroy();
    for (const name of ["localhost", hostname(), "drover.example.com"])
      expect([name, certificate?.checkHost(name)]).toEqual([name, name]);
    expect(certificate?.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(certificate?.checkHost("other.example.com")).toBeUndefined();
  });

  it("publishes its CA, and uses the server URL in what it hands out", async () => {
    const connection = { server: drover.url, ca: drover.ca };
    expect((await call(connection, "GET", "/cacerts")).text.trim()).toBe(drover.ca.trim());
    const admin = await loginAs(drover, "admin", password);
    const { id } = await callJson<{ id: string }>(admin, "POST", "/v3/clusters", { name: "named" });
    const { config } = await callJson<{ config: string }>(
      admin,
      "POST",
      `/v3/clusters/${id}?action=generateKubeconfig`,
    );
    expect(config).toContain(`https://drover.example.com/k8s/clusters/${id}`);
  });

  it("refuses a port in use, a data directory in use, and what it cannot listen on", async () => {
    const port = String(drover.port);
    expect(await refusal(["--port", port, "--data-dir", dataDir()])).toMatch(/port \d+ .* is in use.*--port/);
    expect(await refusal(["--port", "0", "--data-dir", drover.dataDir])).toMatch(
      /is in use by another Drover \(process \d+\)/,
    );
    expect(await refusal(["--port", "0", "--host", "192.0.2.1", "--data-dir", dataDir()])).toContain(
      "--host",
    );
    // Not even root can make a directory there.
    expect(await refusal(["--port", "0", "--data-dir", "/dev/null/drover"])).toContain("--data-dir");
  });

  it("refuses a wrong database URL", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const address = taken.address();
    const free = typeof address === "object" && address !== null ? address.port : 0;
    await new Promise((resolve) => taken.close(resolve));
    // What a load balancer does that has no server behind it.
    const hangsUp = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    await once(hangsUp, "listening");
    const { username, password: secret, port } = new URL(database.url);
    for (const [url, reason] of [
      ["mysql://localhost/x", /--database-url/],
      ["not a url", /--database-url/],
      ["postgres://user:p%@localhost/x", /--database-url is not a URL/],
      ["postgres://user@localhost/x?port=abc", /--database-url: the port/],
      [`postgres://127.0.0.1:${(hangsUp.address() as AddressInfo).port}/x`, /cannot connect to 127\.0\.0\.1/],
      [
        `postgres://drover:wrong@127.0.0.1:${free}/drover`,
        /127\.0\.0\.1.*refused|cannot (be reached|connect)/,
      ],
      [`postgres://${username}:wrong-secret@127.0.0.1:${port}/postgres`, /password/],
      [`postgres://${username}:${secret}@127.0.0.1:${port}/absent`, /absent/],
    ] as const) {
      const line = await refusal(["--port", "0", "--data-dir", dataDir(), "--database-url", url]);
      expect(line).toMatch(reason);
      expect(line).not.toContain("wrong-secret");
    }
    const hanging = `postgres://127.0.0.1:${(hangsUp.address() as AddressInfo).port}/x`;
    expect(await ended("infra/migrate/main.ts", ["--database-url", hanging])).toEqual({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/^--database-url: cannot connect to 127\.0\.0\.1:\d+\/x: [^\n]*\n$/),
    });
    hangsUp.close();

    const sql = postgres(database.url, { max: 1, fetch_types: false });
    await sql`create role visitor login password 'visitor'`;
    await sql`create database another`;
    await sql.end();
    const visitor = `postgres://visitor:visitor@127.0.0.1:${port}/another`;
    expect(await refusal(["--port", "0", "--data-dir", dataDir(), "--database-url", visitor])).toContain(
      "permission denied for database another; the user must own it",
    );
  });

  it("refuses a data directory and a database of a newer version", async () => {
    const newer = dataDir();
    writeFileSync(join(newer, "version"), "99.0.0\n");
    expect(await refusal(["--port", "0", "--data-dir", newer])).toContain("written by Drover 99.0.0");
    const future = await migratedPostgres();
    const sql = postgres(future.url, { max: 1, fetch_types: false });
    await sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('x', 4102444800000)`;
    await sql.end();
    const args = ["--port", "0", "--data-dir", dataDir(), "--database-url", future.url];
    expect(await refusal(args)).toContain("newer version of Drover");
    await future.stop();
  });

  it("refuses a second Drover on the same database, and takes over at once after a clean stop", async () => {
    const args = [...bootstrap, "--database-url", database.url];
    const first = await startDrover({ dataDir: dataDir(), args });
    const second = ["--port", "0", "--data-dir", dataDir(), ...args];
    expect(await refusal(second)).toMatch(/another Drover \(process \d+ on .+\) uses this database/);
    expect(await first.stop()).toBe(0);
    const third = await startDrover({ dataDir: first.dataDir, args });
    await loginAs(third, "admin", password);
    expect(await third.stop()).toBe(0);
  });

  it("refuses a copy of a data directory whose original runs, and keys that are not the database's", async () => {
    const own = await migratedPostgres();
    const first = await startDrover({ dataDir: dataDir(), args: [...bootstrap, "--database-url", own.url] });
    const copy = dataDir();
    for (const name of ["id", "keys.json", "version"])
      copyFileSync(join(first.dataDir, name), join(copy, name));
    const args = ["--port", "0", "--database-url", own.url, ...bootstrap];
    expect(await refusal([...args, "--data-dir", copy])).toMatch(/another Drover \(process \d+ on .+\) uses/);
    expect((await call({ server: first.url, ca: first.ca }, "GET", "/ping")).status).toBe(200);
    expect(await first.stop()).toBe(0);
    expect(await refusal([...args, "--data-dir", dataDir()])).toContain("sealed with another key k1");
    await own.stop();
  });

  it("shows a generated password again that an earlier start could not show, and then forgets it", async () => {
    const interrupted = dataDir();
    writeFileSync(join(interrupted, "generated-password"), "left-behind-password\n");
    const server = await startDrover({ dataDir: interrupted });
    expect(server.password).toBe("left-behind-password");
    await loginAs(server, "admin", "left-behind-password");
    expect(existsSync(join(interrupted, "generated-password"))).toBe(false);
    expect(await server.stop()).toBe(0);
  });

  it("shows a working password after a first start that was killed while it seeded", async () => {
    for (const afterMs of [0, 300]) {
      const dir = dataDir();
      const killed = spawn(process.execPath, ["infra/start/main.ts", "--port", "0", "--data-dir", dir], {
        cwd: root,
        env: cleanEnv(),
        stdio: ["ignore", "pipe", "ignore"],
      });
      const gone = once(killed, "close");
      let output = "";
      killed.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
      await eventually("seeding", 60_000, () => (output.includes("] seeding\n") ? true : undefined));
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      killed.kill("SIGKILL");
      await gone;
      const server = await startDrover({ dataDir: dir });
      const shown = server.password ?? /password: +(\S+)/.exec(output)?.[1];
      await loginAs(server, "admin", shown ?? "nothing was shown");
      expect(await server.stop()).toBe(0);
    }
  });

  it("speaks through npm: one line and exit code 1 for a refusal, and SIGTERM to npm ends all of it", async () => {
    const npm = (args: string[]) =>
      spawn("npm", ["start", "--", ...args], {
        cwd: root,
        env: cleanEnv(),
        stdio: ["ignore", "pipe", "pipe"],
      });
    const refused = npm(["--port", "x"]);
    let output = "";
    for (const stream of [refused.stdout, refused.stderr])
      stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    expect(await once(refused, "close")).toEqual([1, null]);
    expect(output).toBe("drover: --port must be a number up to 65535, not x\n");

    const dir = dataDir();
    const running = npm(["--port", "0", "--data-dir", dir, ...bootstrap]);
    let started = "";
    running.stdout.on("data", (chunk: Buffer) => (started += chunk.toString()));
    await eventually("the welcome", 60_000, () => (started.includes("is ready") ? true : undefined));
    running.kill("SIGTERM");
    await eventually("the end of all of it", 15_000, () =>
      allPids().some((pid) => processInfo(pid)?.argv.some((argument) => argument.includes(dir)))
        ? undefined
        : true,
    );
  });

  it("ends cleanly on Ctrl-C, and the second start keeps all data, prints no password and is quick", async () => {
    const first = await startDrover({ dataDir: dataDir() });
    const [workerd] = processesOf(first, "workerd");
    expect(workerd).toBeDefined();
    expect(first.password).toBeDefined();
    expect(await first.stop()).toBe(0);
    expect([...processesOf(first, "workerd"), ...processesOf(first, "postgres")]).toEqual([]);
    const second = await startDrover({ dataDir: first.dataDir });
    // The promise is 5 s.
    expect(second.startedInMs).toBeLessThan(10_000);
    expect(second.password).toBeUndefined();
    expect(second.ca).toBe(first.ca);
    const session: Connection = await loginAs(second, "admin", first.password ?? "");
    expect((await call(session, "GET", "/v3/users?me=true")).status).toBe(200);
    expect(await second.stop()).toBe(0);
  });

  it("ends on Ctrl-C within seconds though the database hangs", async () => {
    const own = await migratedPostgres();
    const proxy = await flakyProxy(parseDatabaseUrl(own.url));
    const url = own.url.replace(/:\d+\//, `:${proxy.port}/`);
    const server = await startDrover({ dataDir: dataDir(), args: [...bootstrap, "--database-url", url] });
    proxy.mode("hang");
    const began = Date.now();
    expect(await server.stop()).toBe(0);
    expect(Date.now() - began).toBeLessThan(12_000);
    expect(processesOf(server, "workerd")).toEqual([]);
    await proxy.stop();
    await own.stop();
  });

  it("tunnel 29: does not end a restarted workerd because the database is away, whose /ping answers, and goes on when it is back", async () => {
    const own = await migratedPostgres();
    const proxy = await flakyProxy(parseDatabaseUrl(own.url));
    const url = own.url.replace(/:\d+\//, `:${proxy.port}/`);
    const server = await startDrover({ dataDir: dataDir(), args: [...bootstrap, "--database-url", url] });
    const [first = 0] = processesOf(server, "workerd");
    proxy.mode("away");
    process.kill(first, "SIGKILL");
    const anonymous = { server: server.url, ca: server.ca };
    await eventually("an answer without a database", 10_000, async () =>
      (await call(anonymous, "GET", "/ping")).status === 200 ? true : undefined,
    );
    const second = processesOf(server, "workerd");
    expect(second).not.toEqual([first]);
    proxy.mode("pass");
    await eventually("a login", 30_000, () => loginAs(server, "admin", password));
    expect(processesOf(server, "workerd")).toEqual(second);
    expect(existsSync(join(server.dataDir, "run/workerd.capnp"))).toBe(true);
    expect(await server.stop()).toBe(0);
    // It holds the key material.
    expect(existsSync(join(server.dataDir, "run/workerd.capnp"))).toBe(false);
    await proxy.stop();
    await own.stop();
  });

  it("goes on when the reader of its output leaves", async () => {
    const dir = dataDir();
    const child = spawn(
      process.execPath,
      ["infra/start/main.ts", "--port", "0", "--data-dir", dir, "--log-level", "debug"],
      {
        cwd: root,
        env: cleanEnv(),
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    const closed = once(child, "close");
    await once(child.stdout, "data");
    child.stdout.destroy();
    child.stderr.destroy();
    const path = join(dir, "tls", "ca.crt");
    await eventually("workerd", 60_000, () =>
      allPids().some((pid) => processInfo(pid)?.argv.includes(join(dir, "run/workerd.capnp"))) &&
      existsSync(path)
        ? true
        : undefined,
    );
    // Long enough for the welcome, which nobody reads.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(child.exitCode).toBe(null);
    child.kill("SIGINT");
    expect((await closed)[0]).toBe(0);
    // Nobody saw the password, so it is shown again.
    const again = await startDrover({ dataDir: dir });
    expect(again.password).toBeDefined();
    await loginAs(again, "admin", again.password ?? "");
    expect(again.output()).toContain(`login --server ${again.url} --ca ${again.caPath}`);
    expect(await again.stop()).toBe(0);
  });

  it("serves a certificate of the operator's and publishes its private CA", async () => {
    const tls = join(dataDir(), "tls");
    const own = ensureLocalCertificate(tls, ["localhost"]);
    const server = await startDrover({
      dataDir: dataDir(),
      args: bootstrap,
      env: {
        DROVER_TLS_CERT: join(tls, "server.crt"),
        DROVER_TLS_KEY: join(tls, "server.key"),
        DROVER_TLS_CA: join(tls, "ca.crt"),
      },
      caPath: join(tls, "ca.crt"),
    });
    const answer = await call({ server: server.url, ca: own.caPem }, "GET", "/v3/settings/cacerts");
    expect((JSON.parse(answer.text) as { value: string }).value).toBe(own.caPem.trim());
    expect(await server.stop()).toBe(0);
    const mismatched = ["--tls-cert", join(tls, "ca.crt"), "--tls-key", join(tls, "server.key")];
    expect(await refusal(["--port", "0", "--data-dir", dataDir(), ...mismatched])).toContain("--tls-key");
  });

  it("names every option in --help and in the README, and refuses what it does not know", async () => {
    const help = await launch(["--help"]);
    expect(help).toMatchObject({ code: 0, stderr: "" });
    const readme = readFileSync(join(root, "README.md"), "utf8");
    for (const option of [
      "--port",
      "--host",
      "--data-dir",
      "--database-url",
      "--bootstrap-password",
      "--server-url",
      "--tls-cert",
      "--tls-key",
      "--tls-ca",
      "--log-level",
    ]) {
      expect(help.stdout).toContain(`  ${option} `);
      expect(readme).toContain(`\`${option}\``);
    }
    expect(await refusal(["--prot", "1"])).toContain("--prot");
    expect(await refusal(["--port", "http"])).toContain("--port");
    expect(await refusal(["--port", "-1"])).toContain("--port");
    expect(await refusal(["--server-url", "http://plain.example.com"])).toContain("--server-url");
  });
});
