/**
 * Between the API Worker, the tunnels and the objects of peers (docs/design/peers.md): other installations, whose clusters are
 * reached here, and that reach ours.
 */

/** A peer's upgrade whose secret the Worker has found to be right. */
export interface PeerConnectContext {
  readonly v: 1;
  readonly op: "peer-connect";
  readonly peer: string;
  readonly remoteAddress: string;
  /** Hex SHA-256 of the secret: with the secret, its sessions go. */
  readonly secretHash: string;
}

/** To a peer's object: a stream to one of the peer's clients. A WebSocket upgrade that carries bytes (durable/peers/object-stream.ts). */
export interface PeerStreamContext {
  readonly v: 1;
  readonly op: "peer-stream";
  readonly clientKey: string;
  /** `host:port` */
  readonly address: string;
}

/** To a cluster's tunnel: a stream that a peer opens, by a session of the cluster's agent. As above. */
export interface ClusterStreamContext {
  readonly v: 1;
  readonly op: "stream";
  readonly kind: ClientKind;
  /** `host:port`; counts for main sessions alone, and only as the cluster's own API endpoint. */
  readonly address: string;
  /** Who opens it. Absent: an older object did not say. */
  readonly peer?: string;
  readonly shards?: number;
  readonly tried?: number;
}

export type ClientKind = "main" | "steve";
const stevePrefix = "stv-cluster-";

/** The name under which Go registers a cluster's session (tunnel.md 1.12). */
export function clientKeyOf(clusterId: string, kind: ClientKind): string {
  return kind === "main" ? clusterId : stevePrefix + clusterId;
}

/** Of both its sessions. */
export function clientKeysOf(clusterId: string): readonly string[] {
  return [clientKeyOf(clusterId, "steve"), clientKeyOf(clusterId, "main")];
}

export function clusterOfClient(clientKey: string): {
  readonly clusterId: string;
  readonly kind: ClientKind;
} {
  return clientKey.startsWith(stevePrefix)
    ? { clusterId: clientKey.slice(stevePrefix.length), kind: "steve" }
    : { clusterId: clientKey, kind: "main" };
}

/** In `spec.offeredClusters` and `spec.usedClusters`: all there are. */
export const allClusters = "*";

export function includesCluster(list: readonly string[] | undefined, clusterId: string): boolean {
  return list !== undefined && (list.includes(allClusters) || list.includes(clusterId));
}

/** What a peer's object must know. Holds secrets: it is kept in memory alone, and logged nowhere. */
export interface PeerSettings {
  /** Hex SHA-256 of secrets that it may show. */
  readonly secretHashes: readonly string[];
  /** Absent: it is not dialled. */
  readonly dial?: PeerDial;
}

export interface PeerDial {
  /** `wss://host[:port]/path` */
  readonly url: string;
  /** PEM: what its certificate is verified against, and nothing else. */
  readonly ca: string;
  /** The id that we show. */
  readonly localId: string;
  /** The secret that we show. */
  readonly secret: string;
}

export interface PeerStatus {
  /** Sessions that the peer has opened here. */
  readonly accepted: readonly {
    readonly openedAt: string;
    readonly remoteAddress: string;
    readonly clients: number;
  }[];
  /** Of the session that we have opened there; absent: it is not dialled. */
  readonly dialled?: {
    readonly open: boolean;
    /** Since it is open, or why it is not. */
    readonly since?: string;
    readonly problem?: string;
    /** Clusters announced to the peer. */
    readonly clusters: number;
  };
}

/** `PeerLink` (binding PEER, named by the peer's name) besides `fetch`. */
export interface PeerLinkRpc {
  /** The Peer or its Secret was changed, made or deleted. Idempotent. */
  configure(): Promise<PeerStatus>;
  /** Of these client keys those that the peer has announced, by a session that is open. */
  holds(clientKeys: readonly string[]): Promise<readonly string[]>;
  /** Whether the session by which the peer reaches that client gives a sign of life within that time. */
  answers(clientKey: string, withinMs: number): Promise<boolean>;
  /** A cluster that the peer may use came or went. */
  offersChanged(): Promise<void>;
  status(): Promise<PeerStatus>;
}
