import { beforeEach, expect, it } from "vitest";
import { TUNNEL, answer, answerWithId, ask, connectAgent, failToDial, silence } from "./testing/agent.ts";
import type { Behaviour, Stub } from "./testing/agent.ts";
import { inBothLives } from "./testing/lives.ts";

let clusterId: string;
let stub: Stub;
let count = 0;
beforeEach(() => {
  count += 1;
  clusterId = `c-failover${count}`;
  stub = TUNNEL.getByName(clusterId);
});

const named =
  (name: string): Behaviour =>
  (agent, connId) =>
    answer(agent, connId, name);

inBothLives("several agents of a cluster", ({ rest }) => {
  const connect = async (...behaviours: readonly Behaviour[]) => {
    const agents = [];
    for (const behaviour of behaviours) {
      agents.push(await connectAgent(stub, clusterId, behaviour));
      // Sessions are ordered by the millisecond.
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await rest(stub);
    return agents;
  };

  it("tunnel 25: the newest is used, and the one before it when that closes", async () => {
    const [, newer] = await connect(named("older"), named("newer"));
    expect((await ask(stub, clusterId)).text).toBe("newer");
    await rest(stub);
    newer?.socket.close(1000);
    await expect.poll(async () => (await ask(stub, clusterId)).text, { timeout: 5_000 }).toBe("older");
  });

  it("tunnel 25: an ERROR that begins with `dial ` moves the request, its body included, and puts that session last", async () => {
    let received = "";
    const older: Behaviour = (agent, connId, payload) => {
      received += new TextDecoder().decode(payload);
      if (received.startsWith("GET") || received.endsWith("0\r\n\r\n")) answer(agent, connId, "older");
    };
    const [, newer] = await connect(older, failToDial);
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("the "));
        controller.enqueue(new TextEncoder().encode("body"));
        controller.close();
      },
    });
    const posted = await ask(stub, clusterId, { method: "POST", body });
    expect([posted.status, posted.text]).toEqual([200, "older"]);
    expect(received).toMatch(/^POST \/version HTTP\/1.1\r\n/);
    // In one chunk or in two.
    expect(received.replaceAll(/\r\n[48]?\r?\n?/g, "")).toMatch(/the body0$/);
    const tried = newer?.streams.length;
    received = "";
    expect((await ask(stub, clusterId)).text).toBe("older");
    expect(newer?.streams.length).toBe(tried);
  });

  it("tunnel 8: with no other session, the dial's error reaches the caller", async () => {
    await connect(failToDial);
    const answered = await ask(stub, clusterId);
    expect(answered.status).toBe(502);
    expect(answered.text).toContain("dial tcp 10.43.0.1:443: connect: connection refused");
  });

  it("tunnel 25: a session that gives no sign of life is left within 5 s, by a waiting GET too", async () => {
    const [, newer] = await connect(answerWithId, silence);
    newer?.stop();
    const began = Date.now();
    const waiting = ask(stub, clusterId);
    await expect.poll(async () => (await waiting).status, { timeout: 6_000 }).toBe(200);
    // What is asked from now on does not even try the silent one.
    expect((await ask(stub, clusterId)).status).toBe(200);
    expect(Date.now() - began).toBeLessThan(10_000);
    expect(newer?.streams).toEqual([]);
  });

  it("a slow cluster is no dead agent: its session stays the first choice", async () => {
    const [, newer] = await connect(named("older"), silence);
    const leave = new AbortController();
    const waiting = ask(stub, clusterId, { signal: leave.signal });
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(newer?.probes()).toBeGreaterThan(0);
    const second = ask(stub, clusterId, { signal: leave.signal });
    await expect.poll(() => newer?.streams.length).toBe(2);
    leave.abort();
    await Promise.allSettled([waiting, second]);
  });
});
