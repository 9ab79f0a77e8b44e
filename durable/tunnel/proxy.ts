/** A user's or a reconciler's request, through a session to the cluster (design 2, 4). */
import type { ProxyContext } from "../../schema/internal/context.ts";
import { InvalidRequest, encodeRequestHead } from "../../wire/http1/request.ts";
import type { HeaderPair } from "../../wire/http1/request.ts";
import type { Conn } from "../../wire/remotedialer/conn.ts";
import { acceptFor, newKey } from "../../wire/websocket/handshake.ts";
import { statusAnswer } from "./answers.ts";
import { errorKind } from "./error-kinds.ts";
import { BodyTooLarge, ExchangeFailed, exchange } from "./exchange.ts";
import type { Outcome } from "./exchange.ts";
import { clientHeaders, upstreamHeaders } from "./headers.ts";
import type { LiveSession } from "./live-session.ts";
import { splice } from "./splice.ts";

export async function proxy(
  session: LiveSession,
  request: Request,
  context: ProxyContext,
): Promise<Response> {
  const upgrade = request.headers.get("upgrade")?.toLowerCase() === "websocket";
  try {
    return await (upgrade
      ? proxyUpgrade(session, request, context)
      : proxyRequest(session, request, context));
  } catch (error) {
    if (error instanceof InvalidRequest)
      return statusAnswer(400, `the request cannot be forwarded: ${error.message}`);
    if (error instanceof BodyTooLarge) return tooLarge(context);
    if (error instanceof ExchangeFailed || error instanceof SessionLost)
      return statusAnswer(502, `error trying to reach the cluster: ${error.message}`);
    throw error;
  }
}

function tooLarge({ limits }: ProxyContext): Response {
  return statusAnswer(413, `the request body is larger than the limit of ${limits?.bodyBytes} bytes`);
}

class SessionLost extends Error {}

/** Counted, and logged under the id that the agent's log has too. A client that leaves is no fault. */
function failed(session: LiveSession, { requestId, target }: ProxyContext, problem: string): void {
  const kind = errorKind(problem);
  session.meter.error(kind);
  const path = target.split("?", 1)[0];
  session.log[kind === "client" ? "debug" : "warn"]("a request to the cluster failed", {
    requestId,
    path,
    kind,
    problem,
  });
}

async function proxyRequest(
  session: LiveSession,
  request: Request,
  context: ProxyContext,
): Promise<Response> {
  const { body } = request;
  const length = request.headers.get("content-length");
  const maxBody =
    context.limits === undefined || context.limits.bodyBytes === 0 ? Infinity : context.limits.bodyBytes;
  if (length !== null && Number(length) > maxBody) return tooLarge(context);
  const chunked = body !== null && length === null;
  const framing: HeaderPair[] =
    body === null
      ? ["POST", "PUT", "PATCH"].includes(request.method)
        ? [["Content-Length", "0"]]
        : []
      : [length === null ? ["Transfer-Encoding", "chunked"] : ["Content-Length", length]];
  const head = encodeRequestHead(request.method, context.target, [
    ...upstreamHeaders(request.headers, context.identity, context),
    ...framing,
  ]);
  const { signal, method } = request;
  const send = (conn: Conn): Promise<Outcome> =>
    exchange({
      conn,
      method,
      head,
      body,
      chunked,
      maxBody,
      signal,
      onReusable: () => session.pool.put(conn),
      onFailed: (problem) => failed(session, context, problem),
    });

  const answered = session.awaitAnswer();
  try {
    const { conn, reused } = take(session);
    let outcome: Outcome;
    try {
      outcome = await send(conn);
    } catch (error) {
      // The agent closed a kept stream just now: nothing was answered, and nothing of the body is lost.
      const again =
        reused &&
        ["GET", "HEAD"].includes(method) &&
        body === null &&
        error instanceof ExchangeFailed &&
        !error.answered &&
        !signal.aborted;
      if (!again) throw error;
      outcome = await send(dial(session));
    }
    if (outcome.kind === "response") return toResponse(outcome, request, context);
    outcome.conn.close();
    return statusAnswer(502, "the cluster switched protocols without being asked");
  } finally {
    answered();
  }
}

