/** Slow readers at the server's end of a tunnel, with the unmodified Go remotedialer as the agent, and with ours (tunnel.md 1.7). */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import { dial } from "../../agent/tcp-dial.ts";
import { runTunnel } from "../../agent/tunnel.ts";
import { decodeMessage, messageType } from "../../wire/remotedialer/codec.ts";
import { Budget } from "../../wire/remotedialer/limits.ts";
import { Session } from "../../wire/remotedialer/session.ts";
import { agentVersions, buildPeer, startPeer } from "../peers/peers.ts";

const KiB = 1 << 10;
const MiB = 1 << 20;
const binary = buildPeer("v0.6.1");

for (const agent of [...agentVersions, "our agent"] as const) {
  describe(`slow readers: ${agent}`, () => {
    const cleanup = new AsyncDisposableStack();
    afterEach(() => cleanup.disposeAsync());

    /** The server's side of a session, and the address of a backend that the agent reaches. */
    async function connect(): Promise<{ session: Session; pauses: () => number; address: string }> {
      const http: Server = createServer().listen(0, "127.0.0.1");
      await once(http, "listening");
      cleanup.defer(() => {
        http.closeAllConnections();
        http.close();
      });
      const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/v3/connect`;
      const connection = once(new WebSocketServer({ server: http }), "connection");
      const peer =
        agent === "our agent"
          ? startPeer(binary, ["http", "-plain"])
          : startPeer(buildPeer(agent), ["client", "-url", url]);
      cleanup.defer(() => peer.stop());
      const { address } = await peer.next("ready");
      if (agent === "our agent") {
        const stopping = new AbortController();
        const ended = runTunnel({
          url,
          headers: {},
          route: {},
          onConnect: dial,
          budget: new Budget(),
          signal: stopping.signal,
          onOpen: () => undefined,
        });
        cleanup.defer(async () => {
          stopping.abort();
          await ended;
        });
      }
      const [socket] = (await connection) as [WebSocket];
      let pauses = 0;
      const session = new Session({
        send(message) {
          if (decodeMessage(message)?.type === messageType.pause) pauses += 1;
          socket.send(message);
        },
        onFatal: (reason) => socket.close(1002, reason),
        now: () => performance.now(),
      });
      socket.on("message", (message: Buffer) => session.receive(message));
      return { session, pauses: () => pauses, address: String(address) };
    }

    it("tunnel 12: a slow reader gets every byte, by rounds that its agent ends by itself", async () => {
      const { session, pauses, address } = await connect();
      const length = 12 * MiB;
      const conn = session.dial("tcp", address);
      const received = createHash("sha256");
      let headBytes: number | undefined;
      let body = 0;
      let room = 0;
      conn.onData = (chunk) => {
        // The head comes in one piece, and first.
        const head = headBytes === undefined ? Buffer.from(chunk).indexOf("\r\n\r\n") + 4 : 0;
        headBytes ??= head;
        received.update(chunk.subarray(head));
        body += chunk.length - head;
        room -= chunk.length;
        if (room <= 0) conn.pauseReading();
      };
      let ended = false;
      conn.onClose = () => (ended = true);
      conn.pauseReading();
      conn.write(
        Buffer.from(`GET /api/download?bytes=${length} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`),
      );
      while (!ended) {
        await sleep(20);
        room = 64 * KiB;
        conn.resumeReading();
      }
      expect([body, received.digest("hex")]).toEqual([length, patternHash(length)]);
      // A PAUSE for each round: without them, one for each time that the line was filled.
      expect(pauses()).toBeGreaterThan(3);
      expect(session.budget.held).toBe(0);
    }, 60_000);
  });
}

/** SHA-256 of the first bytes of the peers' pattern (backend.go). */
function patternHash(length: number): string {
  const bytes = new Uint8Array(length);
  // It repeats.
  for (let at = 0; at < length; at++) bytes[at] = ((at % 2048) * 31) >>> 3;
  return createHash("sha256").update(bytes).digest("hex");
}
