/** RPC shapes between the API Worker and the Durable Objects. Both sides are deployed separately: only add optional fields. */
import type { LogEvent } from "../store/log.ts";
import type { StoredRow } from "../store/encoding.ts";
import type { CommitItem, CommitResult, ObjectKey } from "../store/types.ts";
import type { ClusterRegistration, RequestLimits } from "./context.ts";
import type { JobTally } from "./jobs.ts";
import type { PeerSettings } from "./peers.ts";
import type { ClusterStatistics, TunnelReport } from "./tunnel-statistics.ts";

export interface SessionInfo {
  readonly kind: "main" | "steve";
  /** Decimal int63 chosen per accepted WebSocket (tunnel.md 1.12). */
  readonly sessionKey: string;
  readonly openedAt: string;
  readonly lastHeardAt: string;
  readonly remoteAddress: string;
  /** Absent: 0 (tunnel-name.ts). */
  readonly shard?: number;
  /** It has not shown yet that it is of its cluster, and is not used. */
  readonly unproven?: true;
}

export interface TunnelStatus {
  readonly clusterId: string;
  readonly sessions: readonly SessionInfo[];
  /** When the last session of kind steve was lost, RFC 3339. */
  readonly lastLostAt?: string;
}

/** Methods of `ClusterTunnel` (binding TUNNEL, named by cluster id) besides `fetch`. */
export interface TunnelRpc {
  /** `connectionKey`: changes with how the cluster's kube-apiserver is reached; what is kept of that is then forgotten. */
  status(connectionKey?: string): Promise<TunnelStatus>;
  /** Closes every session (cluster deleted, token revoked) and forgets all state. */
  closeSessions(reason: string): Promise<void>;
  /** Closes the sessions of all registration tokens but those with these hashes (`ConnectContext.tokenHash`). */
  keepSessionsOf(tokenHashes: readonly string[], reason: string): Promise<void>;
  /** Of shard 0: the cluster's tunnel is spread over so many objects. Idempotent. */
  spread(shards: number): Promise<void>;
  /** Ends the sessions with these keys, each as soon as it has no stream: their agents come back, to another shard. */
  move(sessionKeys: readonly string[]): Promise<void>;
}

/** `TunnelStatistics` (binding TUNNEL_STATISTICS, one object named "main"): `/metrics` asks it, and wakes no cluster's object. */
export interface TunnelStatisticsRpc {
  /** Not repeated when it may have come: counts are added. */
  report(report: TunnelReport): Promise<void>;
  /** The cluster is gone. */
  forget(clusterId: string): Promise<void>;
  read(): Promise<readonly ClusterStatistics[]>;
}

/** `StoreWriter` (binding STORE_WRITER, one object named "main"). */
export interface StoreWriterRpc {
  commit(items: readonly CommitItem[]): Promise<readonly CommitResult[]>;
  /** Somebody watches: tell `WatchHub` of commits again. Idempotent. */
  resumeWatch(): Promise<void>;
}

/** The first and the last revision of what was committed. */
export interface CommitNotice {
  readonly from: number;
  readonly to: number;
  /** All of them, ascending, where they are known and not too much. */
  readonly events?: readonly LogEvent[];
}

/** `WatchHub` (binding WATCH_HUB, one object named "main"): the one reader of the log. */
export interface WatchHubRpc {
  /** May be lost. With no listeners, nobody need be told until `resumeWatch`. */
  committed(notice: CommitNotice): Promise<{ readonly listeners: number }>;
  /**
   * The fan-out `name` has every event up to `position` and wants what comes after. Repeated every few seconds: that is
   * how a lost notice or a restarted hub is made up for. `rightsAt`: the last revision known to have changed rights
   * (`changesRights`), or one after it. `watchers`: how many the fan-out has.
   */
  listen(name: string, position: number, watchers?: number): Promise<{ readonly rightsAt?: number }>;
  leave(name: string): Promise<void>;
  /** For `/metrics`; reads nothing. */
  statistics(): Promise<WatchStatistics>;
}

