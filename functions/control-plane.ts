/** The private side of the API Worker: reached by service binding and by the launcher's control socket, never by users. */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { PeerSettings } from "../schema/internal/peers.ts";
import type { ClusterRegistration, RequestLimits } from "../schema/internal/context.ts";
import type { ClusterConnection, ControlPlaneRpc, TunnelEvent } from "../schema/internal/rpc.ts";
import { parseShards, shardsAnnotation } from "../schema/internal/tunnel-name.ts";
import { clusters } from "../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../schema/resources/management.cattle.io/clusters.ts";
import type { Env } from "./env.ts";
import { registerCluster } from "./http/connect/register-cluster.ts";
import { systemActor } from "./http/context.ts";
import { requestLimits } from "./http/kube/limits.ts";
import { revokedGrants } from "./identity/watch-grant.ts";
import { createLogger } from "../schema/logger.ts";
import { onPeerChange, onTunnelEvent, runDueWork, sweep } from "./scheduled/runner.ts";
import { parseSeedInput } from "./seed/input.ts";
import { seed } from "./seed/seed.ts";
import { createSettings } from "./settings/settings.ts";
import { absentAsUndefined } from "./store/absent.ts";
import { peerOffers, peerSettings } from "./store/peers.ts";
import { clusterConnection } from "./store/cluster-connection.ts";
import { checkDatabase, openStore } from "./store/open-store.ts";

export class ControlPlane extends WorkerEntrypoint<Env> implements ControlPlaneRpc {
  async tunnelChanged(event: TunnelEvent): Promise<void> {
    await onTunnelEvent(this.env, event);
  }

  async registrationProven(clusterId: string, registration: ClusterRegistration): Promise<void> {
    const store = openStore(this.env).as(systemActor("agent-registration"));
    await registerCluster(store, await store.get<Cluster>(clusters, "", clusterId), registration);
  }

  async runWork(): Promise<{ nextRunAt: number | null }> {
    return runDueWork(this.env, new Date());
  }

  async clusterConnection(clusterId: string): Promise<ClusterConnection | null> {
    return clusterConnection(openStore(this.env).as(systemActor("cluster-connection")), clusterId);
  }

  async clusterLimits(clusterId: string): Promise<RequestLimits> {
    const store = openStore(this.env).as(systemActor("cluster-limits"));
    const cluster = await absentAsUndefined(store.get<Cluster>(clusters, "", clusterId));
    const shards = parseShards(cluster?.metadata.annotations?.[shardsAnnotation]) ?? 1;
    return requestLimits(
      createSettings(this.env, () => store),
      shards,
    );
  }

  async peerSettings(name: string): Promise<PeerSettings | null> {
    return peerSettings(openStore(this.env).as(systemActor("peers")), name);
  }

  async peerOffers(name: string): Promise<readonly string[]> {
    return peerOffers(openStore(this.env).as(systemActor("peers")), name);
  }

  async peerChanged(name: string): Promise<void> {
    await onPeerChange(this.env, name);
  }

  async judgeWatches(grants: readonly string[]): Promise<{ revision: number; revoked: number[] }> {
    const store = openStore(this.env).as(systemActor("watch-access"));
    // Before the rights are read: what changes them later has a later revision.
    const { revision } = await store.texts.revision();
    const settings = createSettings(this.env, () => store);
    return { revision, revoked: await revokedGrants({ store, settings, now: Date.now() }, grants) };
  }

  /** For the local launcher: `GET /ready`, `POST /seed`, `POST /cron`. Errors are 500 with their message: no user reads it. */
  override async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    try {
      switch (`${request.method} ${pathname}`) {
        case "GET /ready":
          await checkDatabase(this.env);
          return Response.json({ ready: true });
        case "POST /seed":
          return Response.json(await seed(this.env, parseSeedInput(await request.json())));
        case "POST /cron":
          await sweep(this.env);
          return Response.json({ swept: true });
        default:
          return Response.json({ error: "not found" }, { status: 404 });
      }
    } catch (error) {
      createLogger(this.env.DROVER_LOG_LEVEL).error("control request failed", { pathname, error });
      const message = error instanceof Error ? error.message : String(error);
      return Response.json({ error: message }, { status: 500 });
    }
  }
}

/** Whether this isolate has seeded: a new version may bring new settings and roles. */
let seeded = false;

/** Every minute: what a lost poke or a lost alarm left behind. In production it also seeds (locally the launcher does). */
export async function runCron(env: Env): Promise<void> {
  if (!seeded) {
    const { adminCreated, username } = await seed(env, {
      bootstrapPassword: env.DROVER_BOOTSTRAP_PASSWORD ?? "",
      mustChangePassword: env.DROVER_BOOTSTRAP_MUST_CHANGE === "1",
    });
    seeded = true;
    if (adminCreated) createLogger(env.DROVER_LOG_LEVEL).info("created the first user", { username });
  }
  await sweep(env);
}
