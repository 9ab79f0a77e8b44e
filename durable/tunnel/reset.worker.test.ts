/** What an open stream means for its object, and a reset of the object, as by a deploy, for the stream (requirement 4 of issue 5). */
import { abortAllDurableObjects, evictDurableObject } from "cloudflare:test";
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { messageType } from "../../wire/remotedialer/codec.ts";
import { TUNNEL, answerWithId, ask, connectAgent, send, silence } from "./testing/agent.ts";
import type { Behaviour, Stub, TestAgent } from "./testing/agent.ts";

let clusterId: string;
let stub: Stub;
let count = 0;
beforeEach(() => {
  count += 1;
  clusterId = `c-reset${count}`;
  stub = TUNNEL.getByName(clusterId);
  globalThis.testTunnelTimes = { keptMs: 250, reportMs: 50 };
});
afterEach(() => {
  globalThis.testTunnelTimes = undefined;
});

const length = 200_000;

/** Begins an answer, whose rest comes by `finish`. */
const begin: Behaviour = (agent, connId) =>
  agent.send(
    messageType.data,
    connId,
    `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${"a".repeat(1_000)}`,
  );

function finish(agent: TestAgent): void {
  for (let at = 1_000; at < length; at += 19_900)
    agent.send(messageType.data, agent.streams[0] ?? 0, new Uint8Array(19_900).fill(97));
}

const acceptUpgrade: Behaviour = (agent, connId, payload) => {
  const key = /sec-websocket-key: (\S+)/i.exec(new TextDecoder().decode(payload))?.[1];
  if (key === undefined || agent.streams.length > 1) return;
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const head = `HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
  agent.send(messageType.data, connId, head);
};

async function openSocket(): Promise<WebSocket> {
  const headers = { upgrade: "websocket", connection: "upgrade" };
  const { webSocket } = await send(stub, clusterId, { headers }, "/api/v1/exec");
  if (webSocket === null) throw new Error("no WebSocket");
  webSocket.accept();
  return webSocket;
}

const ended = (socket: WebSocket): Promise<true> =>
  new Promise((resolve) => {
    for (const event of ["close", "error"] as const) socket.addEventListener(event, () => resolve(true));
  });

describe("an open stream", () => {
  it.each(["an answer", "a WebSocket"])(
    "of %s keeps its object in memory, and nothing of it is lost",
    async (what) => {
      const agent = await connectAgent(stub, clusterId, what === "an answer" ? begin : acceptUpgrade);
      const running = what === "an answer" ? ask(stub, clusterId) : openSocket();
      const opened = running.catch(() => undefined);
      await expect.poll(() => agent.streams.length, { timeout: 5_000 }).toBe(1);
      let evicted = false;
      const evicting = evictDurableObject(stub, { webSockets: "hibernate" }).then(() => (evicted = true));
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      expect(evicted).toBe(false);
      if (what === "an answer") {
        finish(agent);
        expect((await opened) as object).toMatchObject({ status: 200, text: "a".repeat(length) });
      } else ((await running) as WebSocket).close(1000);
      await evicting;
      expect((await stub.status()).sessions).toHaveLength(1);
      expect(agent.socket.readyState).toBe(WebSocket.OPEN);
    },
  );
});

/** After a reset all sockets are gone: the agent comes back, as real ones do. */
async function isUsableAgain(lost: TestAgent): Promise<void> {
  await expect
    .poll(() => lost.socket.readyState, { timeout: 5_000 })
    .toBeGreaterThanOrEqual(WebSocket.CLOSING);
  const without = await ask(stub, clusterId);
  expect([without.status, without.headers.get("retry-after")]).toEqual([503, "1"]);
  const agent = await connectAgent(stub, clusterId, answerWithId);
  for (let round = 0; round < 3; round++) expect((await ask(stub, clusterId)).status).toBe(200);
  expect((await stub.status()).sessions).toHaveLength(1);
  const [first = 0] = agent.streams;
  // Higher than any of the life before.
  expect(first).toBeGreaterThan(Math.max(0, ...lost.streams));
}

describe("tunnel 22: a reset of the object", () => {
  it("breaks off an answer that had begun: no half is taken for the whole", async () => {
    const agent = await connectAgent(stub, clusterId, begin);
    const response = await send(stub, clusterId);
    expect(response.status).toBe(200);
    const body = response.text();
    await abortAllDurableObjects();
    await expect(body).rejects.toThrow();
    stub = TUNNEL.getByName(clusterId);
    await isUsableAgain(agent);
  });

  it("fails a request that waits for its answer, and one whose body is on its way", async () => {
    const agent = await connectAgent(stub, clusterId, silence);
    // It does not end.
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(1_000)),
    });
    const waiting = [ask(stub, clusterId), ask(stub, clusterId, { method: "POST", body })];
    await expect.poll(() => new Set(agent.streams).size, { timeout: 5_000 }).toBe(2);
    await abortAllDurableObjects();
    const outcomes = await Promise.allSettled(waiting);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    stub = TUNNEL.getByName(clusterId);
    await isUsableAgain(agent);
  });

  it("ends a WebSocket of a client", async () => {
    const agent = await connectAgent(stub, clusterId, acceptUpgrade);
    const closed = ended(await openSocket());
    await abortAllDurableObjects();
    expect(await closed).toBe(true);
    stub = TUNNEL.getByName(clusterId);
    await isUsableAgain(agent);
  });

  it("leaves nothing of a kept stream: the next request has one of its own", async () => {
    const keep: Behaviour = (agent, connId) =>
      agent.send(messageType.data, connId, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    const lost = await connectAgent(stub, clusterId, keep);
    expect((await ask(stub, clusterId)).text).toBe("ok");
    await abortAllDurableObjects();
    stub = TUNNEL.getByName(clusterId);
    await isUsableAgain(lost);
  });
});
