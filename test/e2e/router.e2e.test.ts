/** The cluster router and what must never get through it (tunnel.md 4, checks 38, 41-45, 47, 50; issue 3, "Negative"). */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { request } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import { connect as connectTls } from "node:tls";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { call, callJson, eventually, loginAs, removeDataDir, startDrover } from "./drover.ts";
import type { Connection, Drover } from "./drover.ts";
import { clusterHandle } from "./cluster.ts";
import type { ImportedCluster } from "./cluster.ts";
import { startRelay } from "../relay.ts";
import { askRaw } from "./raw.ts";
import type { Raw } from "./raw.ts";
import { answerLifecycle, connectAgent, newCluster } from "./scripted-agent.ts";
import type { ScriptedAgent } from "./scripted-agent.ts";

const password = "router test passphrase";

describe("the cluster router", () => {
  let drover: Drover;
  let admin: Connection & { token: string };
  let cluster: ImportedCluster;
  let registration: { id: string; token: string };
  let agent: ScriptedAgent;
  /** Requests that reached the cluster, but for the lifecycle's own. */
  let seen: { url: string; method: string; rawHeaders: string[]; body: string }[] = [];
  /** Closings of answers that never end. */
  let closings = 0;

  const answer = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const url = incoming.url ?? "";
    if (answerLifecycle(incoming, outgoing)) return;
    let body = "";
    incoming.on("data", (chunk: Buffer) => (body += chunk.toString()));
    incoming.on("end", () => {
      seen.push({ url, method: incoming.method ?? "", rawHeaders: incoming.rawHeaders, body });
      answerWith(url, outgoing);
    });
    outgoing.on("close", () => {
      if (!outgoing.writableEnded) closings++;
    });
  };

  beforeAll(async () => {
    drover = await startDrover({ args: ["--bootstrap-password", password] });
    admin = await loginAs(drover, "admin", password);
    registration = await newCluster(admin, "router");
    cluster = clusterHandle(admin, registration.id);
    agent = await connectAgent(drover, registration.token, answer);
    await cluster.waitFor("active", 20_000);
  }, 120_000);

  afterAll(async () => {
    await agent?.stop();
    await drover?.stop();
    if (drover !== undefined) removeDataDir(drover.dataDir);
  }, 60_000);

  const path = (rest: string): string => `/k8s/clusters/${registration.id}${rest}`;
  const status = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;

  /** A request whose path nobody normalises, with chosen headers. */
  const raw = (
    rawPath: string,
    headers: Record<string, string> = {},
    method = "GET",
    body?: string,
  ): Promise<Raw> =>
    askRaw(drover, {
      path: rawPath,
      headers: { authorization: `Bearer ${admin.token}`, ...headers },
      method,
      body,
    });

  const headersOf = (entry: { rawHeaders: string[] }, name: string): string[] =>
    entry.rawHeaders.filter(
      (_, index) => index % 2 === 1 && entry.rawHeaders[index - 1]?.toLowerCase() === name,
    );

  it("tunnel 38: an agent's steve session makes the cluster Active", async () => {
    expect(await cluster.state()).toBe("active");
  });

  it("tunnel 41: trims both prefixes and touches nothing else of path and query", async () => {
    for (const [asked, got] of [
      [path("/api/v1/pods?limit=5&x=%2F..%2f&y=a+b"), "/api/v1/pods?limit=5&x=%2F..%2f&y=a+b"],
      [`/k8s/proxy/${registration.id}/apis/a%2Fb/%20c`, "/apis/a%2Fb/%20c"],
      [path(""), "/"],
      [path("?x=1"), "/?x=1"],
      [path("/api/%c3%a4;v=1,2"), "/api/%c3%a4;v=1,2"],
    ] as const) {
      seen = [];
      expect((await raw(asked)).status).toBe(200);
      expect(seen.map(({ url }) => url)).toEqual([got]);
    }
  });

  it("refuses dot segments in any spelling, and nothing reaches the cluster", async () => {
    seen = [];
    for (const dots of ["..", ".", "%2e%2e", "%2E.", ".%2e", "a%2f..%2fb", "..%5c", "..;x"]) {
      const refused = await raw(path(`/api/${dots}/secrets`));
      expect([dots, refused.status]).toEqual([dots, 400]);
      expect(status(refused.body.toString())).toMatchObject({ kind: "Status", code: 400 });
    }
    expect(seen).toEqual([]);
  });

  it("tunnel 44: the cluster sees exactly the identity of the caller: no cookie, no token, nothing he smuggled", async () => {
    seen = [];
    const me = await callJson<{ data: { id: string }[] }>(admin, "GET", "/v3/users?me=true");
    await raw(path("/api"), {
      cookie: "R_SESS=x; other=y",
      "x-api-auth-header": "secret",
      "x-forwarded-user": "root",
      "x-remote-user": "root",
      "x-drover-context": '{"v":1,"op":"proxy","target":"/api/v1/secrets"}',
      "impersonate-uid-x": "1",
    });
    const [entry] = seen;
    if (entry === undefined) throw new Error("nothing arrived");
    expect(headersOf(entry, "impersonate-user")).toEqual([me.data[0]?.id]);
    expect(headersOf(entry, "impersonate-group").toSorted()).toEqual([
      "drover:cluster-owner",
      "system:authenticated",
      "system:cattle:authenticated",
    ]);
    const names = entry.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
    for (const name of [
      "authorization",
      "cookie",
      "x-api-auth-header",
      "x-forwarded-user",
      "x-remote-user",
      "x-drover-context",
    ])
      expect(names).not.toContain(name);
    for (const name of names.filter((one) => one.startsWith("impersonate-extra-")))
      expect(["principalid", "username", "requesttokenid", "requesthost"]).toContain(
        name.slice("impersonate-extra-".length),
      );
  });

  it("refuses impersonation of Kubernetes' own groups and of anyone by a caller without the right", async () => {
    seen = [];
    const masters = await raw(path("/api"), {
      "impersonate-user": "someone",
      "impersonate-group": "system:masters",
    });
    expect(masters.status).toBe(403);
    const bare = await raw(path("/api"), { "impersonate-group": "system:masters" });
    expect(bare.status).toBe(400);
    expect(seen).toEqual([]);
  });

  describe("a user without rights", () => {
    let user: Connection & { token: string };

    beforeAll(async () => {
      await callJson(admin, "POST", "/v3/users", {
        username: "plain",
        password: "plain user passphrase",
        name: "Plain",
      });
      user = await loginAs(drover, "plain", "plain user passphrase");
    });

    it("tunnel 42: gets an empty 401 on the steve path", async () => {
      const answer = await call(user, "GET", path("/v1/pods"));
      expect(answer).toEqual({ status: 401, text: "" });
      expect((await call(user, "GET", path("/v1x"))).status).toBe(403);
    });

    it("tunnel 42: gets 403 for a cluster whether or not it exists, and nothing is dialled", async () => {
      seen = [];
      const before = agent.dialled();
      for (const id of [registration.id, "c-absent"]) {
        const refused = await call(user, "GET", `/k8s/clusters/${id}/api/v1/pods`);
        expect(refused.status).toBe(403);
        expect(status(refused.text)).toMatchObject({ kind: "Status", code: 403, reason: "Forbidden" });
      }
      expect(seen).toEqual([]);
      expect(agent.dialled()).toBe(before);
    });

    it("cannot become another user by a header", async () => {
      const me = await callJson<{ data: { id: string }[] }>(admin, "GET", "/v3/users?me=true");
      const forged = await raw(path("/api"), {
        authorization: `Bearer ${user.token}`,
        "impersonate-user": me.data[0]?.id ?? "",
      });
      expect(forged.status).toBe(403);
    });

    it("sees no cluster in a list", async () => {
      expect(await callJson<{ data: unknown[] }>(user, "GET", "/v3/clusters")).toMatchObject({ data: [] });
    });
  });

  it("tunnel 43: 401 for nobody, 404 for a cluster that is not, 503 for one that never connected", async () => {
    const nobody = await call({ server: drover.url, ca: drover.ca }, "GET", path("/api"));
    expect(nobody.status).toBe(401);
    expect(status(nobody.text)).toMatchObject({ kind: "Status", code: 401 });
    const absent = await call(admin, "GET", "/k8s/clusters/c-absent/api");
    expect(absent.status).toBe(404);
    expect(status(absent.text)).toMatchObject({ kind: "Status", code: 404, reason: "NotFound" });
    const fresh = await newCluster(admin, "never-connected");
    const early = await raw(`/k8s/clusters/${fresh.id}/api`);
    expect(early.status).toBe(503);
    expect(early.headers["retry-after"]).toBeUndefined();
  });

  it("tunnel 45: a token that was revoked stops within 10 s", async () => {
    const session = await loginAs(drover, "admin", password);
    expect((await call(session, "GET", path("/api"))).status).toBe(200);
    const revoked = await call(session, "POST", "/v3/tokens?action=logout");
    expect(revoked.status).toBeLessThan(300);
    await eventually("the token is refused", 10_000, async () =>
      (await call(session, "GET", path("/api"))).status === 401 ? true : undefined,
    );
  });

  it("tunnel 45: a user who was disabled is refused within 10 s", async () => {
    const { id } = await callJson<{ id: string }>(admin, "POST", "/v3/users", {
      username: "leaving",
      password: "leaving user passphrase",
      name: "Leaving",
    });
    await callJson(admin, "POST", "/v3/globalrolebindings", { userId: id, globalRoleId: "admin" });
    const session = await loginAs(drover, "leaving", "leaving user passphrase");
    await eventually("his rights", 10_000, async () =>
      (await call(session, "GET", path("/api"))).status === 200 ? true : undefined,
    );
    await callJson(admin, "PUT", `/v3/users/${id}`, { enabled: false });
    await eventually("he is refused", 10_000, async () =>
      (await call(session, "GET", path("/api"))).status === 401 ? true : undefined,
    );
  });

  it("tunnel 50: Location stays under the prefix; gzip and chunks pass as they are; cookies of a cluster stay there", async () => {
    const location = async (value: string): Promise<string | undefined> =>
      (await raw(path(`/location?${encodeURIComponent(value)}`))).headers.location;
    expect(await location("/api/v1/x/proxy/")).toBe(path("/api/v1/x/proxy/"));
    expect(await location(`https://localhost:${drover.port}/api/y`)).toBe(path("/api/y"));
    expect(await location(path("/api"))).toBe(path("/api"));
    expect(await location("https://elsewhere.example/z")).toBe("https://elsewhere.example/z");
    const gzip = await raw(path("/gzip"), { "accept-encoding": "gzip" });
    expect(gzip.headers["content-encoding"]).toBe("gzip");
    expect(gzip.body.equals(gzipSync("unzipped"))).toBe(true);
    expect((await raw(path("/chunks"))).body.toString()).toBe("one two");
    const hostile = await raw(path("/hostile"));
    // auth 29: a page of the cluster has an origin of its own.
    expect(hostile.headers["content-security-policy"]).toMatch(/^sandbox (?!.*allow-same-origin)/);
    expect(hostile.headers["x-kept"]).toBe("yes");
    expect(hostile.headers["set-cookie"]).toBeUndefined();
    expect(hostile.headers["access-control-allow-origin"]).toBeUndefined();
  });

  it("carries bodies of every method, also without a length", async () => {
    seen = [];
    await raw(path("/api/a"), { "content-type": "application/json" }, "POST", '{"a":1}');
    await raw(path("/api/b"), { "transfer-encoding": "chunked" }, "PATCH", "chunked body");
    await raw(path("/api/c"), {}, "DELETE");
    await raw(path("/api/d"), { "content-length": "0" }, "PUT");
    expect(seen.map(({ method, body }) => `${method} ${body}`)).toEqual([
      'POST {"a":1}',
      "PATCH chunked body",
      "DELETE ",
      "PUT ",
    ]);
  });

  it("tunnel 47: joins WebSockets with their subprotocol, and either end closes both", async () => {
    const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => "v5.channel.k8s.io" });
    agent.server.on("upgrade", (incoming, socket, head) => {
      sockets.handleUpgrade(incoming, socket, head, (joined) => {
        joined.on("message", (data, isBinary) => joined.send(data, { binary: isBinary }));
        joined.on("close", () => closings++);
      });
    });
    const open = (): WebSocket =>
      new WebSocket(
        `wss://localhost:${drover.port}${path("/api/v1/exec?command=a&command=b")}`,
        ["v5.channel.k8s.io", "v4.channel.k8s.io"],
        {
          ca: drover.ca,
          headers: { authorization: `Bearer ${admin.token}` },
        },
      );
    const socket = open();
    await once(socket, "open");
    expect(socket.protocol).toBe("v5.channel.k8s.io");
    for (const message of [Buffer.from([0, 1, 2]), Buffer.alloc(300_000, 7), Buffer.alloc(0)]) {
      socket.send(message);
      const [echo] = (await once(socket, "message")) as [Buffer];
      expect(echo.equals(message)).toBe(true);
    }
    const before = closings;
    socket.terminate();
    await eventually("the cluster's end", 1_000, () => (closings > before ? true : undefined));

    const second = open();
    await once(second, "open");
    const closed = once(second, "close");
    for (const joined of sockets.clients) joined.close(4001, "done here");
    expect((await closed)[0]).toBe(4001);
  });

  it("tunnel 12: brakes the cluster for a WebSocket client that stops reading, and loses nothing", async () => {
    // Random: the platform compresses what it can.
    const message = randomBytes(256 << 10);
    const count = 1_000;
    let sent = 0;
    const flood = new WebSocketServer({ noServer: true });
    agent.server.removeAllListeners("upgrade").on("upgrade", (incoming, socket, head) => {
      flood.handleUpgrade(incoming, socket, head, (joined) => {
        const next = (): void => {
          message.writeUInt32BE(sent);
          // Not at once: the agent in this process would never come to read its PAUSE.
          if (sent++ < count) joined.send(message, () => setImmediate(next));
        };
        next();
      });
    });
    const socket = new WebSocket(`wss://localhost:${drover.port}${path("/api/v1/flood")}`, {
      ca: drover.ca,
      perMessageDeflate: false,
      headers: { authorization: `Bearer ${admin.token}` },
    });
    let received = 0;
    let wrong = 0;
    socket.on("message", (data: Buffer) => {
      if (data.length !== message.length || data.readUInt32BE() !== received) wrong++;
      received++;
    });
    await once(socket, "open");
    socket.pause();
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    // What is on the way is bounded: most of the 250 MiB must still be with the cluster.
    expect(sent).toBeLessThan(count * 0.6);
    socket.resume();
    await eventually("all messages", 20_000, () => (received === count ? true : undefined));
    expect(wrong).toBe(0);
    socket.terminate();
  });

  it("refuses a foreign page's upgrade with the session cookie", async () => {
    const foreign = await raw(path("/api"), {
      authorization: "",
      cookie: `R_SESS=${admin.token}`,
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      origin: "https://evil.example",
    });
    expect(foreign.status).toBe(403);
  });

  it("survives a header of 20 MB: 431 or a closed connection, and it keeps serving", async () => {
    const socket = connectTls({
      host: "localhost",
      port: drover.port,
      ca: drover.ca,
      servername: "localhost",
    });
    await once(socket, "secureConnect");
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
    socket.on("error", () => undefined);
    const closed = once(socket, "close");
    socket.write("GET /ping HTTP/1.1\r\nHost: localhost\r\nX-Large: ");
    const block = Buffer.alloc(1 << 20, "a");
    for (let sent = 0; sent < 20 && !socket.destroyed; sent++) {
      if (!socket.write(block)) await Promise.race([once(socket, "drain"), closed]);
    }
    if (!socket.destroyed) socket.write("\r\n\r\n");
    await Promise.race([closed, eventually("an answer", 10_000, () => (text === "" ? undefined : true))]);
    if (text !== "") expect(text).toMatch(/^HTTP\/1\.1 431 /);
    socket.destroy();
    expect((await call(admin, "GET", "/ping")).status).toBe(200);
  });

  it("tunnel 25: with two sessions, the death of the used one moves requests to the other within 5 s", async () => {
    const second = await connectAgent(drover, registration.token, answer);
    expect((await call(admin, "GET", path("/api"))).status).toBe(200);
    await second.stop();
    await eventually("the other session serves", 5_000, async () =>
      (await call(admin, "GET", path("/api"))).status === 200 ? true : undefined,
    );
    expect(await cluster.state()).toBe("active");
  });

  it("tunnel 26: a session lost in the middle of an answer ends the client's connection; the next request is told which is missing", async () => {
    const outgoing = request({
      host: "localhost",
      port: drover.port,
      path: path("/silent"),
      ca: drover.ca,
      headers: { authorization: `Bearer ${admin.token}` },
    });
    outgoing.end();
    const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
    incoming.resume();
    const ended = once(incoming, "error").catch(() => undefined);
    await agent.stop();
    await ended;
    const disconnected = await raw(path("/api"));
    expect(disconnected.status).toBe(503);
    expect(JSON.parse(disconnected.body.toString())).toMatchObject({
      kind: "Status",
      message: expect.stringContaining(`failed to find Session for client stv-cluster-${registration.id}`),
    });
    // Lost a moment ago: the agent is about to return.
    expect(disconnected.headers["retry-after"]).toBe("1");
    await cluster.waitFor("unavailable", 10_000);
    agent = await connectAgent(drover, registration.token, answer);
    await cluster.waitFor("active", 20_000);
  });

  it("tunnel 38: a half-open agent makes a used cluster unavailable within 90 s, and hangs no request for ever", async () => {
    await agent.stop();
    const relay = await startRelay(drover.port);
    agent = await connectAgent(drover, registration.token, answer, relay.port);
    await cluster.waitFor("active", 20_000);
    relay.freeze();
    const began = Date.now();
    const hanging = raw(path("/api"));
    await cluster.waitFor("unavailable", 90_000);
    expect(Date.now() - began).toBeLessThan(90_000);
    expect((await hanging).status).toBeGreaterThanOrEqual(502);
    relay.close();
    await agent.ended;
    agent = await connectAgent(drover, registration.token, answer);
    await cluster.waitFor("active", 20_000);
  }, 200_000);
});

/** What the scripted apiserver says on each path; `/never` gets no answer, `/silent` one that never ends. */
function answerWith(url: string, outgoing: ServerResponse): void {
  const [path = "", query = ""] = url.split("?");
  switch (path.split("/")[1]) {
    case "never":
      break;
    case "silent":
      outgoing.writeHead(200).write("begun\n");
      break;
    case "location":
      outgoing.writeHead(302, { location: decodeURIComponent(query) }).end();
      break;
    case "gzip":
      outgoing.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("unzipped"));
      break;
    case "chunks":
      outgoing.write("one ");
      setTimeout(() => outgoing.end("two"), 50);
      break;
    case "hostile":
      outgoing
        .writeHead(200, {
          "set-cookie": "R_SESS=stolen",
          "access-control-allow-origin": "*",
          "x-kept": "yes",
        })
        .end("hostile");
      break;
    default:
      outgoing.writeHead(200, { "content-type": "application/json" }).end('{"kind":"Echo"}');
  }
}
