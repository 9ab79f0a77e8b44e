/** The way of a request to its cluster: by an agent's session, without an agent, by another shard, or by a peer (design 2, 4). */
import { CONTEXT_HEADER, encodeContext } from "../../schema/internal/context.ts";
import type { ProxyContext } from "../../schema/internal/context.ts";
import { clientKeyOf } from "../../schema/internal/peers.ts";
import type { ClusterStreamContext } from "../../schema/internal/peers.ts";
import type { Logger } from "../../schema/logger.ts";
import type { DurableEnv } from "../env.ts";
import { within } from "../within.ts";
import { Admission, isInteractive } from "./admission.ts";
import { statusAnswer } from "./answers.ts";
import { ApiServerCache, UnusableConnection } from "./api-server.ts";
import type { ApiServer } from "./api-server.ts";
import { DirectCarrier } from "./direct-carrier.ts";
import type { Meter, Traffic } from "./meter.ts";
import { PeerAdmission } from "./peer-admission.ts";
import { PeerRoutes } from "./peer-routes.ts";
import { peerStream } from "./peer-stream.ts";
import { proxy } from "./proxy.ts";
import { isSteves, passesSteve } from "./route.ts";
import type { Route } from "./route.ts";
import type { SessionSet } from "./session-set.ts";
import type { Shards } from "./shards.ts";
import { TlsRoutes } from "./tls-route.ts";

/** An agent that was just lost is about to return. */
export const returningMs = 20_000;
/** A request must not hang because the API Worker does. */
const connectionMs = 5_000;

export interface ClusterRouterOptions {
  readonly env: DurableEnv;
  readonly sessions: SessionSet;
  readonly shards: Shards;
  /** `host:port` in the CONNECT of a steve session. */
  readonly steveAddress: string;
  readonly meter: Meter;
  readonly log: Logger;
  /** Of streams kept for the next request, milliseconds. */
  readonly keptMs: number;
  /** Epoch milliseconds of the last loss of a session. */
  readonly lastLostAt: () => number | undefined;
  /** Somebody uses the cluster. */
  readonly onUse: () => Promise<void>;
}

export class ClusterRouter {
  readonly #options: ClusterRouterOptions;
  readonly #admission = new Admission();
  readonly #peerAdmission: PeerAdmission;
  readonly #apiServer: ApiServerCache;
  readonly #tlsRoutes = new TlsRoutes();
  readonly #direct: DirectCarrier;
  readonly #peers: PeerRoutes;

