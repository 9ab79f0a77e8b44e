/** Against the server of npm's `ws` over TCP, and against bytes of our own where a server breaks the protocol. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import type { ByteStream, CloseReason } from "../byte-stream.ts";
import { ClientSocket } from "./client.ts";
import { encodeClosePayload, encodeFrame, opcode } from "./frame.ts";
import { acceptFor } from "./handshake.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

class NetStream implements ByteStream {
  onData: (chunk: Uint8Array) => void = () => undefined;
  onClose: (reason: CloseReason) => void = () => undefined;
  onDrain: () => void = () => undefined;
  readonly socket: Socket;
  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.on("data", (chunk) => this.onData(chunk));
    this.socket.on("drain", () => this.onDrain());
    this.socket.on("end", () => this.onClose({ kind: "eof" }));
    this.socket.on("error", ({ message }) => this.onClose({ kind: "error", text: message }));
  }
  get open(): boolean {
    return !this.socket.destroyed;
  }
  write = (bytes: Uint8Array): boolean => this.socket.write(bytes);
  pauseReading = (): void => void this.socket.pause();
  resumeReading = (): void => void this.socket.resume();
  close = (): void => void this.socket.end();
  abort = (): void => void this.socket.destroy();
}

/** A stream whose other end is the test. */
class ScriptedStream implements ByteStream {
  onData: (chunk: Uint8Array) => void = () => undefined;
  onClose: (reason: CloseReason) => void = () => undefined;
  onDrain: () => void = () => undefined;
  open = true;
  roomy = true;
  readonly written: Uint8Array[] = [];
  write(bytes: Uint8Array): boolean {
    this.written.push(bytes);
    return this.roomy;
  }
  pauseReading(): void {}
  resumeReading(): void {}
  close(): void {
    this.open = false;
  }
  abort(): void {
    this.open = false;
  }
  get head(): string {
    return new TextDecoder().decode(this.written[0]);
  }
  say(text: string): void {
    this.onData(utf8(text));
  }
}

function open(stream: ByteStream): { socket: ClientSocket; events: string[] } {
  const events: string[] = [];
  const socket = new ClientSocket(
    stream,
    {
      host: "peer.example:8443",
      target: "/v3/connect",
      headers: [["X-API-Tunnel-ID", "us"]],
      maxMessageBytes: 1 << 20,
    },
    {
      onOpen: () => events.push("open"),
      onBinary: (bytes) => events.push(`binary ${bytes.length}`),
      onText: (text) => events.push(`text ${text}`),
      onPong: () => events.push("pong"),
      onDrain: () => events.push("drain"),
      onEnd: (end) =>
        events.push(end.kind === "refused" ? `refused ${end.status} ${end.text}` : `closed ${end.text}`),
    },
  );
  return { socket, events };
}

describe("a client's WebSocket on a server", () => {
  let http: Server;
  let server: WebSocketServer;
  let port: number;
  beforeEach(async () => {
    http = createServer((_, response) => response.writeHead(401).end("failed authentication"));
    server = new WebSocketServer({ noServer: true });
    http.on("upgrade", (request, socket, head) => {
      if (request.headers["x-api-tunnel-id"] === "us" && request.url === "/v3/connect")
        server.handleUpgrade(request, socket, head, (client) => server.emit("connection", client));
      else socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 21\r\n\r\nfailed authentication");
    });
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    ({ port } = http.address() as AddressInfo);
  });
  afterEach(() => {
    server.close();
    http.closeAllConnections();
    http.close();
  });

  it("opens, carries messages of all sizes both ways, pings, and is closed with a code", async () => {
    const connected = once(server, "connection") as Promise<[WebSocket]>;
    const { socket, events } = open(new NetStream(port));
    const [peer] = await connected;
    const sizes: number[] = [];
    peer.on("message", (data: Buffer) => sizes.push(data.length));
    await expect.poll(() => events).toEqual(["open"]);
    for (const length of [0, 125, 126, 70_000]) socket.sendBinary(new Uint8Array(length));
    await expect.poll(() => sizes).toEqual([0, 125, 126, 70_000]);
    socket.ping();
    peer.send(new Uint8Array(200_000));
    peer.ping("x");
    const answered = once(peer, "pong");
    await answered;
    await expect
      .poll(() => events.filter((event) => event !== "drain").toSorted())
      .toEqual(["binary 200000", "open", "pong"]);
    peer.close(1012, "restart");
    await expect.poll(() => events.at(-1)).toBe("closed close code 1012 restart");
    expect(socket.open).toBe(false);
  });

  it("ends with a close frame of its own", async () => {
    const connected = once(server, "connection") as Promise<[WebSocket]>;
    const { socket, events } = open(new NetStream(port));
    const [peer] = await connected;
    const closed = once(peer, "close");
    await expect.poll(() => events).toEqual(["open"]);
    socket.close(1001, "leaving");
    const [code, reason] = (await closed) as [number, Buffer];
    expect([code, reason.toString(), events]).toEqual([1001, "leaving", ["open"]]);
  });
});