export interface WatchStatistics {
  /** The revision up to which the log was read. */
  readonly position: number;
  /** Reads of the log since the object was last made. */
  readonly reads: number;
  /** Watchers by fan-out, as of a few seconds ago. */
  readonly watchers: Readonly<Record<string, number>>;
}

/** What `events` holds of one type is all there is after `after`, up to `to`; in order. */
export interface WatchDelivery {
  readonly after: number;
  readonly to: number;
  readonly events: readonly LogEvent[];
  /** As of `listen`. */
  readonly rightsAt?: number;
  /** The revision at which the definition of the type was last changed or deleted: older watches end. */
  readonly redefinedAt?: number;
}

/** `WatchFanout` (binding WATCH, named `<typeKey>#<k>`) besides `fetch`, which takes a `WatchContext` (watch.ts). */
export interface WatchFanoutRpc {
  /** Answers when the delivery is with the watchers; `listening: false`: there are none, and no more are wanted. */
  deliver(delivery: WatchDelivery): Promise<{ readonly listening: boolean }>;
}

/** `StoreReader` (binding STORE_READER, a few objects of which any may be asked). */
export interface StoreReaderRpc {
  row(key: ObjectKey): Promise<StoredRow | undefined>;
}

/** `Scheduler` (binding SCHEDULER, one object named "main"). */
export interface SchedulerRpc {
  /** Makes sure that the runner runs at `runAt` (epoch milliseconds) or earlier. Cheap and idempotent. */
  poke(runAt: number): Promise<void>;
  /** Adds what the sweep did to the counts, which last. */
  count(tally: JobTally): Promise<void>;
  /** All that was counted. */
  counts(): Promise<JobTally>;
}

export interface TunnelEvent {
  readonly clusterId: string;
  readonly change: "opened" | "closed" | "dead";
  readonly kind: "main" | "steve";
  readonly sessionKey: string;
  readonly reason: string;
  /** Open ones of kind steve, after the change. Absent: an older object did not say. */
  readonly steveSessions?: number;
  /** Of the object that reports. Absent: 0, or an older object that did not say. */
  readonly shard?: number;
  /** RFC 3339. */
  readonly at: string;
}

/**
 * How a cluster's kube-apiserver is reached and asked without a steve session. The token is a secret: it is kept in memory alone, and
 * logged nowhere.
 */
export interface ClusterConnection {
  /** `https://host:port`. */
  readonly endpoint: string;
  /** PEM. */
  readonly ca: string;
  /** Of an account that may impersonate users. */
  readonly token: string;
  /** The endpoint can be reached without an agent. */
  readonly direct: boolean;
}

/** Entrypoint `ControlPlane` of the API Worker (binding API of the durable script). */
export interface ControlPlaneRpc {
  /** A tunnel session came or went: writes the work item and runs it. */
  tunnelChanged(event: TunnelEvent): Promise<void>;
  /** What a main session says of its cluster was found to be true (`ConnectContext.registration`): it is written down. */
  registrationProven(clusterId: string, registration: ClusterRegistration): Promise<void>;
  /** Runs due work; answers when the next row is due (epoch milliseconds), or null when there is none, and what ran. */
  runWork(): Promise<{ nextRunAt: number | null; jobs?: JobTally }>;
  /** `null` while too little is known of it. */
  clusterConnection(clusterId: string): Promise<ClusterConnection | null>;
  /** How much the cluster may be asked, in each of its objects. */
  clusterLimits(clusterId: string): Promise<RequestLimits>;
  /** `null`: there is no such peer, or none any more. */
  peerSettings(name: string): Promise<PeerSettings | null>;
  /** Ids of clusters that are connected here and that the peer may use. */
  peerOffers(name: string): Promise<readonly string[]>;
  /** Something of `PeerStatus` has changed. */
  peerChanged(name: string): Promise<void>;
  /** Indexes of those grants (`WatchContext`) that no longer hold, by the state at `revision` or later. */
  judgeWatches(
    grants: readonly string[],
  ): Promise<{ readonly revision: number; readonly revoked: readonly number[] }>;
}
