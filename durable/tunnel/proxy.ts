/** A user's or a reconciler's request, through a session to the cluster (design 2, 4). */
import type { ProxyContext } from "../../schema/internal/context.ts";
import { InvalidRequest, encodeRequestHead } from "../../wire/http1/request.ts";
import type { HeaderPair } from "../../wire/http1/request.ts";
import type { ByteStream } from "../../wire/byte-stream.ts";
import { statusAnswer } from "./answers.ts";
import { BodyTooLarge, ExchangeFailed, exchange } from "./exchange.ts";
import type { Outcome } from "./exchange.ts";
import { upstreamHeaders } from "./headers.ts";
import type { Route } from "./route.ts";
import { SessionLost, dial, failed, take, tryEach } from "./reach.ts";
import { RequestBody } from "./request-body.ts";
import { toResponse } from "./response.ts";
import { proxyUpgrade } from "./upgrade.ts";

/** `routes`: at least one, in the order in which they are tried. */
export async function proxy(
  routes: readonly Route[],
  request: Request,
  context: ProxyContext,
): Promise<Response> {
  const upgrade = request.headers.get("upgrade")?.toLowerCase() === "websocket";
  try {
    return await (upgrade ? proxyUpgrade(routes, request, context) : proxyRequest(routes, request, context));
  } catch (error) {
    if (error instanceof InvalidRequest)
      return statusAnswer(400, `the request cannot be forwarded: ${error.message}`);
    if (error instanceof BodyTooLarge) return tooLarge(context);
    if (error instanceof ExchangeFailed && error.limited) return statusAnswer(429, error.message, 1);
    if (error instanceof ExchangeFailed || error instanceof SessionLost)
      return statusAnswer(502, `error trying to reach the cluster: ${error.message}`);
    throw error;
  }
}

function tooLarge({ limits }: ProxyContext): Response {
  return statusAnswer(413, `the request body is larger than the limit of ${limits?.bodyBytes} bytes`);
}

async function proxyRequest(
  routes: readonly Route[],
  request: Request,
  context: ProxyContext,
): Promise<Response> {
  const length = request.headers.get("content-length");
  const maxBody =
    context.limits === undefined || context.limits.bodyBytes === 0 ? Infinity : context.limits.bodyBytes;
  if (length !== null && Number(length) > maxBody) return tooLarge(context);
  const body =
    request.body === null
      ? null
      : new RequestBody(request.body, length === null ? undefined : Number(length));
  const chunked = body !== null && length === null;
  const framing: HeaderPair[] =
    body === null
      ? ["POST", "PUT", "PATCH"].includes(request.method)
        ? [["Content-Length", "0"]]
        : []
      : [length === null ? ["Transfer-Encoding", "chunked"] : ["Content-Length", length]];
  const headFor = ({ authorization }: Route): Uint8Array =>
    encodeRequestHead(request.method, context.target, [
      ...upstreamHeaders(request.headers, context, authorization),
      ...framing,
    ]);
  const { signal, method } = request;
  const repeatable = ["GET", "HEAD"].includes(method) && body === null;
  // A reconciler's stream is not kept: the pool's timer would hold an idle object in memory for seconds, and be paid for.
  const kept = context.origin === "user";

  let outcome: Outcome;
  try {
    outcome = await tryEach(routes, { signal, body, repeatable }, async (route, hope) => {
      const head = headFor(route);
      const onReusable = (conn: ByteStream) => () => (kept ? route.pool.put(conn) : conn.close());
      const send = (conn: ByteStream): Promise<Outcome> =>
        exchange({
          conn,
          method,
          head,
          body,
          chunked,
          maxBody,
          signal,
          hope,
          onReusable: onReusable(conn),
          onFailed: (problem) => failed(route, context, problem),
          onOver: body === null ? route.watchOver?.(conn) : undefined,
        });
      const { conn, reused } = kept ? take(route) : { conn: dial(route), reused: false };
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
          !hope.lost;
        if (!again) throw error;
        return send(dial(route));
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