describe("a client's WebSocket on bytes", () => {
  const keyOf = (stream: ScriptedStream): string => /Sec-WebSocket-Key: (\S+)/.exec(stream.head)?.[1] ?? "";
  const accept = async (stream: ScriptedStream, more = ""): Promise<string> =>
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${await acceptFor(keyOf(stream))}\r\n${more}\r\n`;

  it("asks as RFC 6455 says", () => {
    const stream = new ScriptedStream();
    open(stream);
    expect(stream.head).toMatch(
      /^GET \/v3\/connect HTTP\/1\.1\r\nHost: peer\.example:8443\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: \S{24}\r\nSec-WebSocket-Version: 13\r\nX-API-Tunnel-ID: us\r\n\r\n$/,
    );
  });

  it("takes frames that come in one piece with the 101", async () => {
    const stream = new ScriptedStream();
    const { events } = open(stream);
    const answer = utf8(await accept(stream));
    stream.onData(Buffer.concat([answer, encodeFrame(opcode.binary, new Uint8Array(3))]));
    stream.onData(encodeFrame(opcode.binary, new Uint8Array(4)));
    await expect.poll(() => events).toEqual(["open", "binary 3", "binary 4"]);
  });

  it.each([
    ["HTTP/1.1 401 Unauthorized\r\nContent-Length: 5\r\n\r\nno wa", "refused 401 no wa"],
    ["HTTP/1.1 302 Found\r\nLocation: https://elsewhere\r\nContent-Length: 0\r\n\r\n", "refused 302"],
    ["HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + "x".repeat(600), `refused 200 ${"x".repeat(512)}`],
    [
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
      "closed the server broke the WebSocket handshake",
    ],
    ["SSH-2.0-OpenSSH\r\n\r\n", "closed malformed status line"],
  ])("is none after %j", async (answer, end) => {
    const stream = new ScriptedStream();
    const { events, socket } = open(stream);
    stream.say(answer);
    await expect.poll(() => events.map((event) => event.trim())).toEqual([end]);
    expect([stream.open, socket.open]).toEqual([false, false]);
  });

  it.each(["Sec-WebSocket-Extensions: permessage-deflate\r\n", "Sec-WebSocket-Protocol: chat\r\n"])(
    "does not agree to what it has not offered: %j",
    async (line) => {
      const stream = new ScriptedStream();
      const { events } = open(stream);
      stream.say(await accept(stream, line));
      await expect.poll(() => events).toEqual(["closed the server broke the WebSocket handshake"]);
    },
  );

  const start = encodeFrame(opcode.binary, utf8("x"));
  start[0] = opcode.binary;
  it.each([
    ["a masked frame", encodeFrame(opcode.binary, utf8("x"), Uint8Array.of(1, 2, 3, 4)), 1002],
    ["a ping of 126 bytes", Uint8Array.of(0x89, 126, 0, 126), 1002],
    ["a fragmented ping", Uint8Array.of(0x09, 0), 1002],
    ["a message inside a message", Buffer.concat([start, encodeFrame(opcode.binary, utf8("y"))]), 1002],
    ["a frame above the limit", Uint8Array.of(0x82, 127, 0, 0, 0, 0, 0, 0x20, 0, 0), 1009],
    ["a length of 2^63", Uint8Array.of(0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0), 1009],
    ["reserved bits", Uint8Array.of(0xc2, 0), 1002],
    ["a close frame of one byte", Uint8Array.of(0x88, 1, 3), 1002],
    ["a close reason that is not UTF-8", encodeFrame(opcode.close, Uint8Array.of(3, 232, 0xff)), 1002],
  ])("ends with %s, and says which rule was broken", async (_what, frame, code) => {
    const stream = new ScriptedStream();
    const { events } = open(stream);
    stream.say(await accept(stream));
    await expect.poll(() => events).toEqual(["open"]);
    stream.written.length = 0;
    stream.onData(frame);
    stream.onData(encodeFrame(opcode.binary, utf8("after")));
    expect(events).toHaveLength(2);
    expect(events[1]).toMatch(/^closed /);
    const [said = new Uint8Array(0)] = stream.written;
    const unmasked = said.subarray(6).map((byte, at) => byte ^ (said[2 + (at % 4)] ?? 0));
    expect([said[0], ((unmasked[0] ?? 0) << 8) | (unmasked[1] ?? 0)]).toEqual([0x80 | opcode.close, code]);
    expect(stream.open).toBe(false);
  });

  it("answers a close frame, and says so once; nothing goes out behind it", async () => {
    const stream = new ScriptedStream();
    const { events, socket } = open(stream);
    stream.say(await accept(stream));
    await expect.poll(() => events).toEqual(["open"]);
    stream.onData(encodeFrame(opcode.close, encodeClosePayload(1001, "bye")));
    stream.onClose({ kind: "eof" });
    const { length } = stream.written;
    socket.sendBinary(new Uint8Array(1));
    socket.ping();
    socket.close(1000, "");
    expect([events, stream.written.length - length]).toEqual([["open", "closed close code 1001 bye"], 0]);
  });

  it("tells when the stream below is full, and when it is not any more", async () => {
    const stream = new ScriptedStream();
    const { events, socket } = open(stream);
    stream.say(await accept(stream));
    await expect.poll(() => events).toEqual(["open"]);
    stream.roomy = false;
    socket.sendBinary(new Uint8Array(1));
    expect(socket.full).toBe(true);
    stream.onDrain();
    expect([socket.full, events.at(-1)]).toEqual([false, "drain"]);
  });

  it("survives noise, before and behind the 101", async () => {
    for (let round = 0; round < 500; round++) {
      const stream = new ScriptedStream();
      const { events } = open(stream);
      if (round % 2 === 0) {
        stream.say(await accept(stream));
        await Promise.resolve();
      }
      expect(() => stream.onData(crypto.getRandomValues(new Uint8Array(60)))).not.toThrow();
      stream.onClose({ kind: "eof" });
      expect(events.filter((event) => /^(?:closed|refused)/.test(event))).toHaveLength(1);
    }
  });
});
