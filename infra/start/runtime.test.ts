/** The runtime around the Workers: front, workerd, objects, pooler, cron and supervision, under a small Worker of the test's. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:https";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { startDrover } from "./drover.ts";
import type { Drover } from "./drover.ts";
import { forgetGeneratedPassword } from "./generated-password.ts";
import { parseOptions } from "./options.ts";

const fixture = join(import.meta.dirname, "fixture");
const code = {
  apiEntry: join(fixture, "api.mjs"),
  durableEntry: join(fixture, "durable.mjs"),
  migrationsDir: join(fixture, "migrations"),
  agent: false,
};

describe("the local runtime", () => {
  const dataDir = mkdtempSync(join(tmpdir(), "drover-runtime-"));
  const lines: string[] = [];
  let drover: Drover;

  const start = async (): Promise<Drover> => {
    const options = parseOptions(["--port", "0", "--data-dir", dataDir], {});
    if (options === "help") throw new Error("no options");
    return startDrover({
      ...options,
      code,
      cronMs: 100,
      environment: { CATTLE_AGENT_IMAGE: "an-image", CATTLE_BOOTSTRAP_PASSWORD: "secret", HOME: "/root" },
      log: (level, part, message) => void lines.push(`${level} ${part} ${message}`),
      onFatal: (reason) => void lines.push(`fatal ${reason}`),
    });
  };

  beforeAll(async () => {
    drover = await start();
  }, 60_000);
  afterAll(async () => {
    await drover?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function ask(
    path: string,
    { headers = {}, body }: { headers?: Record<string, string>; body?: Buffer } = {},
  ): Promise<{ status: number; body: Buffer; json: () => unknown }> {
    const { port, caPem: ca } = drover;
    const method = body === undefined ? "GET" : "POST";
    const outgoing = request({ host: "localhost", port, path, ca, headers, method, agent: false }).end(body);
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    const all = Buffer.concat(chunks);
    return { status: answer.statusCode ?? 0, body: all, json: () => JSON.parse(all.toString()) };
  }

  async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
    for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(20))
      if (await condition().catch(() => false)) return;
    throw new Error(`${what}: not within 10 s`);
  }

  const meta = async (): Promise<Record<string, string>> =>
    (await ask("/meta")).json() as Record<string, string>;

  it("fires the cron trigger again and again", async () => {
    const before = Number((await meta())["cron"]);
    await until("two more", async () => Number((await meta())["cron"]) >= before + 2);
  });

  it("hands over settings, and the bootstrap password to seeding alone", async () => {
    const environment = (await ask("/env")).json() as Record<string, string>;
    expect(environment).toMatchObject({ CATTLE_AGENT_IMAGE: "an-image", DROVER_TRUST_FRONT: "1" });
    expect(environment).not.toHaveProperty("CATTLE_BOOTSTRAP_PASSWORD");
    expect(environment).not.toHaveProperty("HOME");
    const seeded = JSON.parse((await meta())["seed"] ?? "") as Record<string, unknown>;
    expect(seeded).toMatchObject({ mustChangePassword: true, bootstrapPassword: drover.generatedPassword });
  });

  it("tells the Worker the client's address and scheme, whatever the client says", async () => {
    const lies = {
      "x-drover-client-ip": "8.8.8.8",
      "cf-connecting-ip": "8.8.8.8",
      "x-forwarded-for": "8.8.8.8",
      "x-drover-context": "{}",
    };
    const { url, headers } = (await ask("/echo?a=%2e%2e", { headers: lies })).json() as {
      url: string;
      headers: [string, string][];
    };
    expect(url).toBe(`https://localhost:${drover.port}/echo?a=%2e%2e`);
    const seen = Object.fromEntries(headers);
    expect(seen["x-drover-client-ip"]).toMatch(/^(127\.0\.0\.1|::1)$/);
    for (const name of ["cf-connecting-ip", "x-forwarded-for", "x-drover-context"])
      expect(seen).not.toHaveProperty(name);
  });

  it("carries bodies, downloads and WebSockets", async () => {
    expect((await ask("/length", { body: Buffer.alloc(5 << 20) })).json()).toEqual({ bytes: 5 << 20 });
    expect((await ask(`/download?bytes=${8 << 20}`)).body).toHaveLength(8 << 20);
    const socket = new WebSocket(`wss://localhost:${drover.port}/socket`, { ca: drover.caPem });
    await once(socket, "open");
    socket.send("hello");
    expect(String((await once(socket, "message"))[0])).toBe("echo hello");
    socket.terminate();
  });

  it("lets the Worker know at once when the client of a silent stream leaves", async () => {
    const outgoing = request({
      host: "localhost",
      port: drover.port,
      path: "/silent",
      ca: drover.caPem,
      agent: false,
    }).end();
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    await once(answer, "data");
    outgoing.destroy();
    const left = Date.now();
    await until("the end", async () => ((await ask("/streams")).json() as { ended: number }).ended === 1);
    expect(Date.now() - left).toBeLessThan(1_000);
  });

  it("starts a dead workerd again, holds requests meanwhile, and loses nothing of its objects", async () => {
    const { n } = (await ask("/object")).json() as { n: number };
    const dead = drover.pids.workerd();
    process.kill(dead, "SIGKILL");
    await until("its death is noticed", async () => lines.some((line) => /workerd ended \(/.test(line)));
    expect((await ask("/object")).json()).toMatchObject({ n: n + 1, api: "pong" });
    expect(drover.pids.workerd()).not.toBe(dead);
  });

  it("starts a dead PostgreSQL again and goes on with its data", async () => {
    const before = ((await ask("/insert")).json() as { n: number }).n;
    const dead = drover.pids.postgres() ?? 0;
    process.kill(dead, "SIGKILL");
    // A backend may outlive it for a moment, and answer.
    await until("another PostgreSQL", async () => (drover.pids.postgres() ?? dead) !== dead);
    await until("another insert", async () => ((await ask("/insert")).json() as { n: number }).n > before);
  });

  it("stops, and starts again with the same objects, data and certificate", async () => {
    const { n } = (await ask("/object")).json() as { n: number };
    const { caPem } = drover;
    await drover.stop();
    // As the launcher does once it has shown it.
    forgetGeneratedPassword(dataDir);
    drover = await start();
    expect(drover.generatedPassword).toBeUndefined();
    expect(drover.caPem).toBe(caPem);
    expect((await ask("/object")).json()).toMatchObject({ n: n + 1 });
    expect(lines.filter((line) => line.startsWith("fatal"))).toEqual([]);
  });
});
