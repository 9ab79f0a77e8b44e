/** What a peer's object does with the sessions that the peer opens, and a cluster's with what peers hold. */
import { beforeEach, expect, it } from "vitest";
import {
  identityNamespacePath,
  identityOf,
  identitySecretPath,
} from "../../schema/internal/cluster-identity.ts";
import { ApiServerOfTests } from "../../test/tls/api-server.ts";
import type { Stream } from "../../test/tls/api-server.ts";
import { makePair } from "../../test/tls/certificates.ts";
import { messageType } from "../../wire/remotedialer/codec.ts";
import {
  PEER,
  TUNNEL,
  answer,
  answerWithId,
  ask,
  connectAgent,
  connectPeer,
  silence,
} from "../tunnel/testing/agent.ts";
import type { Behaviour, Stub, TestAgent } from "../tunnel/testing/agent.ts";
import { inBothLives } from "../tunnel/testing/lives.ts";
import { ObjectStream, openObjectStream } from "./object-stream.ts";

let count = 0;
let clusterId: string;
let cluster: Stub;
let names: [string, string];
beforeEach(() => {
  count += 1;
  clusterId = `c-peers${count}`;
  cluster = TUNNEL.getByName(clusterId);
  names = [`a${count}`, `b${count}`];
  globalThis.testPeers = {};
});

const steve = (): string => `stv-cluster-${clusterId}`;
const named =
  (name: string): Behaviour =>
  (peer, connId) =>
    answer(peer, connId, name);
const failing =
  (text: string): Behaviour =>
  (peer, connId) =>
    peer.send(messageType.error, connId, text);
const closeOf = (peer: TestAgent): Promise<CloseEvent> =>
  new Promise((resolve) => peer.socket.addEventListener("close", resolve));

/** A session of a peer that has the cluster. */
async function holder(name: string, behaviour: Behaviour, key = steve()): Promise<TestAgent> {
  const peer = await connectPeer(name, behaviour);
  peer.send(messageType.addClient, 0, `${key}/77`);
  await expect.poll(() => PEER.getByName(name).holds([key])).toEqual([key]);
  return peer;
}

