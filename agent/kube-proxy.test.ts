import { createHash } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import type { IncomingMessage, RequestOptions } from "node:http";
import type { Agent } from "node:https";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConnStream } from "./conn-stream.ts";
import { kubeAgent } from "./kube-client.ts";
import { createKubeProxy } from "./kube-proxy.ts";
import { accountToken, patternHash, sendPattern, startApiserver } from "./testing/apiserver.ts";
import type { Apiserver } from "./testing/apiserver.ts";
import { joinedSessions, until } from "./testing/sessions.ts";
import type { Pair } from "./testing/sessions.ts";

const alice = { "Impersonate-User": "alice" };

describe("the steve session's HTTP server", () => {
  let apiserver: Apiserver;
  let agent: Agent;
  let pair: Pair;
  let log: object[] = [];

  beforeEach(async () => {
    log = [];
    apiserver = await startApiserver();
    agent = kubeAgent(apiserver.access);
    const proxy = createKubeProxy(apiserver.access, agent, (level, message, fields) => {
      log.push({ level, message, ...fields });
    });
    pair = joinedSessions((conn) => proxy.emit("connection", new ConnStream(conn)));
  });
  afterEach(() => {
    apiserver.stop();
    agent.destroy();
  });

  /** A request on a fresh stream of the tunnel. */
  function open(path: string, options: RequestOptions = {}) {
    return request({
      path,
      createConnection: () => new ConnStream(pair.server.dial("tcp", "127.0.0.1:6080")),
      ...options,
    });
  }

  async function get(path: string, headers: RequestOptions["headers"] = alice, method = "GET", body = "") {
    const outgoing = open(path, { method, ...(headers === undefined ? {} : { headers }) });
    outgoing.end(body);
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    return { status: answer.statusCode, headers: answer.headers, text: await text(answer) };
  }

  /** Header pairs that the apiserver saw, with lower-case names, sorted. */
  function seen(index = 0): string[] {
    const raw = apiserver.requests[index]?.rawHeaders ?? [];
    const pairs = raw.flatMap((name, at) => (at % 2 === 0 ? [`${name.toLowerCase()}: ${raw[at + 1]}`] : []));
    return pairs.toSorted();
  }

  it("tunnel 38: answers /ping itself, without a user", async () => {
    expect(await get("/ping", {})).toMatchObject({ status: 200, text: "pong" });
    expect(apiserver.requests).toEqual([]);
  });

  it("logs a request under the caller's id, without its query, and its own failure as an error", async () => {
    const headers = { ...alice, "X-Request-Id": "request-1" };
    await get("/api/v1/pods?continue=x", headers);
    const request = { method: "GET", path: "/api/v1/pods", requestId: "request-1" };
    await until(() => log.length === 1);
    expect(log).toMatchObject([{ level: "debug", message: "request", status: 200, ...request }]);
    apiserver.stop();
    expect(await get("/api/v1/pods", headers)).toMatchObject({ status: 502 });
    expect(log[1]).toMatchObject({
      level: "error",
      message: expect.stringContaining("ECONNREFUSED"),
      ...request,
    });
  });

  it("tunnel 44: passes exactly the given identity, no cookie and no token but the agent's own", async () => {
    const pairs: [string, string][] = [
      ["Impersonate-User", "alice"],
      ["Impersonate-Group", "drover:a"],
      ["Impersonate-Group", "drover:b"],
      ["Impersonate-Extra-requesthost", "drover.example"],
      ["Accept", "application/json"],
      ["Cookie", "R_SESS=secret"],
      ["Authorization", "Bearer callers-own"],
      ["Host", "not-used"],
    ];
    const answer = await get("/api/v1/pods?watch=0&x=%2F..%2f", pairs.flat());
    expect(answer).toMatchObject({ status: 200, headers: { "x-upstream": "yes" } });
    expect(JSON.parse(answer.text)).toEqual({ path: "/api/v1/pods?watch=0&x=%2F..%2f", method: "GET" });
    expect(seen()).toEqual([
      "accept: application/json",
      `authorization: Bearer ${accountToken}`,
      "connection: keep-alive",
      `host: 127.0.0.1:${apiserver.access.port}`,
      "impersonate-extra-requesthost: drover.example",
      "impersonate-group: drover:a",
      "impersonate-group: drover:b",
      "impersonate-user: alice",
    ]);
  });

  it("refuses what the apiserver would run as the agent itself: no user, an empty one, two", async () => {
    const refused = { status: 401, text: "not authorized" };
    expect(await get("/api", {})).toMatchObject(refused);
    expect(await get("/api", { "Impersonate-User": "" })).toMatchObject(refused);
    expect(await get("/api", { "Impersonate-User": " " })).toMatchObject(refused);
    expect(
      await get("/api", ["Host", "x", "Impersonate-User", "", "Impersonate-User", "alice"]),
    ).toMatchObject(refused);
    const upgrade = open("/exec", { headers: { Connection: "Upgrade", Upgrade: "websocket" } });
    upgrade.end();
    expect(((await once(upgrade, "response")) as [IncomingMessage])[0].statusCode).toBe(401);
    expect(apiserver.requests).toEqual([]);
  });

  it("takes headers far beyond Node's default, as the apiserver does", async () => {
    const headers = {
      ...alice,
      "Impersonate-Group": Array.from({ length: 2_000 }, (_, at) => `drover:group-${at}`),
    };
    expect((await get("/api", headers)).status).toBe(200);
    expect(seen().filter((line) => line.startsWith("impersonate-group"))).toHaveLength(2_000);
  });

  it("tunnel 46: delivers the head of a watch before its first event, and ends it in the cluster when the client goes", async () => {
    const outgoing = open("/api/silent", { headers: alice });
    outgoing.on("error", () => undefined);
    outgoing.end();
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    expect(answer.statusCode).toBe(200);
    const closed = once(apiserver.events, "closed");
    outgoing.destroy();
    expect(await closed).toEqual(["/api/silent"]);
    await until(() => pair.agent.stats.conns === 0);
  });

  it("streams large bodies both ways unharmed", async () => {
    const length = 16 << 20;
    const sent = open("/api/upload", { method: "POST", headers: { ...alice, "Content-Length": length } });
    sendPattern(sent, length);
    const [receipt] = (await once(sent, "response")) as [IncomingMessage];
    expect(JSON.parse(await text(receipt))).toEqual({ bytes: length, sha256: patternHash(length) });
    const outgoing = open(`/api/download?bytes=${length}`, { headers: alice });
    outgoing.end();
    const hash = createHash("sha256");
    for await (const chunk of ((await once(outgoing, "response")) as [IncomingMessage])[0])
      hash.update(chunk as Buffer);
    expect(hash.digest("hex")).toBe(patternHash(length));
  });

  it("frames the body of a chunked DELETE, which Node alone would not", async () => {
    const headers = { ...alice, "Transfer-Encoding": "chunked" };
    const answer = await get("/api/upload", headers, "DELETE", "0123456789");
    expect(JSON.parse(answer.text)).toMatchObject({ bytes: 10 });
  });

  it("breaks the answer off when the apiserver does", async () => {
    await expect(get("/api/broken")).rejects.toThrow("aborted");
  });

  it("keeps a stream for the next request", async () => {
    const stream = new ConnStream(pair.server.dial("tcp", "127.0.0.1:6080"));
    const options = { createConnection: () => stream, headers: { ...alice, Connection: "keep-alive" } };
    for (const path of ["/api/one", "/api/two"]) {
      const outgoing = open(path, options);
      outgoing.end();
      const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
      expect(JSON.parse(await text(answer))).toMatchObject({ path });
    }
    expect(pair.agent.stats.conns).toBe(1);
  });

  it("repeats a GET whose kept connection the apiserver closed just then, and nothing that it might do twice", async () => {
    for (let count = 0; count < 4; count++) expect((await get("/api/once")).status).toBe(200);
    const posted = await get("/api/once", { ...alice, "Content-Length": "1" }, "POST", "x");
    expect([posted.status, JSON.parse(posted.text)]).toMatchObject([502, { kind: "Status" }]);
  });

  it("answers a Kubernetes Status when the apiserver is down", async () => {
    apiserver.stop();
    const answer = await get("/api/v1/pods");
    expect(answer.status).toBe(502);
    expect(JSON.parse(answer.text)).toMatchObject({ kind: "Status", status: "Failure", code: 502 });
  });

  describe("upgrades", () => {
    const upgrade = {
      ...alice,
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Protocol": "v5.channel.k8s.io",
      Authorization: "Bearer callers-own",
    };

    async function exec(path: string): Promise<{ socket: Duplex; answer: IncomingMessage; head: Buffer }> {
      const outgoing = open(path, { headers: upgrade });
      outgoing.end();
      const [answer, socket, head] = (await once(outgoing, "upgrade")) as [IncomingMessage, Duplex, Buffer];
      return { answer, socket, head };
    }

    it("tunnel 47: carry bytes both ways as the user, and end in the cluster with the client", async () => {
      const { socket, answer } = await exec("/exec");
      expect(answer.headers["sec-websocket-protocol"]).toBe("v5.channel.k8s.io");
      expect(seen()).toContain("impersonate-user: alice");
      expect(seen()).toContain(`authorization: Bearer ${accountToken}`);
      expect(seen().filter((line) => line.startsWith("authorization"))).toHaveLength(1);
      socket.write("ls\n");
      expect(String((await once(socket, "data"))[0])).toBe("ls\n");
      const closed = once(apiserver.events, "closed");
      socket.destroy();
      expect(await closed).toEqual(["/exec"]);
      await until(() => pair.agent.stats.conns === 0);
    });

    it("tunnel 47: end in the cluster with the client, also when the command never read what the client sent", async () => {
      const { socket } = await exec("/deaf");
      socket.write(Buffer.alloc(8 << 20));
      await new Promise((resolve) => setTimeout(resolve, 500));
      const closed = once(apiserver.events, "closed");
      socket.destroy();
      expect(await closed).toEqual(["/deaf"]);
    });

    it("deliver the last bytes before the end when the apiserver hangs up", async () => {
      const { socket, head } = await exec("/hangup");
      expect(head.toString() + (await text(socket))).toBe("bye");
      await until(() => pair.agent.stats.conns === 0);
    });

    it("tunnel 50: a refusal reaches the caller whole", async () => {
      const outgoing = open("/forbidden", { headers: upgrade });
      outgoing.end();
      const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
      expect([answer.statusCode, await text(answer)]).toEqual([403, "no!"]);
    });
  });
});
