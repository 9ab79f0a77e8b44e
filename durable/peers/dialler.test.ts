/** The dialling role against a real TLS and WebSocket server (Node's and npm's `ws`), with a clock of the test's own. */
import { once } from "node:events";
import { createServer } from "node:https";
import type { Server } from "node:https";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import { createLogger } from "../../schema/logger.ts";
import type { PeerDial } from "../../schema/internal/peers.ts";
import { makePair } from "../../test/tls/certificates.ts";
import type { ByteStream, CloseReason } from "../../wire/byte-stream.ts";
import { decodeMessage, decodeSync, encodeText, messageType } from "../../wire/remotedialer/codec.ts";
import { Budget } from "../../wire/remotedialer/limits.ts";
import { Dialler } from "./dialler.ts";

/** What the platform's socket is to the object. */
class NodeStream implements ByteStream {
  onData: (chunk: Uint8Array) => void = () => undefined;
  onClose: (reason: CloseReason) => void = () => undefined;
  onDrain: () => void = () => undefined;
  readonly #socket;
  constructor(port: number) {
    this.#socket = connect(port, "127.0.0.1");
    this.#socket.on("data", (chunk) => this.onData(chunk));
    this.#socket.on("drain", () => this.onDrain());
    this.#socket.on("end", () => this.onClose({ kind: "eof" }));
    this.#socket.on("error", ({ message }) => this.onClose({ kind: "error", text: message }));
  }
  get open(): boolean {
    return !this.#socket.destroyed;
  }
  write = (bytes: Uint8Array): boolean => this.#socket.write(bytes);
  pauseReading = (): void => void this.#socket.pause();
  resumeReading = (): void => void this.#socket.resume();
  close = (): void => void this.#socket.end();
  abort = (): void => void this.#socket.destroy();
}

