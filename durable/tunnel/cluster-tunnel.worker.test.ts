import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { beforeEach, expect, it } from "vitest";
import { CONTEXT_HEADER } from "../../schema/internal/context.ts";
import {
  TUNNEL,
  TUNNEL_STATISTICS,
  answerWithId,
  ask as askOf,
  connectAgent as connectTo,
} from "./testing/agent.ts";
import type { Answer, Stub, TestAgent } from "./testing/agent.ts";
import { inBothLives } from "./testing/lives.ts";

let clusterId: string;
let stub: Stub;
let count = 0;
beforeEach(() => {
  count += 1;
  clusterId = `c-tunnel${count}`;
  stub = TUNNEL.getByName(clusterId);
  globalThis.testTunnelEvents = [];
});

const changes = (): string[] =>
  (globalThis.testTunnelEvents ?? [])
    .filter((event) => event.clusterId === clusterId)
    .map(({ change }) => change);

const connectAgent = (tokenHash?: string): Promise<TestAgent> =>
  connectTo(stub, clusterId, answerWithId, tokenHash === undefined ? {} : { tokenHash });
const ask = (): Promise<Answer> => askOf(stub, clusterId);

inBothLives("a cluster's tunnel", ({ rest }) => {
  it("tunnel 6: goes on over the same socket after it lost its memory, and never repeats a stream's id", async () => {
    const agent = await connectAgent();
    for (let round = 0; round < 3; round++) {
      for (let request = 0; request < 2; request++) expect(await ask()).toMatchObject({ status: 200 });
      await rest(stub);
    }
    expect(agent.streams).toHaveLength(6);
    expect(new Set(agent.streams).size).toBe(6);
    expect(agent.streams).toEqual([...agent.streams].sort((a, b) => a - b));
    const { sessions } = await stub.status();
    expect(sessions).toMatchObject([{ kind: "steve", remoteAddress: "192.0.2.1" }]);
    expect(changes()).toEqual(["opened"]);
  });

  it("reports what it has counted before it loses its memory, and nothing while it is idle", async () => {
    const statistics = async () => {
      const all = await TUNNEL_STATISTICS.getByName("main").read();
      return all.find((cluster) => cluster.clusterId === clusterId);
    };
    const requests = async () => (await statistics())?.total.requests;
    await connectAgent();
    for (const total of [2, 4]) {
      for (let request = 0; request < 2; request++) await ask();
      await expect.poll(requests, { timeout: 10_000 }).toBe(total);
      await rest(stub);
    }
    const last = await statistics();
    expect(last).toMatchObject({
      sessions: { main: 0, steve: 1 },
      streams: 0,
      total: { opened: { steve: 1 }, errors: {} },
    });
    expect(last?.total.dials).toBeGreaterThanOrEqual(2);
    await runDurableObjectAlarm(stub);
    expect((await statistics())?.reportedAt).toBe(last?.reportedAt);
  });

  it("tunnel 22: reports sessions that it lost together with its memory, and says 503 at once", async () => {
    await connectAgent();
    await rest(stub);
    expect((await ask()).status).toBe(200);
    await evictDurableObject(stub, { webSockets: "close" });
    const answer = await ask();
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("1");
    const afterAlarm = async (): Promise<string[]> => {
      await runDurableObjectAlarm(stub);
      return changes();
    };
    await expect.poll(afterAlarm, { timeout: 5_000 }).toContain("closed");
    expect((await stub.status()).sessions).toEqual([]);
  });

  it("asks a silent session for a sign of life, and keeps one that gives it", async () => {
    const agent = await connectAgent();
    await rest(stub);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    await expect.poll(agent.probes, { timeout: 5_000 }).toBe(1);
    expect((await stub.status()).sessions).toHaveLength(1);
    expect(changes()).toEqual(["opened"]);
  });

  it("forgets everything when its sessions are closed for good, and takes a new agent afterwards", async () => {
    const { socket } = await connectAgent();
    const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener("close", resolve));
    await rest(stub);
    await stub.closeSessions("cluster deleted");
    expect(await closed).toMatchObject({ code: 1000, reason: "cluster deleted" });
    expect((await stub.status()).sessions).toEqual([]);
    expect(await runDurableObjectAlarm(stub)).toBe(false);
    await rest(stub);
    await connectAgent();
    expect((await ask()).status).toBe(200);
  });

  it("closes the sessions of tokens that count no longer, and keeps the others", async () => {
    const agents = [await connectAgent("a"), await connectAgent("b"), await connectAgent()];
    const closed: (string | undefined)[] = [];
    agents.forEach(({ socket }, index) =>
      socket.addEventListener("close", ({ reason }) => void (closed[index] = reason)),
    );
    await rest(stub);
    await stub.keepSessionsOf(["b", "c"], "registration token revoked");
    await expect
      .poll(() => closed, { timeout: 5_000 })
      .toEqual(["registration token revoked", undefined, "registration token revoked"]);
    expect((await stub.status()).sessions).toHaveLength(1);
    expect((await ask()).status).toBe(200);
    expect(changes()).toEqual(["opened", "opened", "opened", "closed", "closed"]);
  });

  it("lets no session in whose token was revoked between its judgement and its coming, however they race", async () => {
    await connectAgent("b");
    await rest(stub);
    const come = (tokenHash: string): Promise<boolean> =>
      connectAgent(tokenHash).then(
        ({ socket }) => {
          // Both ends close it: else the object does not rest.
          socket.addEventListener("close", () => socket.close());
          return true;
        },
        () => false,
      );
    const early = Array.from({ length: 5 }, () => come("a"));
    const revocation = stub.keepSessionsOf(["b"], "registration token revoked");
    const late = [...Array.from({ length: 5 }, () => come("a")), come("b")];
    await Promise.all([...early, revocation]);
    expect((await Promise.all(late)).at(-1)).toBe(true);
    await expect.poll(async () => (await stub.status()).sessions.length, { timeout: 5_000 }).toBe(2);
    await rest(stub);
    // The object may have left memory since.
    expect([await come("a"), await come("b")]).toEqual([false, true]);
    expect((await stub.status()).sessions).toHaveLength(3);
  });

  it("refuses a request without an internal context", async () => {
    for (const headers of [{}, { [CONTEXT_HEADER]: '{"v":2,"op":"proxy"}' }]) {
      const refused = await stub.fetch("https://tunnel/version", { headers });
      expect([refused.status, await refused.text()]).toEqual([
        400,
        expect.stringContaining("no valid internal context"),
      ]);
      await rest(stub);
    }
  });
});
