/** The durable script: its classes. It serves nothing by itself: every object is reached through a binding. */
export { PeerLink } from "./peers/peer-link.ts";
export { ClusterTunnel } from "./tunnel/cluster-tunnel.ts";
export { TunnelStatistics } from "./tunnel-statistics/tunnel-statistics.ts";
export { Scheduler } from "./scheduler/scheduler.ts";
export { StoreReader } from "./store/store-reader.ts";
export { StoreWriter } from "./store/store-writer.ts";
export { WatchFanout } from "./watch/watch-fanout.ts";
export { WatchHub } from "./watch/watch-hub.ts";

export default {
  fetch: () => new Response("not found\n", { status: 404 }),
} satisfies ExportedHandler;
