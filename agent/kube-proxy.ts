/**
 * The HTTP server behind the steve session (tunnel.md 2.7): every stream of the tunnel is one HTTP/1.1 connection.
 * It believes `Impersonate-*`, because only Drover can speak on the tunnel, and adds the agent's own credential.
 */
import { createServer, STATUS_CODES } from "node:http";
import type { ClientRequest, IncomingMessage, Server, ServerResponse } from "node:http";
import { request } from "node:https";
import type { Agent, RequestOptions } from "node:https";
import type { Duplex } from "node:stream";
import { failureStatus } from "../schema/kube-status.ts";
import type { KubeAccess } from "./kube-config.ts";
import type { Log } from "./log.ts";
import { logRequest, requestFields } from "./request-log.ts";

/** Never passed on: hop-by-hop (RFC 9110 7.6.1), and what would authenticate as somebody else. */
const dropped = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "authorization",
  "cookie",
  "host",
]);

/** What kube-apiserver itself accepts; Node's default of 16 KiB would stop users with many groups. */
const maxHeaderSize = 1 << 20;
/** How long a stream that its client has ended may take to hand over what is buffered. */
const lingerMs = 5_000;

/** The server is never listening: hand it streams with `emit("connection", stream)`. */
export function createKubeProxy(access: KubeAccess, agent: Agent, log: Log): Server {
  // Drover decides how long a stream stays open; Node's timers would need a net.Socket anyway.
  const options = { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0, maxHeaderSize };
  const server = createServer(options, (incoming, response) => {
    const logged = logRequest(log, incoming);
    response.on("close", () => logged(response.headersSent ? response.statusCode : undefined));
    const answer = localAnswer(incoming);
    if (answer !== undefined) {
      response.writeHead(answer.status, {
        "content-type": "text/plain",
        "content-length": answer.text.length,
      });
      response.end(answer.text);
      return;
    }
    forward(access, agent, incoming, response, log);
  });
  // What a client that left had sent to a process that does not read must not keep the apiserver's side open.
  server.on("connection", (stream: Duplex) =>
    stream.once("peerEnd", () => setTimeout(() => stream.destroy(), lingerMs).unref()),
  );
  // Each group is a line of its own, and Node ends connections with more than about a thousand.
  server.maxHeadersCount = 0;
  server.on("upgrade", (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    const answer = localAnswer(incoming);
    if (answer !== undefined) {
      socket.end(
        `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ""}\r\ncontent-length: 0\r\n\r\n`,
      );
      return;
    }
    forwardUpgrade(access, agent, incoming, socket, head, log);
  });
  return server;
}

/** What the agent answers itself; everything else is the kube-apiserver's, under its own RBAC. */
function localAnswer(incoming: IncomingMessage): { status: number; text: string } | undefined {
  const path = (incoming.url ?? "").split("?", 1)[0];
  if (path === "/ping") return { status: 200, text: "pong" };
  if (!impersonates(incoming)) return { status: 401, text: "not authorized" };
  if (path === "/v1" || path?.startsWith("/v1/") === true) return { status: 404, text: "not found" };
  return undefined;
}

/** To the apiserver an empty name (or an empty first one) means no impersonation: the request would be the agent's own. */
function impersonates(incoming: IncomingMessage): boolean {
  const users = incoming.headersDistinct["impersonate-user"] ?? [];
  return users.length === 1 && users[0] !== "";
}

function forward(
  access: KubeAccess,
  agent: Agent,
  incoming: IncomingMessage,
  response: ServerResponse,
  log: Log,
): void {
  const headers = headersFor(access, incoming);
  // Dropped with the hop-by-hop headers; without it Node would send the body of a DELETE unframed.
  if (incoming.headers["transfer-encoding"] !== undefined) headers.push("Transfer-Encoding", "chunked");
  const outgoing = request(optionsFor(access, agent, incoming, headers), (upstream) => {
    response.writeHead(upstream.statusCode ?? 502, upstream.statusMessage, endToEnd(upstream.rawHeaders));
    // A watch has a head long before its first event: it must not wait for it.
    response.flushHeaders();
    upstream.pipe(response);
    upstream.on("error", () => response.destroy());
  });
  outgoing.on("error", (error) => {
    if (response.headersSent || response.destroyed) response.destroy();
    else if (mayRepeat(incoming, outgoing, error)) forward(access, agent, incoming, response, log);
    else {
      log("error", `kube-apiserver: ${error.message}`, requestFields(incoming));
      sendStatus(response, 502, `kube-apiserver: ${error.message}`);
    }
  });
  // The stream of the tunnel closed: the watch, log or command it carried must end in the cluster too.
  response.on("close", () => outgoing.destroy());
  if (hasBody(incoming)) incoming.pipe(outgoing);
  else outgoing.end();
}

