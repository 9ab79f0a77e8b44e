/** Checks of tunnel.md 7 on messages, through the object itself, with an agent of which each message is seen. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { beforeEach, expect, it } from "vitest";
import { encodeMessage, encodeSync, encodeText, messageType } from "../../wire/remotedialer/codec.ts";
import {
  TUNNEL,
  TUNNEL_STATISTICS,
  answer,
  answerWithId,
  ask,
  connectAgent,
  send,
  silence,
} from "./testing/agent.ts";
import type { Behaviour, Stub, TestAgent } from "./testing/agent.ts";
import { inBothLives } from "./testing/lives.ts";

const KiB = 1_024;
const { connect, data, error, pause, resume, sync } = messageType;

let clusterId: string;
let stub: Stub;
let count = 0;
beforeEach(() => {
  count += 1;
  clusterId = `c-conform${count}`;
  stub = TUNNEL.getByName(clusterId);
});

const answered = async (): Promise<string> => (await ask(stub, clusterId)).text;

/** An answer without a length: it lasts until the stream ends. */
const begin: Behaviour = (agent, connId) => agent.send(data, connId, "HTTP/1.1 200 OK\r\n\r\nbegun");

/** Of one stream, without what is sent to all. */
const about = ({ received }: TestAgent, connId: number): string[] =>
  received.filter((line) => line.split(" ")[1] === String(connId));

/** The object has taken all that was sent before: it has answered a message behind it. */
async function taken(agent: TestAgent): Promise<void> {
  const unknown = 4_000_000 + agent.received.length;
  agent.send(data, unknown, "x");
  await expect.poll(() => about(agent, unknown).length, { timeout: 5_000 }).toBe(1);
}

/** A client who waits for an answer. `outcome`: its status and text. */
async function waiting(agent: TestAgent): Promise<{ connId: number; outcome: Promise<string> }> {
  const before = agent.streams.length;
  const outcome = ask(stub, clusterId).then(({ status, text }) => `${status} ${text}`);
  await expect.poll(() => agent.streams.length, { timeout: 5_000 }).toBe(before + 1);
  return { connId: agent.streams[before] ?? 0, outcome };
}

interface Reader {
  readonly agent: TestAgent;
  readonly connId: number;
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  /** Bytes until the end; rejects when it breaks. */
  readonly rest: () => Promise<number>;
}

/** A client whose answer has begun, and who reads it when told to. */
async function reading(agent: TestAgent): Promise<Reader> {
  const response = await send(stub, clusterId);
  const reader = (response.body ?? expect.fail("no body")).getReader();
  await reader.read();
  return {
    agent,
    connId: agent.streams.at(-1) ?? 0,
    reader,
    async rest() {
      let bytes = 0;
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return bytes;
        bytes += value.length;
      }
    },
  };
}

