/** What clients of the router do and see: they are killed, they send too much, they speak to Steve (tunnel.md 4, checks 41, 47 to 50). */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { request } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { call, callJson, eventually, loginAs, removeDataDir, startDrover } from "./drover.ts";
import type { Connection, Drover } from "./drover.ts";
import { clusterHandle } from "./cluster.ts";
import { connectFlood } from "./flood-agent.ts";
import { askRaw } from "./raw.ts";
import type { Raw } from "./raw.ts";
import { startUpload } from "./upload.ts";
import { answerLifecycle, connectAgent, newCluster } from "./scripted-agent.ts";
import type { ScriptedAgent } from "./scripted-agent.ts";

const password = "router clients passphrase";

describe("clients of the router", () => {
  let drover: Drover;
  let admin: Connection & { token: string };
  let id: string;
  let registrationToken: string;
  let agent: ScriptedAgent;
  /** Paths that have arrived, and those whose connection the cluster has seen end before its answer did. */
  let arrived: string[] = [];
  let cut: string[] = [];
  /** Of `/spdy/unread`. */
  let unread: Duplex | undefined;
  const sockets = new WebSocketServer({ noServer: true });

  beforeAll(async () => {
    drover = await startDrover({ args: ["--bootstrap-password", password] });
    admin = await loginAs(drover, "admin", password);
    const registration = await newCluster(admin, "clients");
    id = registration.id;
    registrationToken = registration.token;
    agent = await connectAgent(drover, registration.token, (incoming, outgoing) => {
      if (answerLifecycle(incoming, outgoing)) return;
      const url = incoming.url ?? "";
      arrived.push(url);
      outgoing.on("close", () => outgoing.writableEnded || cut.push(url));
      // A server that does not read sees no end; the agent does, and gives it 5 s (agent/kube-proxy.ts).
      incoming.on("error", () => undefined);
      incoming.socket.removeAllListeners("peerEnd").once("peerEnd", () => cut.push(url));
      answer(url, incoming, outgoing);
    });
    agent.server.on("upgrade", (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
      const url = incoming.url ?? "";
      arrived.push(url);
      socket.on("close", () => cut.push(url)).on("error", () => undefined);
      if (url === "/spdy/unread") unread = socket;
      if (url.startsWith("/spdy/")) return spdy(url, socket);
      if (url === "/v1/upgrade-never") socket.resume();
      else sockets.handleUpgrade(incoming, socket, head, (joined) => subscribe(incoming, joined));
    });
    await clusterHandle(admin, id).waitFor("active", 20_000);
  }, 120_000);

  afterAll(async () => {
    await agent?.stop();
    await drover?.stop();
    if (drover !== undefined) removeDataDir(drover.dataDir);
  }, 60_000);

  const path = (rest: string): string => `/k8s/clusters/${id}${rest}`;
  const authorization = (): Record<string, string> => ({ authorization: `Bearer ${admin.token}` });

  const raw = (
    rawPath: string,
    headers: Record<string, string> = {},
    method = "GET",
    body?: Buffer,
  ): Promise<Raw> =>
    askRaw(drover, { path: rawPath, headers: { ...authorization(), ...headers }, method, body });

  function openSocket(rest: string): WebSocket {
    const socket = new WebSocket(`wss://localhost:${drover.port}${path(rest)}`, {
      ca: drover.ca,
      headers: authorization(),
    });
    socket.on("error", () => undefined);
    return socket;
  }

  describe("that are killed", () => {
    const kills: readonly [what: string, url: string, start: (url: string) => { kill: () => void }][] = [
      ["a request without an answer", "/api/never", plain],
      ["a silent watch", "/api/v1/pods?watch=true", plain],
      ["a quiet logs -f", "/api/v1/namespaces/a/pods/b/log?follow=true", plain],
      ["an upload that is not finished", "/api/unread", uploading],
      ["a silent WebSocket", "/v1/silent", joined],
      ["a WebSocket handshake without an answer", "/v1/upgrade-never", joined],
    ];

    function plain(url: string, method = "GET"): { kill: () => void; write: (chunk: Buffer) => void } {
      const { port, ca } = drover;
      const outgoing = request({
        host: "localhost",
        port,
        ca,
        path: path(url),
        method,
        agent: false,
        headers: authorization(),
      });
      outgoing
        .on("error", () => undefined)
        .on("response", (incoming) => incoming.resume().on("error", () => undefined));
      if (method === "GET") outgoing.end();
      return { kill: () => outgoing.destroy(), write: (chunk) => void outgoing.write(chunk) };
    }

    function uploading(url: string): { kill: () => void } {
      const upload = plain(url, "POST");
      upload.write(Buffer.alloc(64 << 10, "u"));
      return upload;
    }

    function joined(url: string): { kill: () => void } {
      const socket = openSocket(url);
      return { kill: () => socket.terminate() };
    }

    it.each(kills)(
      "tunnel 47: during %s, close the cluster's connection within 1 s",
      async (_what, url, start) => {
        arrived = [];
        cut = [];
        const client = start(url);
        await eventually("it arrived", 5_000, () => (arrived.includes(url) ? true : undefined));
        // Until the head of the answer, or the 101, is through: what is killed is the stream that follows.
        await new Promise((resolve) => setTimeout(resolve, 300));
        expect(cut).toEqual([]);
        client.kill();
        await eventually("the cluster saw the end", 2_000, () => (cut.includes(url) ? true : undefined));
      },
    );
  });

  it("tunnel 47: a client killed while the cluster takes nothing of its upload closes the cluster's connection within 1 s", async () => {
    arrived = [];
    cut = [];
    // Far more than is taken on the way: the front holds the client. All kinds of requests for a kube-apiserver are smaller.
    const upload = startUpload(drover, path("/api/unread"), admin.token, 6 << 20);
    try {
      await eventually("it arrived", 5_000, () => (arrived.includes("/api/unread") ? true : undefined));
      await upload.sent;
      await new Promise((resolve) => setTimeout(resolve, 700));
      expect(cut).toEqual([]);
      upload.kill();
      await eventually("the cluster saw the end", 2_000, () =>
        cut.includes("/api/unread") ? true : undefined,
      );
    } finally {
      upload.kill();
    }
  });

  it("tunnel 17: an answer whose agent heeds no PAUSE is cut at the cap of its stream; its session lives, and it counts as no exception of ours", async () => {
    const flood = await connectFlood(drover, registrationToken);
    try {
      const asked = request({
        host: "localhost",
        port: drover.port,
        ca: drover.ca,
        path: path("/api/flood"),
        headers: authorization(),
        agent: false,
      });
      asked.end();
      const [answer] = (await once(asked, "response")) as [IncomingMessage];
      answer.pause();
      expect(await flood.ended).toBe("read buffer exceeded");
      const [problem] = (await once(answer.resume(), "error")) as [Error];
      expect(problem.message).toBe("aborted");
      expect((await raw(path("/api/small"))).body.toString()).toBe("the flood's");
      expect(drover.output()).not.toMatch(/uncaught/i);
    } finally {
      flood.stop();
    }
  });

  it("tunnel 41: pod and service proxies keep encoded segments, ports and schemes as they are written", async () => {
    for (const rest of [
      "/api/v1/namespaces/a/services/https:web:8443/proxy/x%2Fy/%E4%B8%AD?q=%20&r",
      "/api/v1/namespaces/a/pods/web:80/proxy//double//slash",
      "/api/v1/namespaces/a/pods/web/proxy/%3Fnot-a-query%23",
      "/api/v1/namespaces/a/services/web/proxy/%252e%252e/",
    ]) {
      arrived = [];
      expect((await raw(path(rest))).status).toBe(200);
      expect(arrived).toEqual([rest]);
    }
  });

  it("tunnel 50: answers without a body, of a known length, in chunks and compressed pass byte for byte", async () => {
    for (const status of [204, 205, 304]) {
      const empty = await raw(path(`/status/${status}`));
      expect([status, empty.status, empty.body.length]).toEqual([status, status, 0]);
      expect(empty.headers.etag).toBe('"e"');
    }
    const head = await raw(path("/length"), {}, "HEAD");
    expect(head).toMatchObject({ status: 200, headers: { "content-length": "300000" } });
    const long = await raw(path("/length"));
    expect(long.headers["content-length"]).toBe("300000");
    expect(long.headers["transfer-encoding"]).toBeUndefined();
    expect(long.body.equals(Buffer.alloc(300_000, "l"))).toBe(true);
    for (const encoding of ["gzip", "identity", "br"]) {
      const packed = await raw(path("/gzip"), { "accept-encoding": encoding });
      expect(packed.headers["content-encoding"]).toBe("gzip");
      expect(packed.body.equals(gzipSync(Buffer.alloc(200_000, "z")))).toBe(true);
    }
  });

  describe("that speak SPDY", () => {
    /** The head of the answer, and the connection after it. */
    async function upgrade(
      rest: string,
    ): Promise<{ status: number; agreed: unknown; socket: Duplex; text: string }> {
      const { port, ca } = drover;
      const headers = {
        ...authorization(),
        connection: "Upgrade",
        upgrade: "SPDY/3.1",
        "x-stream-protocol-version": ["v5.channel.k8s.io", "v4.channel.k8s.io"],
      };
      const asked = request({
        host: "localhost",
        port,
        ca,
        path: path(rest),
        method: "POST",
        agent: false,
        headers,
      });
      asked.end();
      return new Promise((resolve, reject) => {
        asked.on("error", reject);
        asked.on("upgrade", ({ statusCode = 0, headers }, socket) =>
          resolve({ status: statusCode, agreed: headers["x-stream-protocol-version"], socket, text: "" }),
        );
        asked.on("response", (incoming) => {
          let text = "";
          incoming.on("data", (chunk: Buffer) => (text += chunk.toString()));
          incoming.on("end", () =>
            resolve({ status: incoming.statusCode ?? 0, agreed: undefined, socket: incoming.socket, text }),
          );
        });
      });
    }

    it("tunnel 47: have their bytes carried, as much as may come, and end with either side", async () => {
      const { status, agreed, socket } = await upgrade("/spdy/echo");
      expect([status, agreed]).toEqual([101, "v4.channel.k8s.io"]);
      const sent = randomBytes(5 << 20);
      let received = Buffer.alloc(0);
      socket.on("data", (chunk: Buffer) => (received = Buffer.concat([received, chunk])));
      socket.write(sent);
      await eventually("all is back", 10_000, () => (received.length === sent.length ? true : undefined));
      expect(received.equals(sent)).toBe(true);
      cut = [];
      socket.destroy();
      await eventually("the cluster saw the end", 2_000, () =>
        cut.includes("/spdy/echo") ? true : undefined,
      );

      const second = await upgrade("/spdy/bye");
      await once(second.socket.resume(), "end");
    });

    it("get the cluster's refusal whole", async () => {
      const refused = await upgrade("/spdy/refused");
      expect(refused).toMatchObject({ status: 403, text: "you may not" });
      expect((await raw(path("/api"))).status).toBe(200);
    });

    it("are braked by a cluster that does not read", async () => {
      const { socket } = await upgrade("/spdy/unread");
      let taken = 0;
      const block = Buffer.alloc(1 << 20);
      const more = (): void => void socket.write(block, (error) => !error && taken++ < 200 && more());
      more();
      let before = -1;
      await eventually("no more is taken", 20_000, async () => {
        const stands = taken === before;
        before = taken;
        await new Promise((resolve) => setTimeout(resolve, 500));
        return stands ? true : undefined;
      });
      // 256 KiB at the agent, 1 MiB on the way, 8 MiB in the front, and what the kernel holds for three sockets.
      expect(taken).toBeLessThan(48);
      socket.destroy();
      // The front has read as much as it may of this client, and does not see it go.
      unread?.destroy();
    });
  });

  describe("that ask too much", () => {
    const setting = async (name: string, value: string): Promise<void> => {
      await callJson(admin, "PUT", `/v3/settings/${name}`, { value });
      // Other isolates remember settings for 10 s; this one has forgotten them.
    };
    const agentOf = { "user-agent": "some-controller/1.0" };

    it("get 429 as a Status with Retry-After, and people still come through", async () => {
      await setting("cluster-requests-per-second-per-user", "4");
      const answers = await Promise.all(Array.from({ length: 20 }, () => raw(path("/api/v1/pods"), agentOf)));
      const refused = answers.filter(({ status }) => status === 429);
      // A burst of 8, of which a quarter is kept for people; a token or two comes back meanwhile.
      expect(refused.length).toBeGreaterThanOrEqual(10);
      expect(answers.length - refused.length).toBeGreaterThanOrEqual(6);
      expect(refused[0]?.headers["retry-after"]).toBe("1");
      expect(JSON.parse(refused[0]?.body.toString() ?? "")).toMatchObject({
        kind: "Status",
        reason: "TooManyRequests",
        code: 429,
        details: { retryAfterSeconds: 1 },
      });
      expect((await raw(path("/api/v1/pods"), { "user-agent": "kubectl/v1.36.0" })).status).toBe(200);
      await setting("cluster-requests-per-second-per-user", "");
      expect((await raw(path("/api/v1/pods"), agentOf)).status).toBe(200);
    });

    it("get 429 while more requests than allowed wait for an answer; people come through", async () => {
      await setting("cluster-unanswered-requests", "16");
      arrived = [];
      const waiting = Array.from({ length: 6 }, () => hanging("/api/never"));
      // Not asked about by a request: it would take the place of one of them.
      await eventually("all wait", 5_000, () => (arrived.length === waiting.length ? true : undefined));
      expect((await raw(path("/api"), agentOf)).status).toBe(429);
      expect((await raw(path("/api"), { "user-agent": "kubectl/v1.36.0" })).status).toBe(200);
      for (const each of waiting) each.destroy();
      await eventually("the places are free", 5_000, async () =>
        (await raw(path("/api"), agentOf)).status === 200 ? true : undefined,
      );
      await setting("cluster-unanswered-requests", "");
    });

    it.each(["length", "chunked"])("get 413 as a Status for a body above the limit (%s)", async (kind) => {
      await setting("cluster-request-body-bytes", "1000000");
      const headers = kind === "length" ? { "content-length": "1000001" } : {};
      const refused = await raw(path("/api/upload"), headers, "POST", Buffer.alloc(1_000_001, "b"));
      expect(refused.status).toBe(413);
      expect(JSON.parse(refused.body.toString())).toMatchObject({
        kind: "Status",
        reason: "RequestEntityTooLarge",
        message: "the request body is larger than the limit of 1000000 bytes",
      });
      expect((await raw(path("/api/upload"), {}, "POST", Buffer.alloc(1_000_000, "b"))).status).toBe(200);
      await setting("cluster-request-body-bytes", "");
    });

    it("hear a 413 also when the body is far from its end", async () => {
      const refused = await raw(path("/api/upload"), {}, "POST", Buffer.alloc(104_857_601, "b"));
      expect(refused.status).toBe(413);
    });

    function hanging(rest: string): { destroy: () => void } {
      const { port, ca } = drover;
      const headers = { ...authorization(), ...agentOf };
      return request({ host: "localhost", port, ca, path: path(rest), agent: false, headers })
        .on("error", () => undefined)
        .end();
    }
  });

  it("tunnel 48: links of Steve carry the prefix and the outer host; subscribe works through it", async () => {
    const collection = JSON.parse((await raw(path("/v1/pods?limit=1"))).body.toString()) as {
      links: { self: string };
    };
    const self = `https://localhost:${drover.port}${path("/v1/pods")}`;
    expect(collection.links.self).toBe(self);
    expect((await raw(new URL(self).pathname)).status).toBe(200);
    expect((await raw(path("/v1"))).headers.location).toBe(path("/v1/"));
    const socket = openSocket("/v1/subscribe");
    await once(socket, "open");
    socket.send(JSON.stringify({ resourceType: "pods" }));
    const [started] = (await once(socket, "message")) as [Buffer];
    expect(JSON.parse(started.toString())).toEqual({ name: "resource.start", resourceType: "pods" });
    const [change] = (await once(socket, "message")) as [Buffer];
    expect(JSON.parse(change.toString())).toMatchObject({
      name: "resource.change",
      data: { links: { self } },
    });
    socket.close(1000);
    expect((await once(socket, "close"))[0]).toBe(1000);
  });

  it("shells of the dashboard lead to the cluster's own Steve; flags switch them off", async () => {
    const steveShell = "/v1/management.cattle.io.clusters/local?link=shell";
    const exec = path("/api/v1/namespaces/a/pods/b/exec?command=sh");
    for (const asked of [
      `/v3/clusters/${id}?shell=true`,
      `/v1/management.cattle.io.clusters/${id}?link=shell`,
    ]) {
      arrived = [];
      expect((await raw(asked)).status).toBe(200);
      expect(arrived).toEqual([steveShell]);
    }
    const flag = async (name: string, value: boolean | null): Promise<void> => {
      const feature = `/apis/management.cattle.io/v3/features/${name}`;
      const current = await callJson<object>(admin, "GET", feature);
      await callJson(admin, "PUT", feature, { ...current, spec: { value } });
    };
    for (const [name, asked] of [
      ["pod-shell", exec],
      ["cluster-shell", path(steveShell)],
    ] as const) {
      expect((await raw(asked)).status).toBe(200);
      await flag(name, false);
      const refused = await raw(asked);
      expect([refused.status, refused.body.toString()]).toEqual([
        403,
        expect.stringContaining(`${name} feature is disabled`),
      ]);
      await flag(name, null);
    }
  });

  it("tunnel 49: /k8s/clusters/local is the API of the server itself, and localfoo is not", async () => {
    for (const rest of ["/api", "/apis", "/api/v1/namespaces/default", "/version"]) {
      const direct = await call(admin, "GET", rest);
      expect(direct.status).toBe(200);
      expect(await call(admin, "GET", `/k8s/clusters/local${rest}`)).toEqual(direct);
    }
    const foreign = await call(admin, "GET", "/k8s/clusters/localfoo/api");
    expect(foreign.status).toBe(404);
    expect(JSON.parse(foreign.text)).toMatchObject({
      kind: "Status",
      message: 'clusters.management.cattle.io "localfoo" not found',
    });
  });
});