describe("a peer that is dialled", () => {
  const { ca, server: identity } = makePair();
  let server: Server;
  let sessions: { socket: WebSocket; headers: Record<string, unknown>; said: string[]; pings: number[] }[];
  let dial: PeerDial | undefined;
  let offers: string[];
  let dialler: Dialler;
  let streams: string[];
  let changes: number;
  /** The server answers PINGs. */
  let answers: boolean;

  beforeEach(async () => {
    [sessions, streams, offers, changes, answers] = [[], [], ["c-a"], 0, true];
    server = createServer({ key: identity.keyPem, cert: identity.pem });
    const sockets = new WebSocketServer({ noServer: true, autoPong: false });
    server.on("upgrade", (incoming, raw, head) => {
      if (incoming.headers["x-api-tunnel-token"] !== "secret") {
        raw.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 21\r\n\r\nfailed authentication");
        return;
      }
      sockets.handleUpgrade(incoming, raw, head, (socket) => {
        const session = { socket, headers: { ...incoming.headers, url: incoming.url }, said: [], pings: [] };
        const { said, pings }: { said: string[]; pings: number[] } = session;
        socket.on("ping", () => {
          pings.push(Date.now());
          if (answers) socket.pong();
        });
        socket.on("message", (data: Buffer) => said.push(described(data)));
        sessions.push(session);
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    dial = { url: `wss://127.0.0.1:${port}/v3/connect`, ca: ca.pem, localId: "us", secret: "secret" };
    dialler = new Dialler({
      settings: async () => dial,
      openTcp: (_host, at) => new NodeStream(at),
      offers: async () => offers,
      onStream: (conn, { clusterId, kind }) => {
        streams.push(`${kind} ${clusterId} ${conn.address}`);
        conn.onClose = ({ kind: how }) => streams.push(`${clusterId} ended: ${how}`);
      },
      onChange: () => changes++,
      budget: new Budget(),
      log: createLogger("error"),
    });
  });
  afterEach(() => {
    vi.useRealTimers();
    dialler.stop();
    server.closeAllConnections();
    server.close();
  });

  const opened = async (count = 1) => {
    await expect.poll(() => sessions.length, { timeout: 5_000 }).toBe(count);
    const session = sessions.at(-1);
    if (session === undefined) throw new Error("no session");
    return session;
  };

  it("tunnel 27: is shown our id and its own secret, and told of both client keys of what it may use", async () => {
    void dialler.start();
    const { headers, said } = await opened();
    expect(headers).toMatchObject({
      "x-api-tunnel-id": "us",
      "x-api-tunnel-token": "secret",
      url: "/v3/connect",
    });
    expect(headers["sec-websocket-extensions"]).toBeUndefined();
    await expect.poll(() => said).toEqual(["add stv-cluster-c-a", "add c-a"]);
    expect(dialler.status).toMatchObject({ open: true, clusters: 1 });
  });

  it("tunnel 27: opens streams to what it may use at that moment, and to nothing else", async () => {
    void dialler.start();
    const { socket, said } = await opened();
    await expect.poll(() => said.length).toBe(2);
    said.length = 0;
    for (const [id, to] of [
      [2, "stv-cluster-c-a::tcp/127.0.0.1:6080"],
      [4, "stv-cluster-c-b::tcp/127.0.0.1:6080"],
      [6, "tcp/127.0.0.1:22"],
      [8, "c-a::unix//var/run/docker.sock"],
      [10, "us::c-a::tcp/127.0.0.1:6080"],
    ] as const)
      socket.send(encodeText(messageType.connect, id, to));
    await expect
      .poll(() => said)
      .toEqual([
        "error 4 failed to find Session for client stv-cluster-c-b",
        "error 6 failed to find Session for client ",
        "error 8 dial unix: not supported",
        "error 10 failed to find Session for client us",
      ]);
    expect(streams).toEqual(["steve c-a 127.0.0.1:6080"]);
    said.length = 0;
    offers = ["c-b"];
    await dialler.refresh();
    await expect
      .poll(() => said)
      .toEqual([
        "remove stv-cluster-c-a",
        "remove c-a",
        "add stv-cluster-c-b",
        "add c-b",
        "error 2 the cluster is not offered any more",
      ]);
    expect(streams.at(-1)).toBe("c-a ended: error");
  });

  it("tunnel 19: sends PING every 5 s and SYNC every 60 s, and ends after 60 s without a PONG", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
    void dialler.start();
    const { pings, said, socket } = await opened();
    await expect.poll(() => said.length).toBe(2);
    let closed = false;
    socket.on("close", () => (closed = true));
    /** Each PING has arrived before the clock goes on: the sockets are real. */
    const pass = async (seconds: number): Promise<void> => {
      for (let at = 0; at < seconds; at += 5) {
        const { length } = pings;
        const until = performance.now() + 500;
        await vi.advanceTimersByTimeAsync(5_000);
        while (pings.length === length && !closed && performance.now() < until)
          await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await pass(70);
    const gaps = pings.slice(1).map((time, at) => time - (pings[at] ?? 0));
    expect(gaps).toHaveLength(13);
    for (const gap of gaps) expect(Math.abs(gap - 5_000)).toBeLessThanOrEqual(1_000);
    expect(said).toContain("sync 0");
    expect(closed).toBe(false);
    answers = false;
    await pass(50);
    expect(closed).toBe(false);
    await pass(20);
    expect([closed, dialler.status?.open]).toEqual([true, false]);
  });

  it("tunnel 27: is dialled again when its session ends, with what counts then, and not when it is to be left alone", async () => {
    void dialler.start();
    const first = await opened();
    first.socket.close(1012, "restart");
    const second = await opened(2);
    await expect.poll(() => second.said).toEqual(["add stv-cluster-c-a", "add c-a"]);
    const closed = once(second.socket, "close");
    dialler.stop();
    const [code] = (await closed) as [number];
    expect([code, dialler.running, dialler.status]).toEqual([1001, false, undefined]);
    dial = undefined;
    await dialler.start();
    expect(sessions.length).toBe(2);
  });

  it("tunnel 27: is not believed with another CA, and says why it refuses us, once", async () => {
    const good = dial;
    if (good === undefined) throw new Error("no dial");
    dial = { ...good, ca: makePair().ca.pem };
    void dialler.start();
    await expect.poll(() => dialler.status?.problem).toMatch(/^TLS: /);
    dial = { ...good, secret: "wrong" };
    await expect
      .poll(() => dialler.status?.problem, { timeout: 5_000 })
      .toBe("the peer answered 401: failed authentication");
    expect([sessions.length, changes]).toEqual([0, 2]);
    dial = good;
    await expect.poll(() => dialler.status?.open, { timeout: 10_000 }).toBe(true);
  });
});

function described(bytes: Buffer): string {
  const message = decodeMessage(bytes);
  if (message === undefined) return "malformed";
  const text = Buffer.from(message.payload).toString();
  switch (message.type) {
    case messageType.addClient:
      return `add ${text.split("/")[0] ?? ""}`;
    case messageType.removeClient:
      return `remove ${text.split("/")[0] ?? ""}`;
    case messageType.error:
      return `error ${message.connId} ${text}`;
    case messageType.sync:
      return `sync ${decodeSync(message.payload)?.length ?? -1}`;
    default:
      return `type ${message.type}`;
  }
}