  constructor(options: ClusterRouterOptions) {
    const { env, shards, steveAddress, meter, log, keptMs } = options;
    this.#options = options;
    this.#apiServer = new ApiServerCache(() => env.API.clusterConnection(shards.clusterId));
    this.#peerAdmission = new PeerAdmission(
      this.#admission,
      () => within(connectionMs, "the cluster's limits", env.API.clusterLimits(shards.clusterId)),
      (error) => log.warn("cannot learn how much peers may ask", { error }),
    );
    this.#direct = new DirectCarrier(meter, log, keptMs);
    this.#peers = new PeerRoutes({
      env,
      clusterId: shards.clusterId,
      steveAddress,
      meter,
      log,
      keptMs,
      tls: this.#tlsRoutes,
      server: () => this.#knownServer(false),
    });
  }

  /** Streams that no session of the cluster's agents carries. */
  get streams(): number {
    return this.#direct.streams + this.#peers.streams;
  }

  /** Of those, since the last call. */
  takeTraffic(): Traffic {
    return this.#direct.takeTraffic();
  }

  /** How the cluster's kube-apiserver is reached may have changed. */
  forgetServer(): void {
    this.#apiServer.forget();
  }

  async proxy(request: Request, context: ProxyContext): Promise<Response> {
    this.#options.log.debug("request");
    if (context.origin === "user") await this.#options.onUse();
    let routes: readonly Route[];
    try {
      routes = await this.#routes(context);
    } catch (error) {
      this.#count(context);
      this.#options.meter.error("connection");
      return statusAnswer(502, `error trying to reach the cluster: ${messageOf(error)}`);
    }
    if (routes.length > 0) {
      this.#count(context);
      return this.#admitted(routes, request, context);
    }
    const next = this.#options.shards.next(context);
    if (next !== undefined) {
      const headers = new Headers(request.headers);
      headers.set(CONTEXT_HEADER, encodeContext(next.context));
      const answer = await next.stub.fetch(new Request(request, { headers }));
      return new Response(answer.body, answer);
    }
    const throughPeers = await this.#peers.routes(context);
    if (throughPeers.length > 0) return this.#admitted(throughPeers, request, context);
    const lost = this.#options.lastLostAt();
    const returning = lost !== undefined && Date.now() - lost < returningMs;
    this.#count(context);
    this.#options.meter.error("no-session");
    this.#options.log.debug("no session for a request", { requestId: context.requestId });
    const key = clientKeyOf(this.#options.shards.clusterId, "steve");
    return statusAnswer(
      503,
      `cluster agent disconnected: failed to find Session for client ${key}`,
      returning ? 1 : undefined,
    );
  }

  /** By the shard that answers it: one that passes it on has nothing to report. */
  #count({ origin }: ProxyContext): void {
    if (origin === "user") this.#options.meter.request();
  }

  /** By an agent of ours alone: what comes from a peer goes to no other one. */
  async stream(request: Request, context: ClusterStreamContext): Promise<Response> {
    const [session] = this.#options.sessions.candidates(context.kind);
    if (session === undefined) {
      const next = this.#options.shards.next(context);
      const key = clientKeyOf(this.#options.shards.clusterId, context.kind);
      if (next === undefined)
        return new Response(`failed to find Session for client ${key}`, { status: 503 });
      const headers = new Headers(request.headers);
      headers.set(CONTEXT_HEADER, encodeContext(next.context));
      return next.stub.fetch(new Request(request, { headers }));
    }
    const refusal = await this.#peerAdmission.refusal(context.peer ?? "");
    if (refusal !== undefined) {
      this.#options.meter.error("limit");
      return new Response(refusal, { status: 429 });
    }
    await this.#options.onUse();
    this.#options.meter.request();
    return peerStream({
      session,
      context,
      steveAddress: this.#options.steveAddress,
      server: () => this.#knownServer(true),
    });
  }

  /** In the order in which they are tried. */
  async #routes({ target, origin }: ProxyContext): Promise<readonly Route[]> {
    const steve = this.#options.sessions.candidates("steve");
    if (isSteves(target)) return steve;
    // A reconciler asks an idle cluster for its health, and makes no TLS connection for it.
    if (steve.length > 0 && (origin === "controller" || passesSteve(target))) return steve;
    const main = this.#options.sessions.candidates("main");
    const server = await this.#knownServer(main.length > 0 && steve.length === 0);
    if (server === undefined) return steve;
    const carriers = server.direct ? [this.#direct] : main;
    return [...carriers.map((carrier) => this.#tlsRoutes.over(carrier, server)), ...steve];
  }

  /** Throws when it cannot be used, or not be known. Where that needs an agent and none is there, this is what to tell of. */
  async #knownServer(hasAgent: boolean): Promise<ApiServer | undefined> {
    try {
      return await within(connectionMs, "the cluster's connection", this.#apiServer.get());
    } catch (error) {
      if (hasAgent || (error instanceof UnusableConnection && error.direct)) throw error;
      this.#options.log.debug("the cluster's connection cannot be used", { error });
      return undefined;
    }
  }

  async #admitted(routes: readonly Route[], request: Request, context: ProxyContext): Promise<Response> {
    const { limits, identity, target } = context;
    if (limits === undefined) return this.#send(routes, request, context);
    const asked = { user: identity.user, interactive: isInteractive(request.headers, target) };
    const admitted = this.#admission.admit(asked, limits);
    if (!admitted.ok) {
      this.#options.meter.error("limit");
      return statusAnswer(429, admitted.message, admitted.retryAfter);
    }
    try {
      return await this.#send(routes, request, context);
    } finally {
      admitted.answered();
    }
  }

  async #send(routes: readonly Route[], request: Request, context: ProxyContext): Promise<Response> {
    const response = await proxy(routes, request, context);
    // Another certificate, another account: what is known of the server may be of yesterday.
    if (routes[0]?.authorization !== undefined && [401, 502].includes(response.status))
      this.#apiServer.doubt();
    return response;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