inBothLives("clusters that peers hold", ({ rest }) => {
  it("tunnel 27: are reached by CONNECT `key::tcp/addr` on the session that has announced them", async () => {
    const [name] = names;
    const peer = await holder(name, named("peer"));
    await rest(PEER.getByName(name));
    const { status, text } = await ask(cluster, clusterId, { peers: [name] });
    expect([status, text, peer.connects]).toEqual([200, "peer", [`${steve()}::tcp/127.0.0.1:6080`]]);
    // Whoever is not to be used is not asked, whatever it holds.
    expect((await ask(cluster, clusterId)).status).toBe(503);
  });

  it("tunnel 27: are gone with REMOVECLIENT of their last session, or with the peer's own", async () => {
    const [name] = names;
    const peer = await holder(name, named("peer"));
    const link = PEER.getByName(name);
    peer.send(messageType.addClient, 0, `${steve()}/78`);
    peer.send(messageType.addClient, 0, `${clusterId}/79`);
    await rest(link);
    peer.send(messageType.removeClient, 0, `${steve()}/77`);
    await link.status();
    await rest(link);
    expect(await link.holds([steve(), clusterId, "c-other"])).toEqual([steve(), clusterId]);
    peer.send(messageType.removeClient, 0, `${steve()}/78`);
    await expect.poll(() => link.holds([steve(), clusterId])).toEqual([clusterId]);
    expect((await link.status()).accepted).toMatchObject([{ clients: 1, remoteAddress: "192.0.2.1" }]);
    peer.socket.close(1000);
    await expect.poll(() => link.holds([clusterId])).toEqual([]);
    expect((await ask(cluster, clusterId, { peers: [name] })).status).toBe(503);
  });

  it("tunnel 27: are reached by the next peer, bodies included, when one has lost them or cannot dial", async () => {
    for (const text of [`failed to find Session for client ${steve()}`, "dial tcp 10.43.0.1:443: refused"]) {
      clusterId = `${clusterId}x`;
      cluster = TUNNEL.getByName(clusterId);
      const [first, second] = names;
      await holder(first, failing(text));
      let received = "";
      await holder(second, (peer, connId, payload) => {
        received += new TextDecoder().decode(payload);
        if (received.startsWith("GET") || received.endsWith("\r\n\r\nbody")) answer(peer, connId, "second");
      });
      await rest(PEER.getByName(first), PEER.getByName(second));
      const posted = await ask(cluster, clusterId, { peers: [first, second], method: "POST", body: "body" });
      expect([posted.status, posted.text]).toEqual([200, "second"]);
      received = "";
      expect((await ask(cluster, clusterId, { peers: [first, second] })).text).toBe("second");
    }
  });

  it("tunnel 27: are reached by the next peer within 5 s when one says nothing any more", async () => {
    const [first, second] = names;
    const silent = await holder(first, silence);
    await holder(second, named("second"));
    await rest(PEER.getByName(first), PEER.getByName(second));
    silent.stop();
    const began = Date.now();
    expect((await ask(cluster, clusterId, { peers: [first, second] })).text).toBe("second");
    expect(Date.now() - began).toBeLessThan(10_000);
    // The silent one is the last choice from here on.
    const { length } = silent.connects;
    expect((await ask(cluster, clusterId, { peers: [first, second] })).text).toBe("second");
    expect([length, silent.connects.length]).toEqual([1, 1]);
  });

  it("tunnel 27: that are known here show that they are those, before a request goes to them", async () => {
    const [thief, honest] = names;
    const paths: string[] = [];
    const scene =
      (key: string): Behaviour =>
      (peer, connId, payload) => {
        const [, path = ""] = /^GET (\S+) /.exec(new TextDecoder().decode(payload)) ?? [];
        paths.push(`${key} ${path}`);
        const bodies: Readonly<Record<string, unknown>> = {
          [identityNamespacePath]: { kind: "Namespace", metadata: { uid: "uid-1" } },
          [identitySecretPath(clusterId)]: { kind: "Secret", data: { key } },
        };
        answer(peer, connId, path === "/version" ? key : JSON.stringify(bodies[path]));
      };
    await holder(thief, scene("dGhpZWY="));
    const clusterIdentity = await identityOf("uid-1", "a2V5");
    await rest(PEER.getByName(thief));
    expect((await ask(cluster, clusterId, { peers: [thief], clusterIdentity })).status).toBe(503);
    expect(paths).not.toContain("dGhpZWY= /version");
    await holder(honest, scene("a2V5"));
    const { text } = await ask(cluster, clusterId, { peers: [thief, honest], clusterIdentity });
    expect(text).toBe("a2V5");
    // Shown once: not asked again for each request.
    const before = paths.length;
    await ask(cluster, clusterId, { peers: [honest], clusterIdentity });
    expect(paths.slice(before)).toEqual(["a2V5 /version"]);
  });

  it("tunnel 27: that a peer has a main session of alone are asked by TLS of ours, verified against their own CA", async () => {
    const { ca, server: identity } = makePair();
    const api = new ApiServerOfTests(identity);
    const [name] = names;
    const streams = new Map<number, Stream>();
    await holder(
      name,
      (peer, connId, payload) => {
        const stream =
          streams.get(connId) ?? api.accept((bytes) => peer.send(messageType.data, connId, bytes));
        streams.set(connId, stream);
        stream.receive(payload);
      },
      clusterId,
    );
    await rest(PEER.getByName(name));
    const asked = { peers: [name] };
    // Nothing is known of its API here.
    expect((await ask(cluster, clusterId, asked)).status).toBe(503);
    const connection = { endpoint: "https://10.43.0.1:443", token: "account-token", direct: false };
    cluster = TUNNEL.getByName(clusterId);
    globalThis.testConnections = { [clusterId]: { ...connection, ca: ca.pem } };
    // Drover has looked for it in vain just now.
    await cluster.status("known");
    const { status, text } = await ask(cluster, clusterId, asked);
    expect([status, text]).toEqual([200, "GET /version HTTP/1.1"]);
    expect(api.requests[0]).toContain("Authorization: Bearer account-token");
    globalThis.testConnections = { [clusterId]: { ...connection, ca: makePair().ca.pem } };
    await cluster.status("changed");
    expect((await ask(cluster, clusterId, asked)).text).toContain("signed by an unknown authority");
  });

  it("tunnel 27: one session's end fails its streams at once", async () => {
    const [name] = names;
    const peer = await holder(name, silence);
    await rest(PEER.getByName(name));
    const asked = ask(cluster, clusterId, { peers: [name], method: "POST", body: "x" });
    await expect.poll(() => peer.streams.length).toBeGreaterThan(0);
    const began = Date.now();
    peer.socket.close(1000);
    expect((await asked).status).toBe(502);
    expect(Date.now() - began).toBeLessThan(2_000);
  });

  it("tunnel 27: sessions of a peer end with its secret, and nobody else's", async () => {
    const [name] = names;
    const link = PEER.getByName(name);
    const [old, current] = [
      await connectPeer(name, answerWithId, "old"),
      await connectPeer(name, answerWithId, "new"),
    ];
    globalThis.testPeers = { [name]: { settings: { secretHashes: ["new", "old"] }, offers: [] } };
    await rest(link);
    expect((await link.configure()).accepted).toHaveLength(2);
    globalThis.testPeers = { [name]: { settings: { secretHashes: ["new"] }, offers: [] } };
    const closed = closeOf(old);
    expect((await link.configure()).accepted).toHaveLength(1);
    expect((await closed).code).toBe(1008);
    globalThis.testPeers = {};
    const gone = closeOf(current);
    expect((await link.configure()).accepted).toEqual([]);
    expect((await gone).code).toBe(1008);
  });

  it("tunnel 27: a malformed announcement ends the session, and more than four are too many", async () => {
    const [name] = names;
    const link = PEER.getByName(name);
    const sessions = [];
    for (let at = 0; at < 5; at++) {
      sessions.push(await connectPeer(name));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await rest(link);
    expect((await link.status()).accepted).toHaveLength(4);
    const last = sessions.at(-1);
    last?.send(messageType.addClient, 0, "nonsense");
    await expect.poll(async () => (await link.status()).accepted.length).toBe(3);
  });

  it("tunnel 27: a stream of a peer goes to an agent's session of ours, and to no other peer", async () => {
    const [name] = names;
    await holder(name, named("peer"));
    await rest(PEER.getByName(name));
    const context = { v: 1, op: "stream", kind: "steve", address: "10.0.0.1:22" } as const;
    await expect(openObjectStream(cluster, context)).rejects.toThrow(
      `failed to find Session for client ${steve()}`,
    );
    const agent = await connectAgent(cluster, clusterId, named("agent"));
    await rest(cluster);
    const stream = new ObjectStream(openObjectStream(cluster, context));
    let said = "";
    const ended = new Promise((resolve) => (stream.onClose = resolve));
    stream.onData = (chunk) => {
      said += new TextDecoder().decode(chunk);
      agent.socket.close(1000);
    };
    stream.write(new TextEncoder().encode("GET /version HTTP/1.1\r\n\r\n"));
    expect(await ended).toMatchObject({
      kind: "error",
      text: expect.stringContaining("session lost") as string,
    });
    // Not where the peer wants it.
    expect([said.endsWith("agent"), agent.connects]).toEqual([true, ["tcp/127.0.0.1:6080"]]);
  });

  it("tunnel 27: streams of peers count in the cluster's own limit, and over it are refused with the reason", async () => {
    const limits = { perUser: 1, perCluster: 4, unanswered: 1, bodyBytes: 0 };
    globalThis.testLimits = { [clusterId]: limits };
    await connectAgent(cluster, clusterId);
    await rest(cluster);
    const open = async (peer: string): Promise<string> => {
      try {
        const context = { v: 1, op: "stream", kind: "steve", address: "x:1", peer } as const;
        (await openObjectStream(cluster, context)).close(1000);
        return "open";
      } catch (error) {
        return String(error);
      }
    };
    const [first, second] = names;
    const outcomes: string[] = [];
    for (let stream = 0; stream < 10; stream++) outcomes.push(await open(stream % 2 === 0 ? first : second));
    // Two seconds' worth, of which a quarter is kept for people; a token may have come meanwhile.
    expect(outcomes.slice(0, 6)).toEqual(Array.from({ length: 6 }, () => "open"));
    expect(outcomes.at(-1)).toBe("Error: too many requests: the cluster is asked more than 4 times a second");
  });

  it("tunnel 27: what a peer refuses as too much is 429 here too, and no reason to doubt the peer", async () => {
    const [name] = names;
    let refuses = true;
    await holder(name, (peer, connId) => {
      if (refuses) peer.send(messageType.error, connId, "too many requests: of you");
      else answer(peer, connId, "peer");
    });
    await rest(PEER.getByName(name));
    const refused = await ask(cluster, clusterId, { peers: [name] });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
    expect(JSON.parse(refused.text)).toMatchObject({
      kind: "Status",
      reason: "TooManyRequests",
      message: "too many requests: of you",
    });
    refuses = false;
    expect((await ask(cluster, clusterId, { peers: [name] })).text).toBe("peer");
  });

  it("tunnel 27: by a main session a peer reaches the cluster's API endpoint, and nothing else of its network", async () => {
    const agent = await connectAgent(cluster, clusterId, named("kube-apiserver"), { kind: "main" });
    await rest(cluster);
    const open = (address: string): Promise<WebSocket> =>
      openObjectStream(cluster, { v: 1, op: "stream", kind: "main", address });
    await expect(open("10.43.0.1:443")).rejects.toThrow("not the cluster's API endpoint");
    const ca = makePair().ca.pem;
    globalThis.testConnections = {
      [clusterId]: { endpoint: "https://10.43.0.1:443", ca, token: "t", direct: false },
    };
    agent.socket.close(1000);
    const other = await connectAgent(cluster, clusterId, named("kube-apiserver"), { kind: "main" });
    await expect(open("10.43.0.2:443")).rejects.toThrow("not the cluster's API endpoint");
    const socket = await open("10.43.0.1:443");
    await expect.poll(() => other.connects).toEqual(["tcp/10.43.0.1:443"]);
    socket.close(1000);
  });
});