/** The cluster: a kube-apiserver, and on `/v1` what the agent's Steve answers (tunnel.md 2.7). */
function answer(url: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const status = /^\/status\/(\d+)/.exec(url)?.[1];
  if (status !== undefined) return void outgoing.writeHead(Number(status), { etag: '"e"' }).end();
  if (url === "/api/never" || url === "/api/unread") return;
  if (url.includes("watch=true")) return outgoing.writeHead(200).flushHeaders();
  if (url.includes("follow=true")) return void outgoing.writeHead(200).write("one line\n");
  if (url === "/length")
    return void outgoing
      .writeHead(200, { "content-length": 300_000 })
      .end(incoming.method === "HEAD" ? undefined : Buffer.alloc(300_000, "l"));
  if (url === "/gzip")
    return void outgoing
      .writeHead(200, { "content-encoding": "gzip" })
      .end(gzipSync(Buffer.alloc(200_000, "z")));
  if (url === "/v1") return void outgoing.writeHead(301, { location: "/v1/" }).end();
  if (url.startsWith("/v1/"))
    return void outgoing.end(
      JSON.stringify({ type: "collection", links: { self: linkOf(incoming, "pods") } }),
    );
  incoming.resume().on("end", () => outgoing.end('{"kind":"Echo"}'));
}

/** As Steve builds it: scheme, host and prefix by the headers of the proxies in front of it. */
function linkOf({ headers }: IncomingMessage, type: string): string {
  const host = headers["x-api-host"] ?? headers["x-forwarded-host"] ?? headers.host;
  return `${String(headers["x-forwarded-proto"] ?? "http")}://${String(host)}${String(headers["x-api-url-prefix"])}/v1/${type}`;
}

function spdy(url: string, socket: Duplex): void {
  if (url === "/spdy/refused")
    return void socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 11\r\n\r\nyou may not");
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n" +
      "X-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n",
  );
  if (url === "/spdy/bye") socket.end();
  else if (url === "/spdy/echo") socket.pipe(socket);
}

function subscribe(incoming: IncomingMessage, socket: WebSocket): void {
  if (incoming.url !== "/v1/subscribe") return;
  const self = linkOf(incoming, "pods");
  socket.on("message", (data: Buffer) => {
    const { resourceType } = JSON.parse(data.toString()) as { resourceType: string };
    socket.send(JSON.stringify({ name: "resource.start", resourceType }));
    setTimeout(() => socket.send(JSON.stringify({ name: "resource.change", data: { links: { self } } })), 50);
  });
}