function toResponse(
  { head, length, body }: Extract<Outcome, { kind: "response" }>,
  request: Request,
  { prefix }: ProxyContext,
): Response {
  const bodiless = request.method === "HEAD" || [204, 205, 304].includes(head.status);
  // A stream that nobody is going to read would hold its place in the tunnel.
  if ((bodiless || head.status > 599) && body instanceof ReadableStream) void body.cancel();
  if (head.status > 599) return statusAnswer(502, `the cluster answered with status ${head.status}`);
  const headers = clientHeaders(head.headers, prefix, request.headers.get("host"));
  const known = head.get("content-length");
  if (request.method === "HEAD" && known !== undefined) headers.set("content-length", known);
  return new Response(bodiless ? null : measured(body, length), {
    status: head.status,
    headers,
    // Compressed bodies pass as they are; the platform would compress them once more.
    encodeBody: "manual",
  });
}

/** A streamed body keeps its length only inside a FixedLengthStream (platform.md 13). */
function measured(
  body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null,
  length: number | undefined,
): ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null {
  if (!(body instanceof ReadableStream) || length === undefined) return body;
  const { readable, writable } = new FixedLengthStream(length);
  // A failure on either side reaches the other through the pipe; the platform logs what the client saw.
  body.pipeTo(writable).catch(() => undefined);
  return readable;
}

/** The cluster decides first: what it refuses is an ordinary answer to the client. */
async function proxyUpgrade(
  session: LiveSession,
  request: Request,
  context: ProxyContext,
): Promise<Response> {
  const key = newKey();
  const protocols = offeredProtocols(request.headers);
  const head = encodeRequestHead("GET", context.target, [
    ...upstreamHeaders(request.headers, context.identity, context),
    ["Connection", "Upgrade"],
    ["Upgrade", "websocket"],
    ["Sec-WebSocket-Version", "13"],
    ["Sec-WebSocket-Key", key],
    ...(protocols.length === 0 ? [] : ([["Sec-WebSocket-Protocol", protocols.join(", ")]] as const)),
  ]);
  const conn = dial(session);
  const answered = session.awaitAnswer();
  const { signal } = request;
  let outcome: Outcome;
  try {
    outcome = await exchange({
      conn,
      method: "GET",
      head,
      body: null,
      chunked: false,
      maxBody: 0,
      signal,
      onReusable: () => conn.close(),
      onFailed: (problem) => failed(session, context, problem),
    });
  } finally {
    answered();
  }
  if (outcome.kind === "response") return toResponse(outcome, request, context);

  const protocol = outcome.head.get("sec-websocket-protocol");
  const accepted = outcome.head.get("sec-websocket-accept") === (await acceptFor(key));
  if (!accepted || (protocol !== undefined && !protocols.includes(protocol)) || !conn.open) {
    conn.close();
    return statusAnswer(502, "the cluster broke the WebSocket handshake");
  }
  const [client, server] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
  server.binaryType = "arraybuffer";
  server.accept({ allowHalfOpen: true });
  splice(server, conn, outcome.rest);
  return new Response(null, {
    status: 101,
    webSocket: client,
    headers: protocol === undefined ? {} : { "sec-websocket-protocol": protocol },
  });
}

/** Without `base64url.bearer.authorization.k8s.io.<token>`, by which browsers present a bearer token: that one is ours. */
function offeredProtocols(headers: Headers): string[] {
  return (headers.get("sec-websocket-protocol") ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && !name.startsWith("base64url.bearer.authorization.k8s.io."));
}

function take(session: LiveSession): { conn: Conn; reused: boolean } {
  try {
    return session.pool.take();
  } catch (error) {
    throw new SessionLost(String(error), { cause: error });
  }
}

function dial(session: LiveSession): Conn {
  try {
    return session.pool.dial();
  } catch (error) {
    throw new SessionLost(String(error), { cause: error });
  }
}