/** The kube-apiserver closed a kept connection just then. It has seen nothing of the request, or may see it twice. */
function mayRepeat(
  incoming: IncomingMessage,
  outgoing: ClientRequest,
  error: NodeJS.ErrnoException,
): boolean {
  return (
    outgoing.reusedSocket &&
    (error.code === "ECONNRESET" || error.code === "EPIPE") &&
    (incoming.method === "GET" || incoming.method === "HEAD") &&
    !hasBody(incoming)
  );
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
}

function forwardUpgrade(
  access: KubeAccess,
  agent: Agent,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  log: Log,
): void {
  const logged = logRequest(log, incoming);
  const headers = headersFor(access, incoming);
  headers.push("Connection", "Upgrade", "Upgrade", incoming.headers.upgrade ?? "");
  const outgoing = request(optionsFor(access, agent, incoming, headers));
  outgoing.on("upgrade", (upstream, upstreamSocket, upstreamHead) => {
    socket.once("close", () => logged(upstream.statusCode));
    socket.write(headOf(upstream));
    if (upstreamHead.length > 0) socket.write(upstreamHead);
    if (head.length > 0) upstreamSocket.write(head);
    upstreamSocket.pipe(socket);
    socket.pipe(upstreamSocket);
    // No half-close in the tunnel (tunnel.md 1.6): either end takes the other with it.
    for (const [one, other] of [[socket, upstreamSocket] as const, [upstreamSocket, socket] as const]) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  outgoing.on("response", (upstream) => {
    socket.once("close", () => logged(upstream.statusCode));
    socket.write(headOf(upstream, "Connection: close\r\n"));
    upstream.pipe(socket);
    upstream.on("error", () => socket.destroy());
  });
  outgoing.on("error", (error) => {
    log("error", `kube-apiserver: ${error.message}`, requestFields(incoming));
    if (!socket.writableEnded)
      socket.end("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
  });
  socket.on("error", () => outgoing.destroy());
  socket.on("close", () => outgoing.destroy());
  outgoing.end();
}

function optionsFor(
  access: KubeAccess,
  agent: Agent,
  incoming: IncomingMessage,
  headers: string[],
): RequestOptions {
  return {
    agent,
    host: access.host,
    port: access.port,
    method: incoming.method,
    path: incoming.url,
    headers,
    setHost: false,
    maxHeaderSize,
  };
}

/** Raw pairs, so that repeated `Impersonate-Group` lines stay separate lines. */
function headersFor(access: KubeAccess, incoming: IncomingMessage): string[] {
  const host = access.host.includes(":") ? `[${access.host}]` : access.host;
  const headers = ["Host", `${host}:${access.port}`, ...endToEnd(incoming.rawHeaders)];
  const bearer = access.bearer();
  if (bearer !== undefined) headers.push("Authorization", `Bearer ${bearer}`);
  return headers;
}

function endToEnd(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? "";
    if (!dropped.has(name.toLowerCase())) kept.push(name, raw[index + 1] ?? "");
  }
  return kept;
}

/** The upstream's head as bytes for an upgraded stream, where Node gives no response object. */
function headOf(upstream: IncomingMessage, extra = ""): string {
  const status = upstream.statusCode ?? 502;
  const upgraded = status === 101;
  const pairs = upgraded ? upstream.rawHeaders : endToEnd(upstream.rawHeaders);
  let head = `HTTP/1.1 ${status} ${upstream.statusMessage ?? STATUS_CODES[status] ?? ""}\r\n`;
  for (let index = 0; index + 1 < pairs.length; index += 2)
    head += `${pairs[index]}: ${pairs[index + 1]}\r\n`;
  return `${head}${extra}\r\n`;
}

/** Errors of the agent itself are Kubernetes Status objects: the reader is a Kubernetes client. */
function sendStatus(response: ServerResponse, code: number, message: string): void {
  const body = JSON.stringify(failureStatus(code, "ServiceUnavailable", message));
  response.writeHead(code, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);
}
