import { beforeEach, expect, it } from "vitest";
import {
  identityNamespacePath,
  identityOf,
  identitySecretPath,
} from "../../schema/internal/cluster-identity.ts";
import type { ClusterIdentity } from "../../schema/internal/cluster-identity.ts";
import { ApiServerOfTests, respond } from "../../test/tls/api-server.ts";
import type { Stream } from "../../test/tls/api-server.ts";
import { makePair } from "../../test/tls/certificates.ts";
import { messageType } from "../../wire/remotedialer/codec.ts";
import { maxNewcomers } from "./newcomers.ts";
import { TUNNEL, ask, connectAgent, failToDial, silence } from "./testing/agent.ts";
import type { Behaviour, Stub, TestAgent } from "./testing/agent.ts";
import { inBothLives } from "./testing/lives.ts";

const registration = { apiEndpoint: "https://10.43.0.1:443", caCert: "", token: "new-token" };
const pem = "-----BEGIN CERTIFICATE-----\nQUFB\n-----END CERTIFICATE-----\n";
const reviewPath = "/apis/authentication.k8s.io/v1/tokenreviews";
const account = "system:serviceaccount:cattle-system:cattle";

let clusterId: string;
let stub: Stub;
let identity: ClusterIdentity;
let count = 0;
beforeEach(async () => {
  count += 1;
  clusterId = `c-gate${count}`;
  stub = TUNNEL.getByName(clusterId);
  identity = await identityOf("uid-1", "a2V5");
  globalThis.testTunnelEvents = [];
  globalThis.testRegistrations = [];
});

interface Scene {
  readonly uid?: string;
  readonly key?: string;
  /** Status of all answers but those of users. */
  status: number;
  readonly user?: string;
}

/** A kube-apiserver: what it says of itself, and its name to users. */
const cluster =
  (name: string, scene: Scene): Behaviour =>
  (agent, connId, payload) => {
    const [, path] = /^(?:GET|POST) (\S+) /.exec(new TextDecoder().decode(payload)) ?? [];
    // The body of a request.
    if (path === undefined) return;
    const bodies: Readonly<Record<string, unknown>> = {
      [identityNamespacePath]: { kind: "Namespace", metadata: { uid: scene.uid ?? "uid-1" } },
      [identitySecretPath(clusterId)]: { kind: "Secret", data: { key: scene.key ?? "a2V5" } },
      [`${identityNamespacePath}/configmaps/kube-root-ca.crt`]: { data: { "ca.crt": pem } },
      [reviewPath]: { status: { authenticated: true, user: { username: scene.user ?? account } } },
    };
    const text = path === "/version" ? name : JSON.stringify(bodies[path]);
    const status = path === "/version" ? 200 : path === reviewPath ? 201 : scene.status;
    const head = `HTTP/1.1 ${status} X\r\nConnection: close\r\nContent-Length: ${text.length}\r\n\r\n`;
    agent.send(messageType.data, connId, head + text);
  };
const closing = ({ socket }: TestAgent): Promise<string> =>
  new Promise((resolve) =>
    socket.addEventListener("close", ({ code, reason }) => resolve(`${code} ${reason}`)),
  );
const isUsed = (name: string) =>
  expect.poll(async () => (await ask(stub, clusterId)).text, { timeout: 10_000 }).toBe(name);
const changes = (): string[] =>
  (globalThis.testTunnelEvents ?? [])
    .filter((event) => event.clusterId === clusterId)
    .map(({ kind, change }) => `${kind} ${change}`);

inBothLives("a session of a cluster that is known", ({ rest }) => {
  it("is used when it has shown the cluster's key, in place of the one before", async () => {
    await connectAgent(stub, clusterId, cluster("old", { status: 200 }), { identity });
    await isUsed("old");
    await rest(stub);
    await connectAgent(stub, clusterId, cluster("new", { status: 200 }), { identity });
    await isUsed("new");
    await rest(stub);
    await isUsed("new");
    expect(changes()).toEqual(["steve opened", "steve opened"]);
  });

  it.each([
    [
      "another cluster",
      { uid: "uid-2", status: 200 },
      "1008 refused: another cluster: kube-system has uid uid-2",
    ],
    [
      "one that has the uid alone",
      { key: "b3RoZXI=", status: 200 },
      "1008 refused: it does not have the key that Drover left in the cluster",
    ],
  ])("is refused when it is of %s, and the one before goes on", async (_what, scene, reason) => {
    await connectAgent(stub, clusterId, cluster("old", { status: 200 }), { identity });
    await isUsed("old");
    await rest(stub);
    const thief = await connectAgent(stub, clusterId, cluster("thief", scene), { identity });
    expect(await closing(thief)).toBe(reason);
    await rest(stub);
    expect(await ask(stub, clusterId)).toMatchObject({ status: 200, text: "old" });
    expect((await stub.status()).sessions).toHaveLength(1);
    expect(changes()).toEqual(["steve opened"]);
  });

  it("gets no request while nobody can tell, and is asked again; what it has shown lasts", async () => {
    const scene = { status: 500 };
    const agent = await connectAgent(stub, clusterId, cluster("ill", scene), { identity });
    expect(await ask(stub, clusterId)).toMatchObject({ status: 503 });
    await expect.poll(() => agent.streams.length, { timeout: 10_000 }).toBeGreaterThan(3);
    expect((await stub.status()).sessions).toMatchObject([{ unproven: true }]);
    scene.status = 200;
    await isUsed("ill");
    await rest(stub);
    await isUsed("ill");
    expect(changes()).toEqual(["steve opened"]);
  });

  it("is one of a few: who shows nothing cannot fill the object", async () => {
    await connectAgent(stub, clusterId, cluster("old", { status: 200 }), { identity });
    await isUsed("old");
    await rest(stub);
    for (let index = 0; index < maxNewcomers; index++)
      await connectAgent(stub, clusterId, silence, { identity });
    await expect(connectAgent(stub, clusterId, silence, { identity })).rejects.toThrow("no WebSocket");
    await isUsed("old");
  });
});

