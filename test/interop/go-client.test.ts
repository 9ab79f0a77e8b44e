/**
 * The unmodified Go remotedialer client as a steve session of a whole Drover: what Rancher's own agent links.
 * Without a local dialer (v0.3.2 has none at all) it dials the address in our CONNECT literally, so Drover is told the
 * backend's address (DROVER_STEVE_ADDRESS).
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, call, callJson, loginAs, removeDataDir, startDrover } from "../e2e/drover.ts";
import type { Connection, Drover } from "../e2e/drover.ts";
import { freePort } from "../e2e/free-port.ts";
import { startUpload } from "../e2e/upload.ts";
import { agentVersions, buildPeer, startPeer } from "../peers/peers.ts";
import type { Peer } from "../peers/peers.ts";

const password = "interop test passphrase";
const MiB = 1 << 20;

/** The peers' byte pattern (backend.go). */
function pattern(from: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let index = 0; index < length; index++) bytes[index] = ((from + index) * 31) >>> 3;
  return bytes;
}

/** SHA-256 of the first `length` bytes of the pattern, which repeats every 2048 bytes. */
function patternHash(length: number): string {
  const hash = createHash("sha256");
  const block = pattern(0, 2048 * 512);
  for (let sent = 0; sent < length; sent += block.length) hash.update(block.subarray(0, length - sent));
  return hash.digest("hex");
}

