/** Whether a cluster exists and ever had an agent: kept in the isolate for 10 s, so that hot requests need no query. */
import { clusters } from "../../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../../schema/resources/management.cattle.io/clusters.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { systemStore } from "../context.ts";
import type { AppContext } from "../context.ts";

export type ClusterState = "absent" | "never-connected" | "known";

const maxAgeMs = 10_000;
const maxEntries = 10_000;
/** Only what is `known`: a cluster that appears or connects must be seen at once. */
const known = new Map<string, number>();

export async function clusterState(c: AppContext, id: string): Promise<ClusterState> {
  const seenAt = known.get(id);
  if (seenAt !== undefined && Date.now() - seenAt < maxAgeMs) return "known";
  known.delete(id);
  const cluster = await absentAsUndefined(systemStore(c, "cluster-router").get<Cluster>(clusters, "", id));
  if (cluster === undefined || cluster.metadata.deletionTimestamp !== undefined) return "absent";
  if ((cluster.status?.driver ?? "") === "") return "never-connected";
  if (known.size >= maxEntries) known.clear();
  known.set(id, Date.now());
  return "known";
}
