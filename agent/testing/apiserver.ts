/** What the agent's tests use for a kube-apiserver: a real HTTPS server that answers, streams, upgrades and remembers. */
import { createHash } from "node:crypto";
import { EventEmitter, once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
// oxlint-disable-next-line no-restricted-imports -- certificates for tests only; this file is in no bundle
import { createAuthority } from "../../test/testbed/certs.ts";
import type { KubeAccess } from "../kube-config.ts";

export const accountToken = "the-account-token";

export interface Apiserver {
  readonly access: KubeAccess;
  /** All requests but those for the account's token. */
  readonly requests: IncomingMessage[];
  /** `closed` (path): a response or an upgraded stream ended, by whichever side. `open` (path): a silent one began. */
  readonly events: EventEmitter;
  readonly stop: () => void;
}

export async function startApiserver(): Promise<Apiserver> {
  const authority = createAuthority("apiserver ca");
  const { certPem, keyPem } = authority.server("apiserver", ["127.0.0.1", "localhost"]);
  const requests: IncomingMessage[] = [];
  const events = new EventEmitter();
  const server = createServer(
    { cert: certPem, key: keyPem, maxHeaderSize: 1 << 20 },
    (incoming, response) => {
      const url = new URL(incoming.url ?? "/", "https://apiserver");
      if (accountObjects(url.pathname, response)) return;
      requests.push(incoming);
      response.on("close", () => events.emit("closed", url.pathname));
      answer(url, incoming, response, events);
    },
  );
  server.maxHeadersCount = 0;
  server.on("upgrade", (incoming: IncomingMessage, socket, head) => {
    requests.push(incoming);
    if (incoming.url === "/forbidden") {
      socket.end("HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nno!\r\n0\r\n\r\n");
      return;
    }
    socket.on("error", () => undefined);
    socket.on("close", () => events.emit("closed", incoming.url));
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n");
    socket.write(`Sec-WebSocket-Protocol: ${incoming.headers["sec-websocket-protocol"] ?? ""}\r\n\r\n`);
    if (incoming.url === "/hangup") {
      socket.end("bye");
      return;
    }
    if (incoming.url === "/deaf") {
      // A process that never reads its standard input, and hears of the end when it writes.
      const timer = setInterval(() => socket.write("."), 20);
      socket.on("close", () => clearInterval(timer));
      return;
    }
    socket.write(head);
    socket.pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    access: {
      host: "127.0.0.1",
      port: (server.address() as AddressInfo).port,
      ca: authority.certPem,
      bearer: () => accountToken,
    },
    requests,
    events,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function accountObjects(path: string, response: ServerResponse): boolean {
  const namespace = "/api/v1/namespaces/cattle-system";
  const annotations = { "rancher.io/service-account.secret-ref": "cattle-system/cattle-token-1" };
  const objects: Record<string, object> = {
    [`${namespace}/serviceaccounts/cattle`]: { metadata: { annotations } },
    [`${namespace}/secrets/cattle-token-1`]: {
      data: { token: Buffer.from(accountToken).toString("base64") },
    },
  };
  const found = objects[path];
  if (found !== undefined) response.end(JSON.stringify(found));
  return found !== undefined;
}

const served = new WeakSet<object>();

function answer(url: URL, incoming: IncomingMessage, response: ServerResponse, events: EventEmitter): void {
  switch (url.pathname) {
    case "/api/silent":
      response.writeHead(200, { "content-type": "application/json" });
      response.flushHeaders();
      events.emit("open", url.pathname);
      return;
    case "/api/once":
      // As one that closes an idle connection in the moment in which it is used again.
      if (served.has(incoming.socket)) {
        incoming.socket.destroy();
        return;
      }
      served.add(incoming.socket);
      incoming.resume().on("end", () => response.end("{}"));
      return;
    case "/api/broken":
      response.write("half");
      setTimeout(() => response.destroy(), 50);
      return;
    case "/api/download": {
      const length = Number(url.searchParams.get("bytes"));
      response.writeHead(200, { "content-length": length });
      sendPattern(response, length);
      return;
    }
    case "/api/upload": {
      const hash = createHash("sha256");
      let bytes = 0;
      incoming.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        hash.update(chunk);
      });
      incoming.on("end", () => response.end(JSON.stringify({ bytes, sha256: hash.digest("hex") })));
      return;
    }
    default:
      incoming.resume();
      incoming.on("end", () => {
        response.setHeader("x-upstream", "yes");
        response.end(JSON.stringify({ path: incoming.url, method: incoming.method }));
      });
  }
}

const block = Buffer.from(Array.from({ length: 1 << 16 }, (_, index) => (index * 31) >>> 3));

/** Writes `length` bytes of a fixed pattern, as fast as they are taken, and ends the stream. */
export function sendPattern(stream: NodeJS.WritableStream, length: number, end = true): void {
  let left = length;
  const send = (): void => {
    while (left > 0) {
      const chunk = block.subarray(0, left);
      left -= chunk.length;
      if (!stream.write(chunk)) {
        stream.once("drain", send);
        return;
      }
    }
    if (end) stream.end();
  };
  send();
}

/** SHA-256 of what `sendPattern` writes. */
export function patternHash(length: number): string {
  const hash = createHash("sha256");
  for (let sent = 0; sent < length; sent += block.length) hash.update(block.subarray(0, length - sent));
  return hash.digest("hex");
}
