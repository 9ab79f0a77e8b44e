/** Whether a cluster exists and ever had an agent: kept in the isolate for 10 s, so that hot requests need no query. */
import type { ClusterIdentity } from "../../../schema/internal/cluster-identity.ts";
import { parseShards, shardsAnnotation } from "../../../schema/internal/tunnel-name.ts";
import { clusters } from "../../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../../schema/resources/management.cattle.io/clusters.ts";
import { Remembered } from "../../remembered.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { systemStore } from "../context.ts";
import type { AppContext } from "../context.ts";

export type ClusterState = KnownCluster | "absent" | "never-connected";

export interface KnownCluster {
  /** Over how many objects its tunnel is spread. */
  readonly shards: number;
  /** By what it is known again. */
  readonly identity: ClusterIdentity | undefined;
}

/** Only what is known: a cluster that appears or connects must be seen at once. */
const known = new Remembered<KnownCluster>();

export async function clusterState(c: AppContext, id: string): Promise<ClusterState> {
  let other: "absent" | "never-connected" = "absent";
  const found = await known.read(id, async () => {
    const cluster = await absentAsUndefined(systemStore(c, "cluster-router").get<Cluster>(clusters, "", id));
    if (cluster === undefined || cluster.metadata.deletionTimestamp !== undefined) return undefined;
    const { driver = "", clusterIdentity: identity } = cluster.status ?? {};
    other = "never-connected";
    if (driver === "") return undefined;
    return { shards: parseShards(cluster.metadata.annotations?.[shardsAnnotation]) ?? 1, identity };
  });
  return found ?? other;
}
