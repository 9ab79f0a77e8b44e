import { beforeEach, expect, it } from "vitest";
import { ApiServerOfTests, respond } from "../../test/tls/api-server.ts";
import type { Stream } from "../../test/tls/api-server.ts";
import { makeCertificate, makePair } from "../../test/tls/certificates.ts";
import { messageType } from "../../wire/remotedialer/codec.ts";
import { TUNNEL, ask, connectAgent, failToDial } from "./testing/agent.ts";
import type { Behaviour, Stub, TestAgent } from "./testing/agent.ts";
import { inBothLives } from "./testing/lives.ts";

const { ca, server: identity } = makePair();

let clusterId: string;
let stub: Stub;
let api: ApiServerOfTests;
let count = 0;
beforeEach(() => {
  count += 1;
  clusterId = `c-tls${count}`;
  stub = TUNNEL.getByName(clusterId);
  api = new ApiServerOfTests(identity);
  know({});
});

/** What the API Worker says of the cluster. */
function know(change: Partial<{ endpoint: string; ca: string; token: string }>): void {
  const connection = { endpoint: "https://10.43.0.1:443", ca: ca.pem, token: "account-token", direct: false };
  globalThis.testConnections = { [clusterId]: { ...connection, ...change } };
}

/** An agent without a steve session, in front of that server. */
function connectMain(behaviour?: Behaviour): Promise<TestAgent> {
  const streams = new Map<number, Stream>();
  const carry: Behaviour = (agent, connId, payload) => {
    const stream = streams.get(connId) ?? api.accept((bytes) => agent.send(messageType.data, connId, bytes));
    streams.set(connId, stream);
    stream.receive(payload);
  };
  return connectAgent(stub, clusterId, behaviour ?? carry, { kind: "main" });
}

inBothLives("a cluster whose agent has a main session only", ({ rest }) => {
  const connect = async (behaviour?: Behaviour): Promise<TestAgent> => {
    const agent = await connectMain(behaviour);
    await rest(stub);
    return agent;
  };

  it("tunnel 51: is asked by TLS, as the user, by the agent's account, over streams that are kept", async () => {
    const agent = await connect();
    for (let round = 0; round < 3; round++) {
      expect(await ask(stub, clusterId)).toMatchObject({ status: 200, text: "GET /version HTTP/1.1" });
    }
    expect(api.streams).toBe(1);
    expect(new Set(agent.streams).size).toBe(1);
    const lines = api.requests.map((head) => head.split("\r\n"));
    for (const head of lines) {
      expect(head).toContain("Authorization: Bearer account-token");
      expect(head).toContain("Impersonate-User: u-1");
    }
  });

  it("tunnel 52: is not asked when its certificate is another's, expired or for another name, and the answer says why", async () => {
    await connect();
    const expired = makeCertificate({
      name: "server",
      issuer: ca,
      names: ["10.43.0.1"],
      notAfter: new Date(Date.now() - 1_000),
    });
    const misnamed = makeCertificate({ name: "server", issuer: ca, names: ["10.43.0.2"] });
    for (const [shown, reason] of [
      [makePair().server, "signed by an unknown authority"],
      [expired, "expired at"],
      [misnamed, "is not valid for 10.43.0.1: it names 10.43.0.2"],
    ] as const) {
      api.identity = shown;
      const answer = await ask(stub, clusterId);
      expect(answer.status).toBe(502);
      expect(answer.text).toContain(reason);
      expect(JSON.parse(answer.text)).toMatchObject({ kind: "Status", reason: "BadGateway" });
      expect(answer.text).not.toContain("account-token");
    }
    expect(api.requests).toEqual([]);
  });

  it("tunnel 52: is not asked when nothing usable is known of its authority, endpoint or account", async () => {
    for (const [change, reason] of [
      [{ ca: "" }, "no usable certificate"],
      [{ endpoint: "http://10.43.0.1" }, "no https URL"],
      [{ token: "two\r\nlines" }, "token of the cluster's service account is malformed"],
    ] as const) {
      clusterId = `${clusterId}x`;
      stub = TUNNEL.getByName(clusterId);
      know(change);
      await connect();
      const answer = await ask(stub, clusterId);
      expect([answer.status, answer.text.includes(reason)]).toEqual([502, true]);
      expect(answer.text).not.toContain("lines");
    }
    expect(api.streams).toBe(0);
  });

  it("is asked by TLS with TLS 1.3's other ciphers too", async () => {
    api.script = { suite: 0x1303 };
    await connect();
    expect((await ask(stub, clusterId)).status).toBe(200);
  });

  it("answers 502 with what the agent says when it cannot dial", async () => {
    await connect(failToDial);
    const answer = await ask(stub, clusterId);
    expect(answer.status).toBe(502);
    expect(answer.text).toContain("dial tcp 10.43.0.1:443: connect: connection refused");
  });

  it("is asked again on a fresh stream when it closed a kept one", async () => {
    await connect();
    api.respond = (head) => (api.requests.length === 2 ? "" : respond(200, head.slice(0, 4)));
    expect((await ask(stub, clusterId)).status).toBe(200);
    expect((await ask(stub, clusterId)).status).toBe(200);
    expect([api.requests.length, api.streams]).toEqual([3, 2]);
  });

  it("answers 503 for Steve's API, which a kube-apiserver does not know", async () => {
    await connect();
    const answer = await ask(stub, clusterId, {}, "/v1/pods");
    expect(answer.status).toBe(503);
    expect(answer.text).toContain(`failed to find Session for client stv-cluster-${clusterId}`);
  });

  it("goes by the steve session as soon as there is one, and by TLS again when it is lost", async () => {
    await connect();
    expect((await ask(stub, clusterId)).text).toBe("GET /version HTTP/1.1");
    const steve = await connectAgent(stub, clusterId);
    await rest(stub);
    expect((await ask(stub, clusterId)).text).toBe(String(steve.streams[0]));
    await rest(stub);
    steve.socket.close(1000);
    await expect
      .poll(async () => (await ask(stub, clusterId)).text, { timeout: 5_000 })
      .toBe("GET /version HTTP/1.1");
  });

  it("uses what a newly connected agent brought at once, on streams of its own", async () => {
    await connect();
    await ask(stub, clusterId);
    know({ token: "second-token" });
    expect((await ask(stub, clusterId)).status).toBe(200);
    expect(api.requests.at(-1)).toContain("Bearer account-token");
    await connectMain();
    await ask(stub, clusterId);
    expect(api.requests.at(-1)).toContain("Bearer second-token");
    expect(api.streams).toBe(2);
  });

  it("asks anew for what is known of the cluster when its server does not take it any more", async () => {
    await connect();
    await ask(stub, clusterId);
    know({ token: "second-token" });
    api.respond = (head) => respond(head.includes("second-token") ? 200 : 401, "");
    await expect
      .poll(async () => (await ask(stub, clusterId)).status, { timeout: 8_000, interval: 500 })
      .toBe(200);
  });

  it("answers 503 without an agent, whatever is known of the cluster", async () => {
    know({ ca: "none" });
    expect((await stub.status()).sessions).toEqual([]);
    await rest(stub);
    const answer = await ask(stub, clusterId);
    expect([answer.status, answer.text.includes("cluster agent disconnected")]).toEqual([503, true]);
  });
});
