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
import { RequestBody } from "./request-body.ts";
import { splice } from "./splice.ts";

/** `sessions`: at least one, in the order in which they are tried. */
export async function proxy(
  sessions: readonly LiveSession[],
  request: Request,
  context: ProxyContext,
): Promise<Response> {
  const upgrade = request.headers.get("upgrade")?.toLowerCase() === "websocket";
  try {
    return await (upgrade
      ? proxyUpgrade(sessions, request, context)
      : proxyRequest(sessions, request, context));
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

/** One try on one session; `giveUp` says that it gives no sign of life, while another one might. */
type Attempt = (session: LiveSession, giveUp: AbortSignal) => Promise<Outcome>;

/**
 * Tries one session after the other: the next one when nothing reached the cluster (`dial …`), or when the request can be
 * repeated and the session was lost or gave no sign of life before the answer.
 */
async function tryEach(
  sessions: readonly LiveSession[],
  { signal, body, repeatable }: { signal: AbortSignal; body: RequestBody | null; repeatable: boolean },
  attempt: Attempt,
): Promise<Outcome> {
  for (const [index, session] of sessions.entries()) {
    const isLast = index === sessions.length - 1;
    const giveUp = new AbortController();
    const answered = session.awaitAnswer(() => {
      if (repeatable && !isLast) giveUp.abort();
    });
    try {
      return await attempt(session, giveUp.signal);
    } catch (error) {
      const neverDialled = error instanceof ExchangeFailed && error.neverDialled;
      if (neverDialled) session.demote();
      const lost = error instanceof SessionLost || (error instanceof ExchangeFailed && !error.answered);
      const again = (neverDialled && (body?.rewind() ?? true)) || (lost && repeatable);
      if (isLast || !again || signal.aborted) throw error;
    } finally {
      answered();
    }
  }
  throw new SessionLost("no session");
}

async function proxyRequest(
  sessions: readonly LiveSession[],
  request: Request,
  context: ProxyContext,
): Promise<Response> {
  const length = request.headers.get("content-length");
  const maxBody =
    context.limits === undefined || context.limits.bodyBytes === 0 ? Infinity : context.limits.bodyBytes;
  if (length !== null && Number(length) > maxBody) return tooLarge(context);
  const body = request.body === null ? null : new RequestBody(request.body);
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
  const repeatable = ["GET", "HEAD"].includes(method) && body === null;
  // A reconciler's stream is not kept: the pool's timer would hold an idle object in memory for seconds, and be paid for.
  const kept = context.origin === "user";

  let outcome: Outcome;
  try {
    outcome = await tryEach(sessions, { signal, body, repeatable }, async (session, giveUp) => {
      const onReusable = (conn: Conn) => () => (kept ? session.pool.put(conn) : conn.close());
      const send = (conn: Conn): Promise<Outcome> =>
        exchange({
          conn,
          method,
          head,
          body,
          chunked,
          maxBody,
          signal,
          giveUp,
          onReusable: onReusable(conn),
          onFailed: (problem) => failed(session, context, problem),
        });
      const { conn, reused } = kept ? take(session) : { conn: dial(session), reused: false };
      try {
        return await send(conn);
      } catch (error) {
        // The agent closed a kept stream just now: nothing was answered, and nothing of the body is lost.
        const again =
          reused &&
          repeatable &&
          error instanceof ExchangeFailed &&
          !error.answered &&
          !signal.aborted &&
          !giveUp.aborted;
        if (!again) throw error;
        return send(dial(session));
      }
    });
  } catch (error) {
    void body?.cancel().catch(() => undefined);
    throw error;
  }
  if (outcome.kind === "response") return toResponse(outcome, request, context);
  outcome.conn.close();
  return statusAnswer(502, "the cluster switched protocols without being asked");
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
  sessions: readonly LiveSession[],
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
  const { signal } = request;
  // Not repeated: a command may have begun.
  const outcome = await tryEach(sessions, { signal, body: null, repeatable: false }, (session, giveUp) => {
    const conn = dial(session);
    return exchange({
      conn,
      method: "GET",
      head,
      body: null,
      chunked: false,
      maxBody: 0,
      signal,
      giveUp,
      onReusable: () => conn.close(),
      onFailed: (problem) => failed(session, context, problem),
    });
  });
  if (outcome.kind === "response") return toResponse(outcome, request, context);

  const { conn } = outcome;
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
