/** Bindings of the durable script (durable/wrangler.toml; locally infra/workerd/config.ts). */
import type { PeerLinkRpc } from "../schema/internal/peers.ts";
import type {
  ControlPlaneRpc,
  SchedulerRpc,
  StoreReaderRpc,
  StoreWriterRpc,
  TunnelRpc,
  TunnelStatisticsRpc,
  WatchFanoutRpc,
  WatchHubRpc,
} from "../schema/internal/rpc.ts";

type Remote<T> = T & Rpc.DurableObjectBranded;

export interface DurableEnv {
  readonly DB: Hyperdrive;
  readonly TUNNEL: DurableObjectNamespace<Remote<TunnelRpc>>;
  readonly TUNNEL_STATISTICS: DurableObjectNamespace<Remote<TunnelStatisticsRpc>>;
  readonly PEER: DurableObjectNamespace<Remote<PeerLinkRpc>>;
  readonly STORE_WRITER: DurableObjectNamespace<Remote<StoreWriterRpc>>;
  readonly SCHEDULER: DurableObjectNamespace<Remote<SchedulerRpc>>;
  readonly STORE_READER: DurableObjectNamespace<Remote<StoreReaderRpc>>;
  readonly WATCH_HUB: DurableObjectNamespace<Remote<WatchHubRpc>>;
  readonly WATCH: DurableObjectNamespace<Remote<WatchFanoutRpc>>;
  readonly API: Service<ControlPlaneRpc & Rpc.WorkerEntrypointBranded>;
  /** Self-hosted alone: the front, which writes to many watchers what it gets once (docs/design/watch.md). */
  readonly FRONT?: Fetcher;
  readonly DROVER_LOG_LEVEL?: string;
  /** The address in CONNECT on a steve session, default `127.0.0.1:6080`: agents of v0.3.2 dial it literally. */
  readonly DROVER_STEVE_ADDRESS?: string;
}
