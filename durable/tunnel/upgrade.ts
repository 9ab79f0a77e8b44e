/** Upgrades: exec, attach, port-forward. The cluster decides first: what it refuses is an ordinary answer to the client. */
import type { ProxyContext } from "../../schema/internal/context.ts";
import { encodeRequestHead } from "../../wire/http1/request.ts";
import type { HeaderPair } from "../../wire/http1/request.ts";
import { acceptFor, newKey } from "../../wire/websocket/handshake.ts";
import { statusAnswer } from "./answers.ts";
import { acceptedPair } from "./client-socket.ts";
import { exchange } from "./exchange.ts";
import type { Outcome } from "./exchange.ts";
import { upstreamHeaders } from "./headers.ts";
import type { Route } from "./route.ts";
import { rawSplice } from "./raw-splice.ts";
import { dial, failed, tryEach } from "./reach.ts";
import { toResponse } from "./response.ts";
import { spliceSpdyExec } from "./spdy-exec.ts";
import { splice } from "./splice.ts";

export function proxyUpgrade(
  routes: readonly Route[],
  request: Request,
  context: ProxyContext,
): Promise<Response> {
  return context.wraps === undefined
    ? proxyWebSocket(routes, request, context)
    : proxyWrapped(routes, request, context, context.wraps);
}

async function proxyWebSocket(
  routes: readonly Route[],
  request: Request,
  context: ProxyContext,
): Promise<Response> {
  const key = newKey();
  const protocols = offeredProtocols(request.headers);
  const outcome = await askToSwitch(routes, request, context, "GET", [
    ["Upgrade", "websocket"],
    ["Sec-WebSocket-Version", "13"],
    ["Sec-WebSocket-Key", key],
    ...(protocols.length === 0 ? [] : ([["Sec-WebSocket-Protocol", protocols.join(", ")]] as const)),
  ]);
  if (outcome.kind === "response") {
    const older = olderProtocol(outcome, protocols, context.target);
    return older === undefined
      ? toResponse(outcome, request, context)
      : proxyOlder(routes, request, context, older);
  }

  const { conn, head, rest } = outcome;
  const protocol = head.get("sec-websocket-protocol");
  const accepted = head.get("sec-websocket-accept") === (await acceptFor(key));
  if (!accepted || (protocol !== undefined && !protocols.includes(protocol)) || !conn.open) {
    conn.close();
    return statusAnswer(502, "the cluster broke the WebSocket handshake");
  }
  const { client, server } = acceptedPair();
  splice(server, conn, rest);
  return switched(client, "sec-websocket-protocol", protocol);
}

/** What a client offers that clusters before 1.30 do not know, and what they know instead, over SPDY/3.1. */
const older = [
  { offered: "v5.channel.k8s.io", version: "v4.channel.k8s.io", path: /\/pods\/[^/]+\/(?:exec|attach)$/ },
  {
    offered: "SPDY/3.1+portforward.k8s.io",
    version: "portforward.k8s.io",
    path: /\/pods\/[^/]+\/portforward$/,
  },
] as const;
type Older = (typeof older)[number];

/**
 * Such a cluster refuses the handshake with a bare 403. Kubernetes' own refusals (no right, no such pod) are Statuses: they are
 * the answer.
 */
function olderProtocol(
  { head, body }: Extract<Outcome, { kind: "response" }>,
  protocols: readonly string[],
  target: string,
): Older | undefined {
  if (head.status < 400 || /json/i.test(head.get("content-type") ?? "")) return undefined;
  const [path = ""] = target.split("?", 1);
  const found = older.find(({ offered, path: pattern }) => protocols.includes(offered) && pattern.test(path));
  if (found !== undefined && body instanceof ReadableStream) void body.cancel();
  return found;
}

/** The same request by SPDY, with the method that the client had chosen: that is what rights are judged by. */
async function proxyOlder(
  routes: readonly Route[],
  request: Request,
  context: ProxyContext,
  { offered, version }: Older,
): Promise<Response> {
  const outcome = await askToSwitch(routes, request, context, "GET", [
    ["Upgrade", "SPDY/3.1"],
    [streamVersion, version],
  ]);
  if (outcome.kind === "response") return toResponse(outcome, request, context);
  const { conn, head, rest } = outcome;
  if (
    head.get("upgrade")?.toLowerCase() !== "spdy/3.1" ||
    head.get(streamVersion) !== version ||
    !conn.open
  ) {
    conn.close();
    return statusAnswer(502, "the cluster broke the upgrade to SPDY/3.1");
  }
  const { client, server } = acceptedPair();
  // Port-forward is SPDY inside the client's WebSocket already.
  if (offered === "v5.channel.k8s.io") spliceSpdyExec(server, conn, rest, context.target);
  else rawSplice(server, conn, rest, { credit: false });
  return switched(client, "sec-websocket-protocol", offered);
}

/** The client wants another protocol than WebSocket, and the front has wrapped it in one. */
async function proxyWrapped(
  routes: readonly Route[],
  request: Request,
  context: ProxyContext,
  { method, protocol }: NonNullable<ProxyContext["wraps"]>,
): Promise<Response> {
  const outcome = await askToSwitch(routes, request, context, method, [["Upgrade", protocol]]);
  if (outcome.kind === "response") return toResponse(outcome, request, context);

  const { conn, head, rest } = outcome;
  if (head.get("upgrade")?.toLowerCase() !== protocol.toLowerCase() || !conn.open) {
    conn.close();
    return statusAnswer(502, `the cluster broke the upgrade to ${protocol}`);
  }
  const { client, server } = acceptedPair();
  rawSplice(server, conn, rest, { credit: true });
  return switched(client, streamVersion, head.get(streamVersion));
}

const streamVersion = "x-stream-protocol-version";

/** One request on a stream of its own, which is the new protocol's after a 101. */
async function askToSwitch(
  routes: readonly Route[],
  request: Request,
  context: ProxyContext,
  method: string,
  lines: readonly HeaderPair[],
): Promise<Outcome> {
  const headFor = ({ authorization }: Route): Uint8Array =>
    encodeRequestHead(method, context.target, [
      ...upstreamHeaders(request.headers, context, authorization),
      ["Connection", "Upgrade"],
      ...lines,
      ...(method === "GET" ? [] : ([["Content-Length", "0"]] as const)),
    ]);
  const { signal } = request;
  // Not repeated: a command may have begun.
  return tryEach(routes, { signal, body: null, repeatable: false }, (route, hope) => {
    const conn = dial(route);
    return exchange({
      conn,
      method,
      head: headFor(route),
      body: null,
      chunked: false,
      maxBody: 0,
      signal,
      hope,
      onReusable: () => conn.close(),
      onFailed: (problem) => failed(route, context, problem),
    });
  });
}

function switched(client: WebSocket, name: string, value: string | undefined): Response {
  return new Response(null, {
    status: 101,
    webSocket: client,
    headers: value === undefined ? {} : { [name]: value },
  });
}

/** Without `base64url.bearer.authorization.k8s.io.<token>`, by which browsers present a bearer token: that one is ours. */
function offeredProtocols(headers: Headers): string[] {
  return (headers.get("sec-websocket-protocol") ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && !name.startsWith("base64url.bearer.authorization.k8s.io."));
}
