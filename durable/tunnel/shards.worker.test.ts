import { beforeEach, expect, it } from "vitest";
import { tunnelName } from "../../schema/internal/tunnel-name.ts";
import { messageType } from "../../wire/remotedialer/codec.ts";
import { TUNNEL, answer, ask, connectAgent } from "./testing/agent.ts";
import type { Behaviour, Stub, TestAgent } from "./testing/agent.ts";
import { inBothLives } from "./testing/lives.ts";

let clusterId: string;
let shards: Stub[];
let first: Stub;
let count = 0;
beforeEach(() => {
  count += 1;
  clusterId = `c-shards${count}`;
  shards = [0, 1, 2].map((shard) => TUNNEL.getByName(tunnelName(clusterId, shard)));
  first = TUNNEL.getByName(clusterId);
});

const named =
  (name: string): Behaviour =>
  (agent, connId) =>
    answer(agent, connId, name);

const length = 200_000;
const begin: Behaviour = (agent, connId) =>
  agent.send(
    messageType.data,
    connId,
    `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`,
  );

/** The rest of an answer that was begun. */
function finish({ streams, send }: TestAgent): void {
  for (let at = 0; at < length; at += 20_000) send(messageType.data, streams[0] ?? 0, new Uint8Array(20_000));
}

const join = async (
  shard: number,
  behaviour: Behaviour,
): Promise<TestAgent & { closed: Promise<CloseEvent> }> => {
  const agent = await connectAgent(TUNNEL.getByName(tunnelName(clusterId, shard)), clusterId, behaviour);
  const closed = new Promise<CloseEvent>((resolve) => agent.socket.addEventListener("close", resolve));
  await new Promise((resolve) => setTimeout(resolve, 2));
  return { ...agent, closed };
};

inBothLives("a cluster's shards", ({ rest }) => {
  const pause = (): Promise<void> => rest(first, ...shards.slice(1));

  it("pass a request on to the next one that has a session, and tell of the sessions of all", async () => {
    await first.spread(3);
    await join(2, named("two"));
    await pause();
    for (const stub of shards) expect((await ask(stub, clusterId, { shards: 3 })).text).toBe("two");
    await pause();
    // A reconciler, and a router that knows of no shards, ask the first.
    expect((await ask(first, clusterId)).text).toBe("two");
    expect((await first.status()).sessions).toMatchObject([{ kind: "steve", shard: 2 }]);
    await join(1, named("one"));
    expect((await ask(first, clusterId, { shards: 3 })).text).toBe("one");
    await pause();
    await first.closeSessions("cluster deleted");
    expect((await ask(first, clusterId)).status).toBe(503);
  });

  it("are all rid of sessions when their cluster goes, however connects and its removal race", async () => {
    globalThis.testTunnelEvents = [];
    await first.spread(3);
    const agents = [await join(1, named("early"))];
    await pause();
    const come = [1, 2, 2, 0].map((shard) => join(shard, named("late")));
    const removed = first.closeSessions("cluster deleted");
    come.push(...[2, 1].map((shard) => join(shard, named("later"))));
    agents.push(...(await Promise.all(come)));
    await removed;
    // What the API Worker does of a cluster that is no more (runner.worker.test.ts).
    const opened = (): readonly number[] =>
      (globalThis.testTunnelEvents ?? [])
        .filter((event) => event.clusterId === clusterId && event.change === "opened")
        .map(({ shard = 0 }) => shard);
    let open = agents.length;
    for (const { closed } of agents) void closed.then(() => (open -= 1));
    await expect
      .poll(
        async () => {
          for (const shard of opened()) await shards[shard]?.closeSessions("cluster deleted");
          return open;
        },
        { timeout: 5_000 },
      )
      .toBe(0);
    expect(opened()).toContain(2);
    for (const stub of shards) expect((await stub.status()).sessions).toEqual([]);
  });

  it("say 503 when none of them has a session", async () => {
    await first.spread(3);
    await pause();
    const answered = await ask(shards[1] ?? first, clusterId, { shards: 3 });
    expect(answered.status).toBe(503);
    expect(answered.text).toContain(`failed to find Session for client stv-cluster-${clusterId}`);
  });

  it("turned on, lose no stream: an agent that is too many comes back when its last one has ended", async () => {
    const busy = await join(0, begin);
    const running = ask(first, clusterId);
    await expect.poll(() => busy.streams.length).toBe(1);
    const newer = await join(0, named("newer"));
    await first.spread(2);
    expect((await ask(first, clusterId, { shards: 2 })).text).toBe("newer");
    finish(busy);
    const answered = await running;
    expect([answered.status, answered.text.length]).toEqual([200, length]);
    expect(await busy.closed).toMatchObject({ code: 1000, reason: "moved to another shard" });
    await pause();
    await join(1, named("moved"));
    await first.spread(2);
    expect((await first.status()).sessions.map(({ shard = 0 }) => shard)).toEqual([0, 1]);
    expect(newer.socket.readyState).toBe(WebSocket.OPEN);
  });

  it("turned off, lose no stream: an agent above leaves when its last one has ended, and serves until then", async () => {
    await first.spread(2);
    const above = await join(1, begin);
    const running = ask(shards[1] ?? first, clusterId, { shards: 2 });
    await expect.poll(() => above.streams.length).toBe(1);
    await join(0, named("below"));
    await rest(first);
    await first.spread(1);
    expect((await ask(first, clusterId)).text).toBe("below");
    finish(above);
    const answered = await running;
    expect([answered.status, answered.text.length]).toEqual([200, length]);
    expect(await above.closed).toMatchObject({ code: 1000, reason: "moved to another shard" });
    expect((await first.status()).sessions).toHaveLength(1);
  });
});
