/** Where agents connect (tunnel.md 2.3-2.5): judged here, before any object is woken; then the upgrade goes to the tunnel. */
import { Hono } from "hono";
import { sha256Hex } from "../../../schema/auth/token-secret.ts";
import { findRegistrationToken } from "../clusters/registration-token.ts";
import type { Registration } from "../clusters/registration-token.ts";
import { systemStore } from "../context.ts";
import type { ConnectContext } from "../../../schema/internal/context.ts";
import type { AppContext, AppEnv } from "../context.ts";
import { ApiError } from "../errors.ts";
import { KEEPALIVE_HEADER } from "../../../wire/remotedialer/keepalive.ts";
import { toTunnel } from "../tunnel.ts";
import { connectPeer, isPeer } from "./peer.ts";
import { parseParams } from "./params.ts";
import { placeAgent } from "./place.ts";
import { markConnected, register } from "./register-cluster.ts";

export const connectApp = new Hono<AppEnv>().get("/v3/connect", connect).get("/v3/connect/register", connect);

const stevePrefix = "stv-cluster-";

interface Found extends Registration {
  readonly tokenHash: string;
}

async function connect(c: AppContext): Promise<Response> {
  const headers = c.req.raw.headers;
  if (isPeer(headers)) return isUpgrade(headers) ? connectPeer(c) : notAnUpgrade();
  const store = systemStore(c, "agent-registration");
  const find = async (token: string): Promise<Found | undefined> => {
    const tokenHash = await sha256Hex(token);
    const registration = await findRegistrationToken(store, tokenHash);
    return registration === undefined ? undefined : { ...registration, tokenHash };
  };

  const steve = bearerOf(headers.get("authorization"), stevePrefix);
  const registration = steve === undefined ? undefined : await find(steve);
  if (registration !== undefined) {
    if (!isUpgrade(headers)) return notAnUpgrade();
    await markConnected(store, registration.cluster);
    return openTunnel(c, registration, { kind: "steve", ...identityOf(registration) });
  }
  const token = headers.get("x-api-tunnel-token") ?? "";
  if (token === "") throw new ApiError("Unauthorized", "failed authentication");
  const main = await find(token);
  if (main === undefined) throw new ApiError("BadRequest", "cluster not found");
  const params = parseParams(headers.get("x-api-tunnel-params"));
  if (!isUpgrade(headers)) return notAnUpgrade();
  const registered = await register(store, main.cluster, params);
  const unproven = registered === "unproven" ? { registration: params, ...identityOf(main) } : {};
  return openTunnel(c, main, { kind: "main", ...unproven });
}

function identityOf({ cluster }: Registration): Pick<ConnectContext, "identity"> {
  const { clusterIdentity: identity } = cluster.status ?? {};
  return identity === undefined ? {} : { identity };
}

/** `stv-cluster-<token>` of a bearer header. */
function bearerOf(header: string | null, prefix: string): string | undefined {
  const [scheme = "", value = ""] = (header ?? "").split(" ");
  return scheme.toLowerCase() === "bearer" && value.startsWith(prefix)
    ? value.slice(prefix.length)
    : undefined;
}

function isUpgrade(headers: Headers): boolean {
  return headers.get("upgrade")?.toLowerCase() === "websocket";
}

/** What Go's upgrader says. */
function notAnUpgrade(): Response {
  return new Response("Bad Request\nwebsocket: the client is not using the websocket protocol\n", {
    status: 400,
  });
}

/** A request of our own making: nothing that the agent sent but the upgrade itself goes further. */
async function openTunnel(
  c: AppContext,
  { clusterId, cluster, tokenHash }: Found,
  session: Pick<ConnectContext, "kind" | "identity" | "registration">,
): Promise<Response> {
  // The registration token stays here.
  const headers = new Headers({ upgrade: "websocket" });
  const name = await placeAgent(c.env, cluster, session.kind);
  return toTunnel(c, new Request("https://tunnel/connect", { headers }), name, {
    v: 1,
    op: "connect",
    clusterId,
    ...session,
    ...(c.req.raw.headers.get(KEEPALIVE_HEADER) === "1" ? { keepalive: true } : {}),
    remoteAddress: c.get("clientAddress"),
    tokenHash,
  });
}
