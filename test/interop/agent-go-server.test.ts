/** Our agent, as the bundle that the manifest ships, on the unmodified Go remotedialer server: Rancher's own side. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import { Agent, request } from "node:https";
import type { RequestOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accountToken, patternHash, sendPattern, startApiserver } from "../../agent/testing/apiserver.ts";
import type { Apiserver } from "../../agent/testing/apiserver.ts";
import { buildAgent } from "../../infra/build/agent.ts";
import { cleanEnv, eventually } from "../e2e/drover.ts";
import { buildPeer, peerVersions, startPeer } from "../peers/peers.ts";
import type { Peer, PeerVersion } from "../peers/peers.ts";

const MiB = 1 << 20;
const root = join(import.meta.dirname, "../..");
const token = "tok3n";
const steve = `/via/stv-cluster-${token}`;
const main = `/via/${token}`;

for (const version of Object.keys(peerVersions) as PeerVersion[]) {
  describe(`our agent on the Go remotedialer ${version}`, () => {
    const dir = mkdtempSync(join(tmpdir(), "drover-interop-"));
    const caPath = join(dir, "server-ca.crt");
    let apiserver: Apiserver;
    /** What the main session dials: plain HTTP, the same content. */
    let plain: Server;
    let peer: Peer;
    let host: string;
    let client: Agent;
    let agent: ChildProcess;
    let output = "";

    beforeAll(async () => {
      await buildAgent();
      apiserver = await startApiserver();
      plain = createServer((incoming, response) => {
        if (incoming.method === "POST")
          void hashOf(incoming).then((seen) => response.end(JSON.stringify(seen)));
        else sendPattern(response, Number(new URL(incoming.url ?? "", "http://x").searchParams.get("bytes")));
      }).listen(0, "127.0.0.1");
      await once(plain, "listening");
      const address = `127.0.0.1:${(plain.address() as AddressInfo).port}`;
      const keys = [token, `stv-cluster-${token}`];
      peer = startPeer(buildPeer(version), ["server", "-ca-out", caPath, "-dial", address, ...keys]);
      host = String((await peer.next("ready"))["address"]);
      client = new Agent({ keepAlive: true, ca: readFileSync(caPath), maxFreeSockets: 64 });
      const { access } = apiserver;
      const cluster = {
        server: `https://127.0.0.1:${access.port}`,
        "certificate-authority-data": Buffer.from(access.ca).toString("base64"),
      };
      const kubeconfig = join(dir, "kubeconfig");
      writeFileSync(
        kubeconfig,
        JSON.stringify({
          "current-context": "c",
          contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
          clusters: [{ name: "k", cluster }],
          users: [{ name: "u", user: { token: "the-operators-own" } }],
        }),
      );
      const options = [
        "--kubeconfig",
        kubeconfig,
        "--server",
        `https://${host}`,
        "--token",
        token,
        "--ca",
        caPath,
      ];
      agent = spawn(process.execPath, [join(root, "dist/agent.mjs"), ...options], {
        cwd: dir,
        stdio: ["ignore", "pipe", "pipe"],
        env: cleanEnv({ CATTLE_CREDENTIALS_DIR: dir }),
      });
      for (const stream of [agent.stdout, agent.stderr])
        stream?.on("data", (chunk) => (output += String(chunk)));
      for (const key of keys) {
        await eventually(`session ${key}`, 10_000, async () =>
          (await get(`/has/${key}`)).status === 200 ? true : undefined,
        );
      }
    }, 300_000);

    afterAll(async () => {
      agent?.kill("SIGKILL");
      client?.destroy();
      plain?.closeAllConnections();
      plain?.close();
      apiserver?.stop();
      await peer?.stop();
      rmSync(dir, { recursive: true, force: true });
    });

    function open(path: string, options: RequestOptions = {}) {
      const headers = {
        "Impersonate-User": "alice",
        ...(options.headers as Record<string, string> | undefined),
      };
      return request(`https://${host}${path}`, { agent: client, ...options, headers });
    }

    async function get(path: string): Promise<{ status: number; text: string }> {
      const outgoing = open(path);
      outgoing.end();
      const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
      return { status: answer.statusCode ?? 0, text: await text(answer) };
    }

    /** Reads a download of the pattern; `pauseMs` is how long it reads nothing in the middle. */
    async function download(path: string, length: number, pauseMs = 0): Promise<Seen> {
      const outgoing = open(`${path}/api/download?bytes=${length}`);
      outgoing.end();
      const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
      expect(answer.statusCode).toBe(200);
      return hashOf(answer, pauseMs);
    }

    async function upload(path: string, length: number): Promise<unknown> {
      const outgoing = open(`${path}/api/upload`, {
        method: "POST",
        headers: { "content-length": String(length) },
      });
      sendPattern(outgoing, length);
      const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
      return JSON.parse(await text(answer));
    }

    it("answers a GET on the steve session as the user, with the account's credential", async () => {
      expect(JSON.parse((await get(`${steve}/api/v1/pods?limit=1`)).text)).toEqual({
        path: "/api/v1/pods?limit=1",
        method: "GET",
      });
      expect(apiserver.requests.at(-1)?.headers).toMatchObject({
        authorization: `Bearer ${accountToken}`,
        "impersonate-user": "alice",
      });
    });

    it("carries an upgraded stream in both directions", async () => {
      const outgoing = open(`${steve}/exec`, {
        headers: { Connection: "Upgrade", Upgrade: "websocket" },
        agent: false,
        ca: readFileSync(caPath),
      });
      outgoing.end();
      const [, socket] = (await once(outgoing, "upgrade")) as [IncomingMessage, Duplex];
      socket.write("ls\n");
      expect(String((await once(socket, "data"))[0])).toBe("ls\n");
      const closed = once(apiserver.events, "closed");
      socket.destroy();
      expect(await closed).toEqual(["/exec"]);
    });

    for (const [name, path] of [
      ["steve", steve],
      ["main", main],
    ] as const) {
      it(`tunnel 24: streams 100 MB down and 100 MB up unharmed on the ${name} session`, async () => {
        const length = 100 * MiB;
        const expected = { bytes: length, sha256: patternHash(length) };
        expect(await download(path, length)).toEqual(expected);
        expect(await upload(path, length)).toEqual(expected);
      });

      it(`tunnel 24: carries 100 MB both ways at once on ten streams of the ${name} session`, async () => {
        const length = 20 * MiB;
        const expected = { bytes: length, sha256: patternHash(length) };
        const all = Array.from({ length: 5 }, () => [download(path, length), upload(path, length)]).flat();
        expect(await Promise.all(all)).toEqual(all.map(() => expected));
      });

      it(`tunnel 13: a reader that stops for a while loses nothing on the ${name} session, and delays nobody`, async () => {
        const length = 32 * MiB;
        const slow = download(path, length, 1_500);
        await sleep(300);
        const began = performance.now();
        await download(path, 1000);
        expect(performance.now() - began).toBeLessThan(1_000);
        expect(await slow).toEqual({ bytes: length, sha256: patternHash(length) });
      });
    }

    it("carries 50 streams at once on each session", async () => {
      const length = 2 * MiB;
      const all = Array.from({ length: 100 }, (_, at) => download(at % 2 === 0 ? steve : main, length));
      const expected = { bytes: length, sha256: patternHash(length) };
      expect((await Promise.all(all)).filter((seen) => seen.sha256 === expected.sha256)).toHaveLength(100);
    });

    it("tunnel 23: a thousand streams leave nothing behind in the Go server", async () => {
      const goroutines = async (): Promise<number> => Number((await get("/direct/api/goroutines")).text);
      const before = await goroutines();
      for (let round = 0; round < 20; round++) {
        await Promise.all(
          Array.from({ length: 50 }, async () => {
            const outgoing = open(`${steve}/exec`, {
              headers: { Connection: "Upgrade", Upgrade: "websocket" },
            });
            outgoing.end();
            const [, socket] = (await once(outgoing, "upgrade")) as [IncomingMessage, Duplex];
            socket.destroy();
          }),
        );
      }
      await eventually("the streams are gone", 20_000, async () =>
        (await goroutines()) <= before + 60 ? true : undefined,
      );
    }, 60_000);

    // The Go server drops an agent after 60 s without a PING; once is enough, and it takes a minute.
    if (version === "v0.6.1") {
      it("tunnel 19: stays connected through more than a minute of silence", async () => {
        await sleep(66_000);
        expect((await get(`${steve}/api`)).status).toBe(200);
        expect(output).not.toContain("lost");
      });
    }

    it("stops on SIGTERM with code 0, is gone from the server at once, and logged no secret", async () => {
      const exited = once(agent, "exit");
      const began = performance.now();
      agent.kill("SIGTERM");
      expect(await exited).toEqual([0, null]);
      expect(performance.now() - began).toBeLessThan(3_000);
      await eventually("both sessions are gone", 2_000, async () => {
        const states = await Promise.all([get(`/has/${token}`), get(`/has/stv-cluster-${token}`)]);
        return states.every(({ status }) => status === 404) ? true : undefined;
      });
      expect(output).toContain("steve session: connected");
      for (const secret of [token, accountToken, "the-operators-own"]) expect(output).not.toContain(secret);
    });
  });
}

interface Seen {
  bytes: number;
  sha256: string;
}

async function hashOf(stream: IncomingMessage, pauseMs = 0): Promise<Seen> {
  const hash = createHash("sha256");
  let bytes = 0;
  let paused = pauseMs === 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    hash.update(chunk);
    if (paused || bytes < MiB) continue;
    paused = true;
    await sleep(pauseMs);
  }
  return { bytes, sha256: hash.digest("hex") };
}
