import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { createServer as createTcpServer } from "node:net";
import type { AddressInfo, Server as TcpServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import { decodeMessage, decodeSync, encodeText, messageType } from "../wire/remotedialer/codec.ts";
import type { CloseReason, Conn } from "../wire/remotedialer/conn.ts";
import { KEEPALIVE_HEADER, keepaliveAnswer, keepaliveAsk } from "../wire/remotedialer/keepalive.ts";
import { Budget } from "../wire/remotedialer/limits.ts";
import { Session } from "../wire/remotedialer/session.ts";
import { ConnStream } from "./conn-stream.ts";
import { dial, mayDial } from "./tcp-dial.ts";
import { patternHash, sendPattern } from "./testing/apiserver.ts";
import { until } from "./testing/sessions.ts";
import { runTunnel } from "./tunnel.ts";
import type { TunnelEnd } from "./tunnel.ts";

const MiB = 1 << 20;

describe("runTunnel", () => {
  let http: Server;
  let echo: TcpServer;
  let echoAddress: string;
  let stopping: AbortController;
  let budget: Budget;
  /** The server's side of the one session. */
  let socket: WebSocket;
  let session: Session;
  /** The messages that the agent sent. */
  let received: Uint8Array[];
  let ended: Promise<TunnelEnd>;

  beforeEach(async () => {
    stopping = new AbortController();
    budget = new Budget();
    received = [];
    http = createServer().listen(0, "127.0.0.1");
    echo = createTcpServer((peer) => peer.on("error", () => undefined).pipe(peer)).listen(0, "127.0.0.1");
    await Promise.all([once(http, "listening"), once(echo, "listening")]);
    echoAddress = `127.0.0.1:${(echo.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    vi.useRealTimers();
    stopping.abort();
    http.closeAllConnections();
    http.close();
    echo.close();
  });

  const url = (): string => `ws://127.0.0.1:${(http.address() as AddressInfo).port}/v3/connect`;

  function start(
    onConnect: (conn: Conn) => void = dial,
    onOpen: () => void = () => undefined,
  ): Promise<TunnelEnd> {
    return runTunnel({
      url: url(),
      headers: { "X-API-Tunnel-Token": "t" },
      route: {},
      onConnect,
      authorize: mayDial,
      budget,
      signal: stopping.signal,
      onOpen,
    });
  }

  /** A connected agent; the server's side dials by `session`. */
  async function connect(onConnect?: (conn: Conn) => void): Promise<void> {
    const sockets = new WebSocketServer({ server: http });
    const opened = Promise.withResolvers<void>();
    const connection = once(sockets, "connection");
    ended = start(onConnect, opened.resolve);
    [socket] = (await connection) as [WebSocket];
    let pressed = false;
    session = new Session({
      limits: { writeHighWater: 0, socketHighWater: 256 << 10 },
      bufferedAmount: () => socket.bufferedAmount,
      onPressed: () => (pressed = true),
      send: (message) =>
        socket.send(message, () => {
          if (!pressed) return;
          pressed = false;
          session.pump();
        }),
      onFatal(reason) {
        throw new Error(reason);
      },
    });
    socket.on("message", (data: Buffer) => {
      received.push(data);
      session.receive(data);
    });
    await opened.promise;
  }

  function closeOf(conn: Conn): Promise<CloseReason> {
    const { promise, resolve } = Promise.withResolvers<CloseReason>();
    conn.onClose = resolve;
    return promise;
  }

  it("tunnel 30: asks for no subprotocol and no extension, and sends its headers in Rancher's spelling", async () => {
    const upgrade = once(http, "upgrade");
    await connect();
    const [request] = await upgrade;
    expect(request.rawHeaders).toContain("X-API-Tunnel-Token");
    expect(request.headers).not.toHaveProperty("sec-websocket-extensions");
    expect(request.headers).not.toHaveProperty("sec-websocket-protocol");
  });

  it("tunnel 19: pings every 5 s, and gives up after 60 s without PONG though data flows", async () => {
    // Only what the keepalive reads is faked: sockets and their turns stay real.
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
    const sockets = new WebSocketServer({ server: http, autoPong: false });
    let pings = 0;
    sockets.on("connection", (fresh) => {
      socket = fresh;
      fresh.on("ping", () => (pings += 1));
    });
    const opened = Promise.withResolvers<void>();
    let end: TunnelEnd | undefined;
    ended = start(dial, opened.resolve);
    void ended.then((value) => (end = value));
    await opened.promise;
    for (let second = 5; second <= 55; second += 5) {
      vi.advanceTimersByTime(5_000);
      socket.send(Uint8Array.of(2, 2, 18));
      const expected = second / 5;
      await vi.waitUntil(() => pings === expected, { interval: 1 });
      expect(end).toBeUndefined();
    }
    vi.advanceTimersByTime(5_000);
    expect(await ended).toMatchObject({ kind: "closed", text: "no PONG for 60 s" });
    expect(pings).toBe(11);
  });

  it("tunnel 18: stays connected as long as PONGs come, without any data", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
    await connect();
    for (let count = 1; count <= 120; count++) {
      const pinged = once(socket, "ping");
      vi.advanceTimersByTime(5_000);
      await pinged;
      // The PONG is on its way, and so is this, behind it.
      const answered = received.length;
      session.probe();
      await until(() => received.length > answered, 60_000);
    }
    expect(socket.readyState).toBe(socket.OPEN);
  });

  it("tunnel 19: lists its streams every 60 s, ascending", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
    await connect();
    const ids = [0, 1, 2].map(() => session.dial("tcp", echoAddress).id);
    const syncs = (): (readonly number[] | undefined)[] =>
      received
        .map((bytes) => decodeMessage(bytes))
        .filter((message) => message?.type === messageType.sync)
        .map((message) => decodeSync(message?.payload ?? Uint8Array.of(1)));
    for (let count = 0; count < 12; count++) {
      expect(syncs()).toEqual([]);
      const pinged = once(socket, "ping");
      vi.advanceTimersByTime(5_000);
      await pinged;
      session.probe();
      const before = received.length;
      await until(() => received.length > before, 60_000);
    }
    expect(syncs()).toEqual([ids]);
  });

  it("tunnel 19: asks a server that agrees to it for signs of life, and sends one SYNC at most about nothing", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
    const sockets = new WebSocketServer({ server: http });
    sockets.on("headers", (headers, request) => {
      expect(request.headers[KEEPALIVE_HEADER]).toBe("1");
      headers.push(`${KEEPALIVE_HEADER}: ${keepaliveAsk}`);
    });
    let asked = 0;
    let syncs = 0;
    let pings = 0;
    let errors = 0;
    sockets.on("connection", (fresh) => {
      socket = fresh;
      fresh.on("ping", () => (pings += 1));
      fresh.on("message", (data: Buffer, isBinary: boolean) => {
        if (isBinary) {
          const type = decodeMessage(data)?.type;
          syncs += Number(type === messageType.sync);
          errors += Number(type === messageType.error);
          return;
        }
        expect(data.toString()).toBe(keepaliveAsk);
        asked += 1;
        fresh.send(keepaliveAnswer);
      });
    });
    const opened = Promise.withResolvers<void>();
    ended = start(dial, opened.resolve);
    await opened.promise;
    await vi.waitUntil(() => asked === 1, { interval: 1 });
    for (let minute = 1; minute <= 5; minute++) {
      for (let count = 1; count <= 12; count++) {
        vi.advanceTimersByTime(5_000);
        const expected = (minute - 1) * 12 + count;
        await vi.waitUntil(() => pings === expected, { interval: 1 });
      }
      await vi.waitUntil(() => asked === minute + 1, { interval: 1 });
    }
    expect(syncs).toBe(0);
    /** The answer to a probe comes after everything before it has been taken, and after what the agent sent by then. */
    const settled = async (): Promise<void> => {
      const before = errors;
      socket.send(encodeText(messageType.data, 99, ""));
      await vi.waitUntil(() => errors > before, { interval: 1 });
    };
    const minute = async (): Promise<void> => {
      for (let count = 1; count <= 12; count++) {
        const before = pings;
        vi.advanceTimersByTime(5_000);
        await vi.waitUntil(() => pings > before, { interval: 1 });
      }
      await settled();
    };
    const open = (id: number): void => socket.send(encodeText(messageType.connect, id, `tcp/${echoAddress}`));
    const close = (id: number): void => socket.send(encodeText(messageType.error, id, "EOF"));
    // One that came and went between two.
    open(2);
    close(2);
    await settled();
    await minute();
    expect(syncs).toBe(0);
    // One that is listed, and then is not.
    open(3);
    await settled();
    await minute();
    expect(syncs).toBe(1);
    close(3);
    await settled();
    await minute();
    await minute();
    expect(syncs).toBe(2);
    stopping.abort();
    expect(await ended).toMatchObject({ kind: "closed" });
  });

  it("tunnel 3: a text message ends the session, close code 1002", async () => {
    await connect();
    const closed = once(socket, "close");
    socket.send("text");
    expect((await closed)[0]).toBe(1002);
    expect(await ended).toMatchObject({ kind: "closed", text: "text message" });
  });

  it("tells a refusal with its status and text", async () => {
    http.on("upgrade", (_request, peer) =>
      peer.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 17\r\n\r\ncluster not found"),
    );
    expect(await start()).toEqual({ kind: "refused", status: 400, text: "cluster not found" });
  });

  it("follows no redirect, and survives a server that is not there", async () => {
    http.on("upgrade", (_request, peer) => peer.end("HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n"));
    expect(await start()).toMatchObject({ kind: "refused", status: 302 });
    const gone = url();
    http.close();
    await once(http, "close");
    expect(gone).toBeDefined();
    const end = await runTunnel({
      url: gone,
      headers: {},
      route: {},
      onConnect: dial,
      budget,
      signal: stopping.signal,
      onOpen: () => undefined,
    });
    expect(end).toMatchObject({ kind: "failed", text: expect.stringContaining("ECONNREFUSED") });
  });

  it("ends with 1001 when told to stop, after an ERROR for each stream", async () => {
    await connect();
    const closed = once(socket, "close");
    const dialled = once(echo, "connection");
    const reason = closeOf(session.dial("tcp", echoAddress));
    await dialled;
    stopping.abort();
    expect(await reason).toEqual({ kind: "error", text: "tunnel disconnect" });
    expect(await closed).toEqual([1001, Buffer.from("agent stopping")]);
    expect(await ended).toMatchObject({ kind: "closed", text: "agent stopping" });
    expect((await start()).kind).toBe("failed");
  });

  it("tunnel 22: a lost session fails every stream at once", async () => {
    const streams: ConnStream[] = [];
    await connect((conn) => streams.push(new ConnStream(conn).on("error", () => undefined)));
    for (let count = 0; count < 5; count++) session.dial("tcp", "a:1").write(Buffer.alloc(100_000));
    await until(() => streams.length === 5);
    socket.terminate();
    await ended;
    await until(() => streams.every((stream) => stream.closed), 1_000);
    expect(budget.held).toBe(0);
  });

  describe("as the main session", () => {
    it("tunnel 5: data sent with CONNECT arrives in order", async () => {
      await connect();
      const conn = session.dial("tcp", echoAddress);
      let text = "";
      conn.onData = (chunk) => (text += Buffer.from(chunk).toString());
      for (const part of ["one ", "two ", "three"]) conn.write(Buffer.from(part));
      await until(() => text === "one two three");
    });

    it("tunnel 8: a failed dial is an error that begins with `dial`", async () => {
      await connect();
      const port = Number(echoAddress.split(":")[1]);
      echo.close();
      await once(echo, "close");
      const reason = await closeOf(session.dial("tcp", `127.0.0.1:${port}`));
      expect(reason).toMatchObject({
        kind: "error",
        text: expect.stringMatching(/^dial tcp 127.*ECONNREFUSED/),
      });
      expect(await closeOf(session.dial("tcp", "no-port"))).toMatchObject({
        text: "dial tcp no-port: not an address",
      });
    });

    it("tunnel 28: refuses udp and foreign unix sockets on that stream only", async () => {
      await connect();
      const bystander = session.dial("tcp", echoAddress);
      const refused = { kind: "error", text: "connect not allowed" };
      expect(await closeOf(session.dial("udp", "127.0.0.1:53"))).toEqual(refused);
      expect(await closeOf(session.dial("unix", "/var/run/secret.sock"))).toEqual(refused);
      const answered = Promise.withResolvers<Uint8Array>();
      bystander.onData = answered.resolve;
      bystander.write(Buffer.from("alive"));
      expect(Buffer.from(await answered.promise).toString()).toBe("alive");
    });

    it("tunnel 9: closes the socket when the server ends the stream", async () => {
      const connection = once(echo, "connection");
      await connect();
      const conn = session.dial("tcp", echoAddress);
      const [peer] = await connection;
      const closed = once(peer, "close");
      conn.close();
      await closed;
    });

    it("keeps no socket whose other end goes on sending after the stream ended", async () => {
      const chatty = createTcpServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
      await once(chatty, "listening");
      const connection = once(chatty, "connection");
      await connect();
      const conn = session.dial("tcp", `127.0.0.1:${(chatty.address() as AddressInfo).port}`);
      const [peer] = await connection;
      const broken = once(peer, "error");
      conn.close();
      const talking = setInterval(() => peer.write("still here"), 10);
      expect((await broken)[0]).toMatchObject({ code: expect.stringMatching(/EPIPE|ECONNRESET/) });
      clearInterval(talking);
      chatty.close();
    });

    it("tunnel 23: 1000 sequential streams leave none behind", async () => {
      await connect();
      for (let count = 0; count < 1_000; count++) {
        const conn = session.dial("tcp", echoAddress);
        const answered = Promise.withResolvers<void>();
        conn.onData = () => answered.resolve();
        conn.write(Buffer.from("x"));
        await answered.promise;
        conn.close();
      }
      const connections = Promise.withResolvers<number>();
      await new Promise((resolve) => setTimeout(resolve, 200));
      echo.getConnections((_error, count) => connections.resolve(count));
      expect(await connections.promise).toBe(0);
      expect([session.stats.conns, budget.held]).toEqual([0, 0]);
    });

    it("tunnel 24: 100 MiB there and back on 10 streams at once, unharmed", async () => {
      await connect();
      const length = 10 * MiB;
      const hashes = await Promise.all(
        Array.from({ length: 10 }, async () => {
          const stream = new ConnStream(session.dial("tcp", echoAddress));
          const hash = createHash("sha256");
          let bytes = 0;
          // No half-close in the tunnel: the writer must not end before everything came back.
          const done = Promise.withResolvers<void>();
          stream.on("data", (chunk: Buffer) => {
            hash.update(chunk);
            bytes += chunk.length;
            if (bytes === length) done.resolve();
          });
          sendPattern(Object.assign(stream, { end: () => stream }), length);
          await done.promise;
          stream.destroy();
          return hash.digest("hex");
        }),
      );
      expect(new Set(hashes)).toEqual(new Set([patternHash(length)]));
    });
  });
});