for (const version of agentVersions) {
  describe(`the Go remotedialer ${version} as an agent`, () => {
    let drover: Drover;
    let admin: Connection & { token: string };
    let peer: Peer;
    let clusterId: string;
    let path: (rest: string) => string;
    let another: () => Promise<Peer>;

    beforeAll(async () => {
      const binary = buildPeer(version);
      const backend = `127.0.0.1:${await freePort()}`;
      drover = await startDrover({
        args: ["--bootstrap-password", password, "--log-level", "debug"],
        env: { DROVER_STEVE_ADDRESS: backend },
      });
      admin = await loginAs(drover, "admin", password);
      const cluster = await callJson<{ id: string }>(admin, "POST", "/v3/clusters", {
        name: `go-${version.replaceAll(".", "-")}`,
      });
      clusterId = cluster.id;
      path = (rest) => `/k8s/clusters/${clusterId}${rest}`;
      const tokens = await callJson<{ data: { token: string }[] }>(
        admin,
        "GET",
        `/v3/clusterregistrationtokens?clusterId=${clusterId}`,
      );
      const token = tokens.data[0]?.token ?? "";
      const url = `wss://localhost:${drover.port}/v3/connect`;
      const client = ["client", "-url", url, "-ca", drover.caPath, "-token", token];
      peer = startPeer(binary, [...client, "-listen", backend]);
      await peer.next("connected");
      // It dials the first one's backend, which CONNECT names.
      another = async () => {
        const second = startPeer(binary, client);
        await second.next("connected");
        return second;
      };
      await eventually("the first answer through the tunnel", 10_000, async () =>
        (await call(admin, "GET", path("/api/goroutines"))).status === 200 ? true : undefined,
      );
    }, 180_000);

    afterAll(async () => {
      await peer?.stop();
      await drover?.stop();
      if (drover !== undefined) removeDataDir(drover.dataDir);
    }, 60_000);

    /** Streams a response and hashes it without holding it. */
    function download(
      rest: string,
      onProgress?: (answer: IncomingMessage, bytes: number) => Promise<void>,
    ): Promise<{ status: number; bytes: number; sha256: string }> {
      return new Promise((resolve, reject) => {
        const hash = createHash("sha256");
        let bytes = 0;
        request(
          new URL(path(rest), drover.url).href,
          { ca: drover.ca, headers: { authorization: `Bearer ${admin.token}` } },
          (answer) => {
            answer.on("data", (chunk: Buffer) => {
              bytes += chunk.length;
              hash.update(chunk);
              onProgress?.(answer, bytes).catch(reject);
            });
            answer.on("error", reject);
            answer.on("end", () =>
              resolve({ status: answer.statusCode ?? 0, bytes, sha256: hash.digest("hex") }),
            );
          },
        )
          .on("error", reject)
          .end();
      });
    }

    function upload(rest: string, length: number): Promise<{ bytes: number; sha256: string }> {
      return new Promise((resolve, reject) => {
        const outgoing = request(
          new URL(path(rest), drover.url).href,
          {
            method: "POST",
            ca: drover.ca,
            headers: { authorization: `Bearer ${admin.token}`, "content-length": length },
          },
          (answer) => {
            let text = "";
            answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
            answer.on("error", reject);
            answer.on("end", () => resolve(JSON.parse(text) as { bytes: number; sha256: string }));
          },
        );
        outgoing.on("error", reject);
        const block = pattern(0, 2048 * 512);
        let sent = 0;
        const pump = (): void => {
          while (sent < length) {
            const chunk = block.subarray(0, Math.min(block.length, length - sent));
            sent += chunk.length;
            if (!outgoing.write(chunk)) {
              outgoing.once("drain", pump);
              return;
            }
          }
          outgoing.end();
        };
        pump();
      });
    }

    it("carries requests with exactly the identity of the caller and none of his credentials", async () => {
      const seen = await callJson<{ header: Record<string, string[]>; uri: string }>(
        admin,
        "GET",
        path("/api/request?a=1&b=%2F..%2f"),
      );
      expect(seen.uri).toBe("/api/request?a=1&b=%2F..%2f");
      expect(seen.header["Impersonate-User"]).toHaveLength(1);
      expect(seen.header["Impersonate-Group"]).toContain("drover:cluster-owner");
      for (const name of ["Authorization", "Cookie", "X-Drover-Context"])
        expect(seen.header).not.toHaveProperty(name);
    });

    it("tunnel 24: streams 100 MB down and 100 MB up unharmed", async () => {
      const length = 100 * MiB;
      const expected = patternHash(length);
      expect(await download(`/api/download?bytes=${length}`)).toEqual({
        status: 200,
        bytes: length,
        sha256: expected,
      });
      expect(await upload("/api/upload", length)).toEqual({ bytes: length, sha256: expected });
    });

    it("tunnel 24: carries 100 MB both ways at once, on ten streams", async () => {
      const length = 10 * MiB;
      const hashes = await Promise.all(
        Array.from({ length: 10 }, async () => {
          const outgoing = request(new URL(path("/api/both"), drover.url).href, {
            method: "POST",
            ca: drover.ca,
            agent: false,
            headers: { authorization: `Bearer ${admin.token}`, "content-length": length },
          });
          outgoing.end(pattern(0, length));
          const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
          const hash = createHash("sha256");
          for await (const chunk of answer) hash.update(chunk as Buffer);
          return hash.digest("hex");
        }),
      );
      expect(new Set(hashes)).toEqual(new Set([patternHash(length)]));
    });

    it("tunnel 12: a client that stops reading for a while loses nothing, and delays nobody", async () => {
      const length = 64 * MiB;
      let delayed = 0;
      const slow = download(`/api/download?bytes=${length}`, async (answer, bytes) => {
        if (bytes < (delayed + 1) * 16 * MiB || delayed === 3) return;
        delayed++;
        answer.pause();
        await sleep(500);
        answer.resume();
      });
      while (delayed < 3) {
        const began = Date.now();
        expect((await call(admin, "GET", path("/api/small?bytes=1000"))).text).toHaveLength(1000);
        expect(Date.now() - began).toBeLessThan(2_000);
        await sleep(20);
      }
      expect(await slow).toEqual({ status: 200, bytes: length, sha256: patternHash(length) });
    });

    // The versions do not differ in this, and it moves half a gigabyte.
    if (version === "v0.6.1") {
      it("tunnel 12: twenty clients that stop reading one after the other leave what is on its way to them within the budget, and get all of it", async () => {
        const length = 24 * MiB;
        const answers: IncomingMessage[] = [];
        for (let count = 0; count < 20; count++) {
          const outgoing = request(new URL(path(`/api/download?bytes=${length}`), drover.url).href, {
            ca: drover.ca,
            agent: false,
            headers: { authorization: `Bearer ${admin.token}` },
          }).end();
          const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
          answers.push(answer.pause());
          // Each finds an empty line, and fills it.
          await sleep(150);
        }
        const seen = await Promise.all(
          answers.map(async (answer) => {
            const hash = createHash("sha256");
            for await (const chunk of answer) hash.update(chunk as Buffer);
            return hash.digest("hex");
          }),
        );
        expect(seen.filter((hash) => hash === patternHash(length))).toHaveLength(20);
      });
    }

    it("tunnel 14: after the agent has paused us and resumed, its own data flows on", async () => {
      // The echo fills up in both directions until nothing moves; reading the answer must set all of it free.
      const length = 24 * MiB;
      const hash = createHash("sha256");
      const outgoing = request(new URL(path("/api/both"), drover.url).href, {
        method: "POST",
        ca: drover.ca,
        headers: { authorization: `Bearer ${admin.token}`, "content-length": length },
      });
      outgoing.end(pattern(0, length));
      const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
      answer.pause();
      await sleep(1_500);
      for await (const chunk of answer) hash.update(chunk as Buffer);
      expect(hash.digest("hex")).toBe(patternHash(length));
    });

    // It takes half a minute, and the versions do not differ in it.
    if (version === "v0.6.1") {
      it("tunnel 6: goes on over the same socket when workerd itself has put the object out of memory", async () => {
        const woken = (): number =>
          drover
            .output()
            .split("\n")
            .filter((line) => line.includes("object woke") && line.includes(clusterId)).length;
        const before = woken();
        // workerd does so after 10 s without a timer or an event: the last report comes after 10 s, and a SYNC each minute.
        await eventually("the object is made again", 80_000, async () => {
          await sleep(23_000);
          expect((await call(admin, "GET", path("/api/small?bytes=1000"))).text).toHaveLength(1000);
          return woken() > before ? true : undefined;
        });
        const length = 8 * MiB;
        expect(await download(`/api/download?bytes=${length}`)).toMatchObject({
          sha256: patternHash(length),
        });
        expect(peer.events.filter(({ event }) => event === "connected")).toHaveLength(1);
      }, 110_000);
    }

    it("tunnel 25: when the newest of two agents is stopped, and when it is killed, requests go to the other within 5 s", async () => {
      const ask = async (): Promise<void> =>
        expect((await call(admin, "GET", path("/api/small?bytes=1000"))).text).toHaveLength(1000);
      for (const signal of ["SIGSTOP", "SIGKILL"] as const) {
        const newest = await another();
        await ask();
        newest.process.kill(signal);
        const began = Date.now();
        await ask();
        // Twice what is promised: the machine may be busy.
        expect(Date.now() - began).toBeLessThan(10_000);
        await ask();
        newest.process.kill("SIGCONT");
        await newest.stop();
      }
    });

    it("carries 50 streams at once", async () => {
      const length = 2 * MiB;
      const expected = patternHash(length);
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => download(`/api/download?bytes=${length}&chunked=1`)),
      );
      expect(answers.filter((answer) => answer.status === 200 && answer.sha256 === expected)).toHaveLength(
        50,
      );
    });

    it("tunnel 23: a thousand requests leave no stream behind in the Go agent", async () => {
      const goroutines = async (): Promise<number> =>
        Number((await call(admin, "GET", path("/api/goroutines"))).text);
      const before = await goroutines();
      for (let round = 0; round < 20; round++) {
        await Promise.all(Array.from({ length: 50 }, () => call(admin, "GET", path("/api/small?bytes=100"))));
      }
      await eventually("the streams are gone", 20_000, async () =>
        // Each idle pooled connection holds a few goroutines; a leak would hold hundreds.
        (await goroutines()) <= before + 60 ? true : undefined,
      );
    });

    it("tunnel 9: a hundred clients that leave while their streams are paused leave nothing behind in the Go agent", async () => {
      const goroutines = async (): Promise<number> =>
        Number((await call(admin, "GET", path("/api/goroutines"))).text);
      const before = await goroutines();
      for (let round = 0; round < 10; round++) {
        const stalled = await Promise.all(
          Array.from({ length: 10 }, async () => {
            const outgoing = request(new URL(path(`/api/download?bytes=${64 * MiB}`), drover.url).href, {
              ca: drover.ca,
              agent: false,
              headers: { authorization: `Bearer ${admin.token}` },
            }).end();
            const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
            answer.on("error", () => undefined).pause();
            return outgoing;
          }),
        );
        await sleep(200);
        for (const outgoing of stalled) outgoing.destroy();
      }
      await eventually("the streams are gone", 20_000, async () =>
        (await goroutines()) <= before + 60 ? true : undefined,
      );
    });

    it("a client killed during a silent answer frees the cluster's side within a second", async () => {
      const outgoing = request(new URL(path("/api/silent"), drover.url).href, {
        ca: drover.ca,
        headers: { authorization: `Bearer ${admin.token}` },
      });
      outgoing.on("error", () => undefined);
      outgoing.end();
      await peer.next("silent-open");
      outgoing.destroy();
      await peer.next("silent-closed", 1_000);
    });

    // The versions do not differ in this.
    if (version === "v0.6.1") {
      it("a client killed while the backend takes nothing of its upload ends the stream within a second", async () => {
        // The backend cannot tell: the agent's end of that connection stands behind what it does not read.
        const ended = (): number =>
          drover
            .output()
            .split("\n")
            .filter((line) => line.includes("the client is gone") && line.includes("/api/never")).length;
        const before = ended();
        const upload = startUpload(drover, path("/api/never"), admin.token, 7 * MiB);
        try {
          await peer.next("never-open");
          await upload.sent;
          await sleep(500);
          expect(ended()).toBe(before);
          upload.kill();
          await eventually("the stream has ended", 2_000, () => (ended() > before ? true : undefined));
        } finally {
          upload.kill();
        }
      });
    }

    it("a client killed while the cluster has not answered yet frees the cluster's side within a second", async () => {
      const outgoing = request(new URL(path("/api/never"), drover.url).href, {
        ca: drover.ca,
        headers: { authorization: `Bearer ${admin.token}` },
      });
      outgoing.on("error", () => undefined);
      outgoing.end();
      await peer.next("never-open");
      outgoing.destroy();
      await peer.next("never-closed", 1_000);
    });
  });
}