/** Sends in pieces that the client does not read, until the object asks for a pause. */
async function fill({ agent, connId }: Reader): Promise<number> {
  let bytes = 0;
  for (; !about(agent, connId).includes(`PAUSE ${connId}`); bytes += 32 * KiB) {
    if (bytes > 4 << 20) expect.fail("no PAUSE");
    agent.send(data, connId, new Uint8Array(32 * KiB));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return bytes;
}

inBothLives("the tunnel's messages", ({ rest }) => {
  it.each<[string, string | Uint8Array]>([
    ["a text message", "text"],
    ["a truncated varint", Uint8Array.of(0x80)],
    ["a CONNECT without a slash", encodeText(connect, 3, "tcp")],
    ["a SYNC of seven bytes", encodeMessage(sync, 0, new Uint8Array(7))],
  ])("tunnel 3: %s ends its session, and no other", async (_what, message) => {
    const bystander = await connectAgent(stub, clusterId);
    const bad = await connectAgent(stub, clusterId, silence);
    const closed = new Promise((resolve) => bad.socket.addEventListener("close", resolve));
    await rest(stub);
    bad.socket.send(message);
    await closed;
    expect(await answered()).toBe(String(bystander.streams[0]));
    expect((await stub.status()).sessions).toHaveLength(1);
  });

  it("tunnel 4: types 9 and 100 are ignored", async () => {
    const agent = await connectAgent(stub, clusterId);
    await rest(stub);
    for (const type of [9, 100]) agent.send(type, 0, "who knows");
    expect(await answered()).toBe(String(agent.streams[0]));
    expect(agent.received.filter((line) => line.startsWith("ERROR 0"))).toEqual([]);
  });

  it("tunnel 5: CONNECT comes before DATA, which keeps its order", async () => {
    let request = "";
    const agent = await connectAgent(stub, clusterId, (self, connId, payload) => {
      request += new TextDecoder().decode(payload);
      if (request.endsWith("the body")) answer(self, connId, "got it");
    });
    await rest(stub);
    expect((await ask(stub, clusterId, { method: "POST", body: "the body" })).text).toBe("got it");
    expect(request).toMatch(/^POST \/version HTTP\/1\.1\r\n[^]*\r\n\r\nthe body$/);
    const [first, second] = about(agent, agent.streams[0] ?? 0);
    expect(first).toMatch(/^CONNECT \d+ tcp\/127\.0\.0\.1:6080$/);
    expect(second).toMatch(/^DATA /);
  });

  it("tunnel 7: a stream that the peer closes is read to its end; the second ERROR is answered with nothing", async () => {
    const agent = await connectAgent(stub, clusterId, (self, connId) => {
      begin(self, connId, new Uint8Array());
      for (const text of [" and", " ended"]) self.send(data, connId, text);
      for (let times = 0; times < 2; times++) self.send(error, connId, "EOF");
    });
    await rest(stub);
    expect(await answered()).toBe("begun and ended");
    await taken(agent);
    const [connId = 0] = agent.streams;
    expect(about(agent, connId).filter((line) => !line.startsWith("DATA"))).toEqual([
      `CONNECT ${connId} tcp/127.0.0.1:6080`,
      `ERROR ${connId} EOF`,
    ]);
  });

  it("tunnel 9, tunnel 12: a stream that we hold paused is closed by RESUME and one ERROR, and the peer's own are absorbed", async () => {
    const agent = await connectAgent(stub, clusterId, begin);
    await rest(stub);
    const client = await reading(agent);
    await fill(client);
    await client.reader.cancel();
    const { connId } = client;
    const seen = () => about(agent, connId).filter((line) => !line.startsWith("DATA"));
    await expect.poll(() => seen().length, { timeout: 5_000 }).toBe(4);
    for (const text of ["EOF", "read tcp: use of closed network connection"]) agent.send(error, connId, text);
    await taken(agent);
    expect(seen().slice(1)).toEqual([`PAUSE ${connId}`, `RESUME ${connId}`, `ERROR ${connId} EOF`]);
    await rest(stub);
    expect((await stub.status()).sessions).toHaveLength(1);
  });

  it("tunnel 10: an ERROR is answered once, with the same text, which reaches the client", async () => {
    const agent = await connectAgent(stub, clusterId, silence);
    await rest(stub);
    const { connId, outcome } = await waiting(agent);
    for (let times = 0; times < 2; times++) agent.send(error, connId, "tunnel disconnect");
    expect(await outcome).toMatch(/^502 .*tunnel disconnect/);
    await taken(agent);
    expect(about(agent, connId).filter((line) => line.startsWith("ERROR"))).toEqual([
      `ERROR ${connId} tunnel disconnect`,
    ]);
  });

  it("tunnel 11: DATA of an unknown id earns an ERROR, and nothing else does; so does an id of before", async () => {
    const agent = await connectAgent(stub, clusterId);
    await answered();
    const [before = 0] = agent.streams;
    await rest(stub);
    agent.received.length = 0;
    for (const id of [99, before]) for (const type of [pause, resume, error]) agent.send(type, id);
    await taken(agent);
    expect(agent.received).toHaveLength(1);
    await rest(stub);
    agent.send(data, 99, "x");
    await expect.poll(() => about(agent, 99), { timeout: 5_000 }).toHaveLength(1);
    expect(about(agent, 99)[0]).toMatch(
      new RegExp(`^ERROR 99 connection not found stv-cluster-${clusterId}/\\d+/99$`),
    );
  });

  it("tunnel 12, tunnel 16: what a slow client leaves pauses the peer, again after a spurious RESUME, and all of it arrives", async () => {
    const agent = await connectAgent(stub, clusterId, begin);
    await rest(stub);
    const client = await reading(agent);
    const { connId } = client;
    const sent = await fill(client);
    agent.send(resume, connId);
    const pauses = () => about(agent, connId).filter((line) => line === `PAUSE ${connId}`).length;
    await expect.poll(pauses, { timeout: 5_000 }).toBe(2);
    // Others are not held up.
    agent.received.length = 0;
    const bytes = client.rest();
    await expect.poll(() => about(agent, connId), { timeout: 5_000 }).toContain(`RESUME ${connId}`);
    agent.send(error, connId, "EOF");
    expect(await bytes).toBe(sent);
  });

  it("tunnel 13, tunnel 14: a peer's PAUSE stops our DATA; its RESUME is answered, and all comes", async () => {
    let request = "";
    const agent = await connectAgent(stub, clusterId, (self, connId, payload) => {
      request += new TextDecoder().decode(payload);
      if (request.includes("second")) answer(self, connId, "all");
    });
    await rest(stub);
    let body: ReadableStreamDefaultController<Uint8Array> | undefined;
    const write = (text: string): void => body?.enqueue(new TextEncoder().encode(text));
    const posting = ask(stub, clusterId, {
      method: "POST",
      body: new ReadableStream({ start: (controller) => void (body = controller) }),
    });
    write("first");
    await expect.poll(() => request, { timeout: 5_000 }).toContain("first");
    const [connId = 0] = agent.streams;
    agent.send(pause, connId);
    await taken(agent);
    const before = about(agent, connId).length;
    write("second");
    body?.close();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(about(agent, connId)).toHaveLength(before);
    agent.send(resume, connId);
    expect((await posting).text).toBe("all");
    const after = about(agent, connId).slice(before);
    expect([after[0], after.filter((line) => line.startsWith("RESUME")).length]).toEqual([
      `RESUME ${connId}`,
      1,
    ]);
  });

  it("tunnel 46: a watch outlives half an hour of silence, in which the agent is asked for signs of life", async () => {
    const agent = await connectAgent(stub, clusterId, begin);
    await rest(stub);
    const client = await reading(agent);
    // Every 75 s, since a stream is open.
    for (let at = 0; at < 30 * 60; at += 75) expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(agent.probes()).toBe(24);
    agent.send(data, client.connId, "an event");
    expect(new TextDecoder().decode((await client.reader.read()).value)).toBe("an event");
    await client.reader.cancel();
  });

  it("tunnel 20: a SYNC frees ids that nobody knows, also those of before; it closes what it lists no more, and what two lack", async () => {
    const agent = await connectAgent(stub, clusterId, silence);
    await rest(stub);
    agent.socket.send(encodeSync([77]));
    await expect.poll(() => about(agent, 77), { timeout: 5_000 }).toEqual(["ERROR 77 EOF"]);
    await rest(stub);
    const listed = await waiting(agent);
    agent.socket.send(encodeSync([listed.connId]));
    const fresh = await waiting(agent);
    let ended = false;
    void fresh.outcome.then(() => (ended = true));
    agent.socket.send(encodeSync([]));
    expect(await listed.outcome).toMatch(/^502 .*sync from client/);
    await taken(agent);
    expect(ended).toBe(false);
    agent.socket.send(encodeSync([]));
    expect(await fresh.outcome).toMatch(/^502 .*sync from client/);
    await rest(stub);
    agent.socket.send(encodeSync([listed.connId]));
    await expect
      .poll(() => about(agent, listed.connId).at(-1), { timeout: 5_000 })
      .toBe(`ERROR ${listed.connId} EOF`);
  });

  it("tunnel 23: a thousand streams leave none, and no timer that keeps the object in memory", async () => {
    const agent = await connectAgent(stub, clusterId, answerWithId);
    for (let index = 0; index < 1_000; index++) await answered();
    await rest(stub);
    await expect.poll(() => agent.received.filter((line) => line.startsWith("ERROR")).length).toBe(1_000);
    expect(new Set(agent.streams).size).toBe(1_000);
    const seen = async () =>
      (await TUNNEL_STATISTICS.getByName("main").read()).find((cluster) => cluster.clusterId === clusterId);
    await expect.poll(seen, { timeout: 5_000 }).toMatchObject({ streams: 0, total: { requests: 1_000 } });
  });
});
