/** Bindings of the API Worker (wrangler.toml; locally infra/workerd/config.ts). */
import type { PeerLinkRpc } from "../schema/internal/peers.ts";
import type {
  SchedulerRpc,
  StoreReaderRpc,
  StoreWriterRpc,
  TunnelRpc,
  TunnelStatisticsRpc,
  WatchFanoutRpc,
  WatchHubRpc,
} from "../schema/internal/rpc.ts";

type Remote<T> = T & Rpc.DurableObjectBranded;

export interface Env {
  readonly DB: Hyperdrive;
  /** One object per cluster, named by cluster id. Never created for a cluster that no agent ever connected to. */
  readonly TUNNEL: DurableObjectNamespace<Remote<TunnelRpc>>;
  /** One object per peer, named by it. */
  readonly PEER: DurableObjectNamespace<Remote<PeerLinkRpc>>;
  /** One object named "main". */
  readonly TUNNEL_STATISTICS: DurableObjectNamespace<Remote<TunnelStatisticsRpc>>;
  /** One object named "main". */
  readonly STORE_WRITER: DurableObjectNamespace<Remote<StoreWriterRpc>>;
  /** A few objects, any of which reads any row (functions/store/open-store.ts). */
  readonly STORE_READER: DurableObjectNamespace<Remote<StoreReaderRpc>>;
  /** One object named "main". */
  readonly SCHEDULER: DurableObjectNamespace<Remote<SchedulerRpc>>;
  /** One object named "main". */
  readonly WATCH_HUB: DurableObjectNamespace<Remote<WatchHubRpc>>;
  /** Objects named `<typeKey>#<k>` (schema/internal/watch.ts): a watch of a type goes to the first that has room. */
  readonly WATCH: DurableObjectNamespace<Remote<WatchFanoutRpc>>;
  /** Only locally: the network without bounds, for hosts that an administrator has listed one by one (http/meta-proxy). */
  readonly LISTED_HOSTS?: Fetcher;
  /** `{"current":"k1","keys":{"k1":"<base64, 32 bytes>"}}` */
  readonly DROVER_KEYS: string;
  /** The external URL, used until the setting `server-url` is set. */
  readonly DROVER_SERVER_URL?: string;
  /** PEM of a private CA that signs our certificate; empty behind a public one. */
  readonly DROVER_CACERTS?: string;
  readonly DROVER_LOG_LEVEL?: string;
  /** "1" behind the local front, which always overwrites `x-drover-client-ip`. */
  readonly DROVER_TRUST_FRONT?: string;
  readonly DROVER_VERSION?: string;
  /** Defaults of feature flags: `a=true,b=false`. */
  readonly CATTLE_FEATURES?: string;
  /** Only in production, and only until the admin user exists. Locally the launcher passes it to `POST /seed`. */
  readonly DROVER_BOOTSTRAP_PASSWORD?: string;
  /** "1": that password was generated, and must be changed at the first login. */
  readonly DROVER_BOOTSTRAP_MUST_CHANGE?: string;
}