inBothLives("what a main session says of a cluster that is known", ({ rest }) => {
  const params = { ...registration, caCert: btoa(pem) };

  it("is written down when the cluster says so, whichever session comes first", async () => {
    const main = await connectAgent(stub, clusterId, failToDial, {
      kind: "main",
      registration: params,
      identity,
    });
    expect(globalThis.testRegistrations).toEqual([]);
    await connectAgent(stub, clusterId, cluster("old", { status: 200 }), { identity });
    await expect
      .poll(() => globalThis.testRegistrations, { timeout: 10_000 })
      .toEqual([{ clusterId, ...params }]);
    await expect.poll(changes, { timeout: 5_000 }).toContain("main opened");
    await rest(stub);
    expect((await stub.status()).sessions.filter(({ unproven }) => unproven)).toEqual([]);
    expect(main.socket.readyState).toBe(WebSocket.OPEN);
  });

  it.each([
    ["token", { status: 200, user: "system:anonymous" }, params, "its token is not of the agent's account"],
    ["CA", { status: 200 }, { ...params, caCert: btoa("CA") }, "its CA is not the cluster's"],
  ])("is refused for a wrong %s, and nothing is written", async (_what, scene, said, reason) => {
    await connectAgent(stub, clusterId, cluster("old", scene), { identity });
    await isUsed("old");
    await rest(stub);
    const thief = await connectAgent(stub, clusterId, failToDial, {
      kind: "main",
      registration: said,
      identity,
    });
    expect(await closing(thief)).toContain(`1008 refused: ${reason}`);
    expect(globalThis.testRegistrations).toEqual([]);
    expect(await ask(stub, clusterId)).toMatchObject({ status: 200, text: "old" });
  });

  /** A main session in front of a kube-apiserver that says so of itself. */
  const mainInFrontOf = async (pair: ReturnType<typeof makePair>, key: string): Promise<TestAgent> => {
    const api = new ApiServerOfTests(pair.server);
    api.respond = (head) => {
      const [, path] = head.split(" ", 2);
      const namespace = { kind: "Namespace", metadata: { uid: "uid-1" } };
      if (!head.includes("Authorization: Bearer new-token")) return respond(401, "");
      if (path === identityNamespacePath) return respond(200, JSON.stringify(namespace));
      return path === identitySecretPath(clusterId)
        ? respond(200, JSON.stringify({ data: { key } }))
        : respond(404, "{}");
    };
    const streams = new Map<number, Stream>();
    const carry: Behaviour = (agent, connId, payload) => {
      const stream =
        streams.get(connId) ?? api.accept((bytes) => agent.send(messageType.data, connId, bytes));
      streams.set(connId, stream);
      stream.receive(payload);
    };
    const said = { ...registration, caCert: btoa(pair.ca.pem) };
    return connectAgent(stub, clusterId, carry, { kind: "main", registration: said, identity });
  };

  it("is written down when it works: without a steve session, by what its address, CA and token lead to", async () => {
    await mainInFrontOf(makePair(), "a2V5");
    await expect.poll(() => globalThis.testRegistrations, { timeout: 10_000 }).toMatchObject([{ clusterId }]);
    await expect.poll(changes, { timeout: 5_000 }).toEqual(["main opened"]);
    await rest(stub);
    const { sessions } = await stub.status();
    expect(sessions.map(({ kind, unproven }) => [kind, unproven])).toEqual([["main", undefined]]);
  });

  it("is refused when it works, and leads to another cluster", async () => {
    const thief = await mainInFrontOf(makePair(), "b3RoZXI=");
    expect(await closing(thief)).toBe(
      "1008 refused: it does not have the key that Drover left in the cluster",
    );
    await rest(stub);
    expect((await stub.status()).sessions).toEqual([]);
    expect(globalThis.testRegistrations).toEqual([]);
  });
});
