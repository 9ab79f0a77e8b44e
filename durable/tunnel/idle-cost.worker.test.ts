/** What an idle cluster costs in an hour (issue 5, requirement 4), with the object out of memory between any two events. */
import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { encodeSync } from "../../wire/remotedialer/codec.ts";
import { keepaliveAnswer, keepaliveAsk } from "../../wire/remotedialer/keepalive.ts";
import { TUNNEL, answerWithId, ask, connectAgent } from "./testing/agent.ts";
import type { Stub, TestAgent } from "./testing/agent.ts";

let clusterId: string;
let stub: Stub;
let count = 0;
beforeEach(() => {
  count += 1;
  clusterId = `c-idle${count}`;
  stub = TUNNEL.getByName(clusterId);
});
afterEach(() => {
  globalThis.testTunnelBill = undefined;
});

const sleep = (): Promise<void> => evictDurableObject(stub, { webSockets: "hibernate" });

/** One hour: what the agents send each minute, and the alarm every 15 minutes. */
async function hour(minute: () => Promise<void>): Promise<NonNullable<typeof globalThis.testTunnelBill>> {
  await sleep();
  const bill = { wakes: 0, alarms: 0, messages: 0, rows: 0 };
  globalThis.testTunnelBill = bill;
  for (let at = 1; at <= 60; at++) {
    await minute();
    if (at % 15 > 0) continue;
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    await sleep();
  }
  globalThis.testTunnelBill = undefined;
  expect((await stub.status()).sessions).toHaveLength(2);
  return bill;
}

async function connectBoth(keepalive?: true): Promise<TestAgent[]> {
  const options = keepalive === undefined ? {} : { keepalive };
  return [
    await connectAgent(stub, clusterId, answerWithId, { ...options, kind: "main" }),
    await connectAgent(stub, clusterId, answerWithId, options),
  ];
}

describe("an idle hour of a cluster", () => {
  it("with our agent: four alarms, and nothing else; no sign of life wakes the object", async () => {
    const agents = await connectBoth(true);
    let answers = 0;
    for (const { socket } of agents)
      socket.addEventListener("message", ({ data }) => {
        answers += Number(data === keepaliveAnswer);
      });
    const bill = await hour(async () => {
      const before = answers;
      for (const { socket } of agents) socket.send(keepaliveAsk);
      await expect.poll(() => answers, { interval: 1 }).toBe(before + 2);
    });
    expect(bill).toEqual({ wakes: 4, alarms: 4, messages: 0, rows: 4 });
    expect(agents.map(({ probes }) => probes())).toEqual([0, 0]);
  });

  it("with Go agents that send SYNC: a wake for each, and four rows", async () => {
    const agents = await connectBoth();
    const bill = await hour(async () => {
      for (const { socket } of agents) {
        const seen = globalThis.testTunnelBill?.messages ?? 0;
        socket.send(encodeSync([]));
        await expect.poll(() => globalThis.testTunnelBill?.messages, { interval: 1 }).toBe(seen + 1);
        await sleep();
      }
    });
    // The last eight messages are the answers to probes.
    expect(bill).toEqual({ wakes: 124, alarms: 4, messages: 128, rows: 4 });
  });

  it("with Go agents that send none: four alarms, each with a probe of both sessions", async () => {
    const agents = await connectBoth();
    const bill = await hour(async () => undefined);
    expect(bill).toEqual({ wakes: 4, alarms: 4, messages: 8, rows: 4 });
    expect(agents.map(({ probes }) => probes())).toEqual([4, 4]);
  });

  it("agrees to a keepalive with those alone who can, and takes no other text", async () => {
    const agent = await connectAgent(stub, clusterId, answerWithId, { keepalive: true });
    expect(agent.headers.get("x-api-tunnel-keepalive")).toBe(keepaliveAsk);
    expect((await connectAgent(stub, clusterId)).headers.get("x-api-tunnel-keepalive")).toBeNull();
    await sleep();
    expect((await ask(stub, clusterId)).status).toBe(200);
    agent.socket.send("something else");
    await expect.poll(async () => (await stub.status()).sessions.length).toBe(1);
  });
});
