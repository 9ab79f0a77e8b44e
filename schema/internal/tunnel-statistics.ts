/** What is counted of clusters' tunnels, from the object that counts to the text of `/metrics` (docs/metrics.md). Pure. */

/** By a name that is a label's value: a kind of session, a kind of error. */
export type ByName = Readonly<Record<string, number>>;

/** Counts that only grow. Both scripts are deployed separately: only add optional fields. */
export interface TunnelCounts {
  /** Requests and upgrades that were given to a session, or could not be. */
  readonly requests: number;
  /** Streams opened. */
  readonly dials: number;
  /** WebSocket messages of the agents, in bytes. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Sessions that came, by kind. */
  readonly opened: ByName;
  readonly errors: ByName;
}

/** What is true now, as far as the reporting object knows. */
export interface TunnelGauges {
  /** Open sessions, by kind. */
  readonly sessions: ByName;
  /** Open streams, kept ones included. */
  readonly streams: number;
  /** Of the last probe, in seconds. */
  readonly roundTrip?: number;
  readonly buffered?: Buffered;
}

/** Bytes that wait in streams, for slow readers and slow agents. */
export interface Buffered {
  readonly memory: number;
  readonly storage: number;
  /** The most that were in memory since the object came to it. */
  readonly peak: number;
}

/** `ClusterTunnel` to `TunnelStatistics`: what has been added since the last report, and what is. */
export interface TunnelReport extends TunnelGauges {
  readonly clusterId: string;
  readonly added: TunnelCounts;
}

/** What is known of one cluster. */
export interface ClusterStatistics extends TunnelGauges {
  readonly clusterId: string;
  readonly total: TunnelCounts;
  /** When the last report came, epoch milliseconds. */
  readonly reportedAt: number;
}

export const noCounts: TunnelCounts = {
  requests: 0,
  dials: 0,
  receivedBytes: 0,
  sentBytes: 0,
  opened: {},
  errors: {},
};

/** Both together. */
export function addCounts(one: TunnelCounts, other: TunnelCounts): TunnelCounts {
  return {
    requests: one.requests + other.requests,
    dials: one.dials + other.dials,
    receivedBytes: one.receivedBytes + other.receivedBytes,
    sentBytes: one.sentBytes + other.sentBytes,
    opened: addByName(one.opened, other.opened),
    errors: addByName(one.errors, other.errors),
  };
}

export function addByName(one: ByName, other: ByName): ByName {
  const sum: Record<string, number> = { ...one };
  for (const [name, count] of Object.entries(other))
    sum[name] = (Object.hasOwn(sum, name) ? (sum[name] ?? 0) : 0) + count;
  return sum;
}

/** `known` after a report; the last round trip stands until there is another. */
export function reported(
  known: ClusterStatistics | undefined,
  { clusterId, sessions, streams, roundTrip = known?.roundTrip, buffered, added }: TunnelReport,
  now: number,
): ClusterStatistics {
  return {
    clusterId,
    sessions,
    streams,
    ...(roundTrip === undefined ? {} : { roundTrip }),
    ...(buffered === undefined ? {} : { buffered }),
    total: addCounts(known?.total ?? noCounts, added),
    reportedAt: now,
  };
}
