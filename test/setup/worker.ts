/** The main module of tests inside workerd: the objects that they look into, and a runner that does what a test says. */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { DurableEnv } from "../../durable/env.ts";
import { PeerLink as Link } from "../../durable/peers/peer-link.ts";
import { ClusterTunnel as Tunnel } from "../../durable/tunnel/cluster-tunnel.ts";
import type { TunnelTimes } from "../../durable/tunnel/times.ts";
import { WatchFanout as Fanout } from "../../durable/watch/watch-fanout.ts";
import { WatchHub as Hub } from "../../durable/watch/watch-hub.ts";
import { watchLimits } from "../../durable/watch/watch-limits.ts";
import type { ClusterRegistration, RequestLimits } from "../../schema/internal/context.ts";
import type { PeerSettings } from "../../schema/internal/peers.ts";
import type { ClusterConnection, ControlPlaneRpc, TunnelEvent } from "../../schema/internal/rpc.ts";

export { Scheduler } from "../../durable/scheduler/scheduler.ts";
export { StoreReader } from "../../durable/store/store-reader.ts";
export { StoreWriter } from "../../durable/store/store-writer.ts";
export { TunnelStatistics } from "../../durable/tunnel-statistics/tunnel-statistics.ts";

/** Tests do not wait for minutes, and fill nothing with megabytes. */
const limits = {
  ...watchLimits,
  watchers: 60,
  tickMs: 200,
  beatMs: 20,
  idleMs: 400,
  bookmarkMs: 200,
  waitingBytes: 262_144,
  pageBytes: 16_384,
  ringBytes: 1_048_576,
  checkMs: 50,
  emptyMs: 20,
};
globalThis.testWatchLimits = limits;

/** Counts what an idle cluster is billed for. */
export class ClusterTunnel extends Tunnel {
  constructor(ctx: DurableObjectState, env: DurableEnv) {
    const { storage } = ctx;
    const count = (what: keyof TunnelBill): void => {
      const bill = globalThis.testTunnelBill;
      if (bill !== undefined) bill[what] += 1;
    };
    count("wakes");
    const setAlarm = storage.setAlarm.bind(storage);
    Object.defineProperty(storage, "setAlarm", {
      value(at: number) {
        count("rows");
        return setAlarm(at);
      },
    });
    const { kv } = storage;
    Object.defineProperty(storage, "kv", {
      value: {
        get: kv.get.bind(kv),
        list: kv.list.bind(kv),
        put(key: string, value: unknown) {
          count("rows");
          kv.put(key, value);
        },
      },
    });
    super(ctx, env);
  }

  protected override get times(): TunnelTimes {
    return globalThis.testTunnelTimes ?? super.times;
  }

  override async alarm(): Promise<void> {
    if (globalThis.testTunnelBill !== undefined) globalThis.testTunnelBill.alarms += 1;
    await super.alarm();
  }

  override webSocketMessage(socket: WebSocket, message: ArrayBuffer | string): void {
    if (globalThis.testTunnelBill !== undefined) globalThis.testTunnelBill.messages += 1;
    super.webSocketMessage(socket, message);
  }
}

export class PeerLink extends Link {
  protected override get times(): TunnelTimes {
    return globalThis.testTunnelTimes ?? super.times;
  }
}

export class WatchFanout extends Fanout {
  constructor(ctx: DurableObjectState, env: DurableEnv) {
    super(ctx, env, limits);
  }
}

export class WatchHub extends Hub {
  constructor(ctx: DurableObjectState, env: DurableEnv) {
    super(ctx, env, limits);
  }
}

export interface TunnelBill {
  /** Times that an object was made. */
  wakes: number;
  alarms: number;
  /** From agents, but for those that the platform answers. */
  messages: number;
  rows: number;
}

declare global {
  /** What tunnels cost, once a test asks for it. */
  var testTunnelBill: TunnelBill | undefined;
  /** In place of those of the product. */
  var testTunnelTimes: TunnelTimes | undefined;
  /** What the next runs answer, in turn; then that nothing is due. A global: rooms do not import tests (design 1). */
  var testRuns: { answers: (() => Promise<number | null>)[]; count: number } | undefined;
  /** What tunnels have reported, once a test asks for it. */
  var testTunnelEvents: TunnelEvent[] | undefined;
  /** What was found to be true of clusters, once a test asks for it. */
  var testRegistrations: (ClusterRegistration & { clusterId: string })[] | undefined;
  /** How kube-apiservers are reached, by cluster id. */
  var testConnections: Record<string, ClusterConnection> | undefined;
  /** By cluster: how much may be asked. */
  var testLimits: Record<string, RequestLimits> | undefined;
  /** By name: what the API Worker would say of peers. */
  var testPeers: Record<string, { settings: PeerSettings; offers: readonly string[] }> | undefined;
  /** What the API Worker would say of grants. */
  var testGrants: { revision: number; revoked: readonly string[] } | undefined;
  /** In force at once. */
  var testWatchLimits: { checkMs: number } | undefined;
}

export class ControlPlane extends WorkerEntrypoint<DurableEnv> implements ControlPlaneRpc {
  async runWork(): Promise<{ nextRunAt: number | null }> {
    const runs = globalThis.testRuns;
    if (runs !== undefined) runs.count++;
    return { nextRunAt: (await runs?.answers.shift()?.()) ?? null };
  }

  async judgeWatches(grants: readonly string[]): Promise<{ revision: number; revoked: number[] }> {
    const { revision = 0, revoked = [] } = globalThis.testGrants ?? {};
    return { revision, revoked: grants.flatMap((grant, index) => (revoked.includes(grant) ? [index] : [])) };
  }

  async registrationProven(clusterId: string, registration: ClusterRegistration): Promise<void> {
    globalThis.testRegistrations?.push({ clusterId, ...registration });
  }

  async clusterConnection(clusterId: string): Promise<ClusterConnection | null> {
    return globalThis.testConnections?.[clusterId] ?? null;
  }

  async clusterLimits(clusterId: string): Promise<RequestLimits> {
    return globalThis.testLimits?.[clusterId] ?? { perUser: 0, perCluster: 0, unanswered: 0, bodyBytes: 0 };
  }

  async peerSettings(name: string): Promise<PeerSettings | null> {
    return globalThis.testPeers?.[name]?.settings ?? null;
  }

  async peerOffers(name: string): Promise<readonly string[]> {
    return globalThis.testPeers?.[name]?.offers ?? [];
  }

  async peerChanged(): Promise<void> {
    // Tests ask for the status.
  }

  async tunnelChanged(event: TunnelEvent): Promise<void> {
    globalThis.testTunnelEvents?.push(event);
  }
}

export default {
  fetch: () => new Response("not found\n", { status: 404 }),
} satisfies ExportedHandler;
