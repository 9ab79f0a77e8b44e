/** Whether a cluster exists and ever had an agent: kept in the isolate for 10 s, so that hot requests need no query. */
import type { ClusterIdentity } from "../../../schema/internal/cluster-identity.ts";
import { parseShards, shardsAnnotation } from "../../../schema/internal/tunnel-name.ts";
import { clusters } from "../../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../../schema/resources/management.cattle.io/clusters.ts";
import { Renewal } from "../../renewal.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { systemStore } from "../context.ts";
import type { AppContext } from "../context.ts";

export type ClusterState = "absent" | "never-connected" | "known";

const maxAgeMs = 10_000;
const maxEntries = 10_000;
/** Only what is `known`: a cluster that appears or connects must be seen at once. */
const known = new Map<string, Known>();

interface Known {
  readonly seenAt: number;
  readonly renewal: Renewal;
  readonly shards: number;
  readonly identity: ClusterIdentity | undefined;
}

/** Over how many objects the tunnel of a cluster that is `known` is spread. */
export function shardsOfKnown(id: string): number {
  return known.get(id)?.shards ?? 1;
}

/** By what a cluster that is `known` is known again. */
export function identityOfKnown(id: string): ClusterIdentity | undefined {
  return known.get(id)?.identity;
}

export async function clusterState(c: AppContext, id: string): Promise<ClusterState> {
  const now = Date.now();
  const last = known.get(id);
  const age = now - (last?.seenAt ?? -Infinity);
  if (last !== undefined && age < maxAgeMs && !last.renewal.claim(age, maxAgeMs, now)) return "known";
  if (age >= maxAgeMs) known.delete(id);
  let cluster: Cluster | undefined;
  try {
    cluster = await absentAsUndefined(systemStore(c, "cluster-router").get<Cluster>(clusters, "", id));
  } catch (error) {
    // Renewed too early to be a need.
    if (age < maxAgeMs) return "known";
    throw error;
  }
  known.delete(id);
  if (cluster === undefined || cluster.metadata.deletionTimestamp !== undefined) return "absent";
  if ((cluster.status?.driver ?? "") === "") return "never-connected";
  const shards = parseShards(cluster.metadata.annotations?.[shardsAnnotation]) ?? 1;
  if (known.size >= maxEntries) known.clear();
  const identity = cluster.status?.clusterIdentity;
  known.set(id, { seenAt: Date.now(), renewal: new Renewal(), shards, identity });
  return "known";
}
