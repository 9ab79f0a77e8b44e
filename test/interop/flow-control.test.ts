/** PAUSE and RESUME that cross on the line, with the unmodified Go remotedialer as the server (tunnel.md 1.7). */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { ConnStream } from "../../agent/conn-stream.ts";
import { patternHash, sendPattern } from "../../agent/testing/apiserver.ts";
import { runTunnel } from "../../agent/tunnel.ts";
import { Budget } from "../../wire/remotedialer/limits.ts";
import { decodeMessage, messageType } from "../../wire/remotedialer/codec.ts";
import type { Conn } from "../../wire/remotedialer/conn.ts";
import { Session } from "../../wire/remotedialer/session.ts";
import { eventually } from "../e2e/drover.ts";
import { buildPeer, peerVersions, startPeer } from "../peers/peers.ts";
import type { Peer, PeerVersion } from "../peers/peers.ts";
import { startRelay } from "../relay.ts";

const MiB = 1 << 20;
const keys = ["near", "far"].map((name) => `stv-cluster-${name}`);
const [near = "", far = ""] = keys;
const oneWayMs = 50;

for (const version of Object.keys(peerVersions) as PeerVersion[]) {
  describe(`the Go remotedialer ${version} as the server`, () => {
    const dir = mkdtempSync(join(tmpdir(), "drover-flow-"));
    const caPath = join(dir, "server-ca.crt");
    let peer: Peer;
    let target: { host: string; port: number; ca: Buffer };

    beforeAll(async () => {
      peer = startPeer(buildPeer(version), ["server", "-ca-out", caPath, ...keys]);
      const [host = "", port] = String((await peer.next("ready"))["address"]).split(":");
      target = { host, port: Number(port), ca: readFileSync(caPath) };
    }, 300_000);

    afterAll(async () => {
      await peer.stop();
      rmSync(dir, { recursive: true, force: true });
    });

    it("tunnel 14: a PAUSE whose mark our RESUME erases at the Go side holds us only until Go has read that RESUME", async () => {
      const socket = new WebSocket(`wss://${target.host}:${target.port}/v3/connect`, {
        ca: target.ca,
        headers: { authorization: `Bearer ${near}` },
        perMessageDeflate: false,
      });
      const opened = Promise.withResolvers<Conn>();
      const session = new Session({
        send: (message) => socket.send(message),
        onFatal: (reason) => opened.reject(new Error(reason)),
        onConnect: opened.resolve,
      });
      // What the line holds back: the session gets it when the test says so.
      let inbox: Buffer[] = [];
      const deliver = (): void => {
        for (const message of inbox.splice(0)) session.receive(message);
      };
      const arrived = (...types: number[]) =>
        eventually(`messages ${types.join()}`, 5_000, () =>
          inbox.length >= types.length ? inbox.map((message) => decodeMessage(message)?.type) : undefined,
        );
      const take = async (length: number): Promise<void> => {
        for (let left = length; left > 0;) {
          const outgoing = request({ ...target, path: `/take/${near}` });
          outgoing.end();
          const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
          left -= Number(await text(answer));
        }
      };
      socket.on("message", (message: Buffer) => inbox.push(message));
      await once(socket, "open");

      const greeted = take(1);
      await arrived(messageType.connect);
      deliver();
      const conn = await opened.promise;
      conn.write(new Uint8Array(1));
      await greeted;

      const { pause, resume, error } = messageType;
      conn.write(new Uint8Array(3 * MiB));
      expect(await arrived(pause)).toEqual([pause]);
      await take(3 * MiB);
      expect(await arrived(pause, resume)).toEqual([pause, resume]);
      // Still on the way when Go resumed.
      conn.write(new Uint8Array(3 * MiB));
      expect(await arrived(pause, resume, pause)).toEqual([pause, resume, pause]);
      deliver();
      conn.write(Buffer.from("more"));
      expect(await arrived(error)).toEqual([error]);
      await take(3 * MiB);
      // Go has forgotten that it paused us.
      expect(inbox).toHaveLength(1);
      deliver();
      await take("more".length);
      socket.terminate();
    });

    describe("on a long line", () => {
      const stopped = new AbortController();
      let cluster: Server;
      let stop: () => Promise<void>;

      beforeAll(async () => {
        cluster = createServer((incoming, response) => sendPattern(response, Number(incoming.url?.slice(1))));
        cluster.on("upgrade", (_incoming, socket) => {
          socket.on("error", () => undefined);
          socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
          socket.pipe(socket);
        });
        const relay = await startRelay(target.port, { delayMs: oneWayMs });
        const opened = Promise.withResolvers<void>();
        const ended = runTunnel({
          url: `wss://127.0.0.1:${relay.port}/v3/connect`,
          headers: { authorization: `Bearer ${far}` },
          route: { ca: target.ca },
          onConnect: (conn) => cluster.emit("connection", new ConnStream(conn)),
          budget: new Budget(),
          signal: stopped.signal,
          onOpen: opened.resolve,
        });
        await opened.promise;
        stop = async () => {
          stopped.abort();
          await ended;
          relay.close();
          cluster.closeAllConnections();
        };
      });

      afterAll(() => stop());

      it("tunnel 13: a reader that stops and goes faster than PAUSE and RESUME travel gets everything", async () => {
        const length = 100 * MiB;
        const outgoing = request({ ...target, path: `/via/${far}/${length}` });
        outgoing.end();
        const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
        expect(await gulp(answer)).toEqual({ bytes: length, sha256: patternHash(length) });
      });

      // A Go side that gets data while we hold it forgets the PAUSE, each time for a round trip: less than the cap of unread bytes.
      it("tunnel 13: so does one that is sent back what it writes, both directions braking", async () => {
        const length = 40 * MiB;
        const headers = { connection: "Upgrade", upgrade: "echo" };
        const outgoing = request({ ...target, path: `/via/${far}/`, headers });
        outgoing.end();
        const [, socket] = (await once(outgoing, "upgrade")) as [IncomingMessage, Duplex];
        sendPattern(socket, length, false);
        expect(await gulp(socket, length)).toEqual({ bytes: length, sha256: patternHash(length) });
        socket.destroy();
      });
    });
  });
}

/** Reads all, or `length` bytes: a few MiB at once, then nothing for a while. */
async function gulp(stream: Readable, length = Infinity): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  let left = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
    if (bytes >= length) break;
    left -= chunk.length;
    if (left > 0) continue;
    left = Math.random() * 8 * MiB;
    await sleep(Math.random() * 15);
  }
  return { bytes, sha256: hash.digest("hex") };
}
