/** Watches through the front, with a workerd and fan-outs that the test plays. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { ensureLocalCertificate } from "../pki/certificates.ts";
import { startFront } from "./front.ts";
import type { Front } from "./front.ts";
import { WatchRelay } from "./watch-relay.ts";

const watchPath = "/api/v1/configmaps?watch=true";

interface Asked {
  readonly key: string;
  readonly response: ServerResponse;
}

describe("a watch that the relay takes over", () => {
  const dir = mkdtempSync(join(tmpdir(), "drover-front-"));
  const backendPath = join(dir, "http.sock");
  const relayPath = join(dir, "relay.sock");
  const certificate = ensureLocalCertificate(join(dir, "tls"), ["localhost"]);
  let front: Front;
  let relay: WatchRelay;
  const waiting: ((asked: Asked) => void)[] = [];
  const backend = createServer((request: IncomingMessage, response: ServerResponse) => {
    const key = request.headers["x-drover-relay"];
    if (typeof key !== "string") response.end(`${request.url} without a relay`);
    else waiting.shift()?.({ key, response });
  });
  const clients: TLSSocket[] = [];

  beforeAll(async () => {
    backend.listen(backendPath);
    await once(backend, "listening");
    relay = await WatchRelay.start(relayPath);
    front = await startFront({ host: "127.0.0.1", port: 0, certificate, backendPath, relay });
    front.gate.open();
  });

  afterAll(async () => {
    for (const client of clients) client.destroy();
    await front.stop();
    await relay.stop();
    backend.close();
    rmSync(dir, { recursive: true, force: true });
  });

  /** A client, and what it has been sent so far. */
  const open = async (): Promise<{ socket: TLSSocket; text: () => string }> => {
    const socket = connect({
      host: "127.0.0.1",
      servername: "localhost",
      port: front.port,
      ca: certificate.caPem,
    });
    clients.push(socket);
    let got = "";
    socket.on("data", (chunk: Buffer) => (got += chunk.toString("latin1")));
    socket.on("error", () => undefined);
    await once(socket, "secureConnect");
    return { socket, text: () => got };
  };
  const ask = (socket: TLSSocket, path = watchPath): Promise<Asked> => {
    const asked = new Promise<Asked>((resolve) => waiting.push(resolve));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    return asked;
  };
  const begin = ({ response }: Asked, body: string): void => {
    response.writeHead(200, { "x-drover-relay": "may follow" });
    response.end(body);
  };
  const linked = async (): Promise<{ link: WebSocket; said: unknown[] }> => {
    const link = new WebSocket(`ws+unix:${relayPath}:/`);
    const said: unknown[] = [];
    link.on("message", (data: Buffer) => said.push(JSON.parse(data.toString("utf8"))));
    await once(link, "open");
    return { link, said };
  };
  const line = (ids: readonly number[], text: string): Buffer => {
    const message = Buffer.alloc(4 + 4 * ids.length);
    message.writeUInt32LE(ids.length);
    for (const [index, id] of ids.entries()) message.writeUInt32LE(id, 4 + 4 * index);
    return Buffer.concat([message, Buffer.from(text)]);
  };
  const eventually = (look: () => void): Promise<void> => vi.waitFor(look, { timeout: 5000 });

  it("goes on behind its beginning, for all who are named, and leaves the connection as it was", async () => {
    const [a, b] = [await open(), await open()];
    const [first, second] = [await ask(a.socket), await ask(b.socket)];
    const { link, said } = await linked();
    link.send(JSON.stringify({ take: first.key, id: 1 }));
    link.send(JSON.stringify({ take: second.key, id: 2 }));
    link.send(line([1, 2], "early\n"));
    begin(first, "begun\n");
    begin(second, "begun\n");
    link.send(line([2], "late\n"));
    link.send(JSON.stringify({ end: 1 }));
    await eventually(() => {
      expect(a.text()).toMatch(/\r\n\r\n6\r\nbegun\n\r\n6\r\nearly\n\r\n0\r\n\r\n$/);
      expect(b.text()).toMatch(/\r\n\r\n6\r\nbegun\n\r\n6\r\nearly\n\r\n5\r\nlate\n\r\n$/);
    });
    expect(a.text()).not.toMatch(/relay/i);
    a.socket.write("GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await eventually(() => expect(a.text()).toContain("/version without a relay"));
    expect(said).toEqual([]);
    link.terminate();
  });

  it("is told of as soon as its client leaves, also before it was taken over", async () => {
    const [a, b] = [await open(), await open()];
    const [first, second] = [await ask(a.socket), await ask(b.socket)];
    begin(first, "begun\n");
    const { link, said } = await linked();
    link.send(JSON.stringify({ take: first.key, id: 7 }));
    b.socket.destroy();
    await once(second.response, "close");
    link.send(JSON.stringify({ take: second.key, id: 8 }));
    await eventually(() => expect(said).toEqual([{ left: 8 }]));
    a.socket.end();
    await eventually(() => expect(said).toEqual([{ left: 8 }, { left: 7 }]));
    link.terminate();
  });

  it("breaks off for all when its fan-out is gone: an end would say that this was all", async () => {
    const a = await open();
    const asked = await ask(a.socket);
    begin(asked, "begun\n");
    const { link } = await linked();
    link.send(JSON.stringify({ take: asked.key, id: 1 }));
    await eventually(() => expect(a.text()).toContain("begun"));
    link.send(line([1], "one\n"));
    await eventually(() => expect(a.text()).toContain("one"));
    link.terminate();
    await once(a.socket, "close");
    expect(a.text()).not.toContain("0\r\n\r\n");
  });

  it("ends when its body does where nobody takes it over", async () => {
    const a = await open();
    begin(await ask(a.socket), "all\n");
    await eventually(() => expect(a.text()).toMatch(/\r\n4\r\nall\n\r\n0\r\n\r\n$/));
  });

  it("cuts a client that does not read, and no other", async () => {
    const [slow, other] = [await open(), await open()];
    const [first, second] = [await ask(slow.socket), await ask(other.socket)];
    const { link, said } = await linked();
    for (const [index, asked] of [first, second].entries()) {
      link.send(JSON.stringify({ take: asked.key, id: index }));
      begin(asked, "begun\n");
    }
    await eventually(() => expect(slow.text() + other.text()).toMatch(/begun[^]*begun/));
    slow.socket.pause();
    const long = `${"x".repeat(1 << 20)}\n`;
    for (let sent = 0; sent < 64 && said.length === 0; sent++) {
      const before = other.text().length;
      link.send(line([0, 1], long));
      await eventually(() => expect(other.text().length).toBeGreaterThan(before + long.length));
    }
    expect(said).toEqual([{ left: 0 }]);
    link.send(line([0, 1], "after\n"));
    await eventually(() => expect(other.text()).toContain("after\n"));
    link.terminate();
  });

  it("answers what was asked behind it when it has ended, and not before", async () => {
    const a = await open();
    const asked = await ask(a.socket);
    a.socket.write("GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n");
    begin(asked, "begun\n");
    const { link } = await linked();
    link.send(JSON.stringify({ take: asked.key, id: 1 }));
    link.send(line([1], "line\n"));
    await eventually(() => expect(a.text()).toContain("line\n"));
    expect(a.text()).not.toContain("/version");
    link.send(JSON.stringify({ end: 1 }));
    await eventually(() =>
      expect(a.text()).toMatch(/line\n\r\n0\r\n\r\nHTTP\/1\.1 200 [^]*\/version without a relay/),
    );
    link.terminate();
  });

  it.each([
    ["/k8s/clusters/c-abcde/api/v1/pods?watch=true"],
    ["/api/v1/pods?watch=false"],
    ["/v1/pods?watch=true"],
  ])("is no relay's matter for %s", async (path) => {
    const a = await open();
    a.socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nX-Drover-Relay: mine\r\n\r\n`);
    await eventually(() => expect(a.text()).toContain("without a relay"));
  });
});
