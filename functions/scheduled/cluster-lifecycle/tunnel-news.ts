/**
 * Whether a session that came or went changes what is written of its cluster. When Drover restarts, all agents come back at
 * once, and find everything as it was: nothing is to be written for them, no work row either (check 36).
 */
import type { Sql } from "postgres";
import type { SessionInfo, TunnelEvent } from "../../../schema/internal/rpc.ts";
import { clusters } from "../../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../../schema/resources/management.cattle.io/clusters.ts";
import type { BoundStore } from "../../../schema/store/store.ts";
import { hasWork } from "../../../schema/store/work.ts";
import type { Env } from "../../env.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { peersReaching } from "../../store/peers.ts";
import { conditionStatus } from "../conditions.ts";

/** `gone`: the cluster is none any more, or is being removed. */
export type News = "gone" | "news" | "known";

export async function newsOf(
  { env, sql, store }: { readonly env: Env; readonly sql: Sql; readonly store: BoundStore },
  { clusterId, change }: TunnelEvent,
): Promise<News> {
  // First: a run that is under way may be about to write what it saw before the event.
  const busy = await hasWork(sql, "cluster-lifecycle", clusterId);
  const cluster = await absentAsUndefined(store.get<Cluster>(clusters, "", clusterId));
  if (cluster === undefined || cluster.metadata.deletionTimestamp !== undefined) return "gone";
  if (busy) return "news";
  if (change === "opened") return isSettled(cluster) ? "known" : "news";
  const says = conditionStatus(cluster.status?.conditions, "Connected");
  if (says === "False") return "known";
  return says === "True" && (await usedSessions(env, clusterId)).length > 0 ? "known" : "news";
}

/** Longer than the object waits before it tells of what was lost with its memory. */
const returningMs = 60_000;

export async function isReturning(env: Env, clusterId: string): Promise<boolean> {
  const { lastLostAt } = await env.TUNNEL.getByName(clusterId).status();
  return lastLostAt !== undefined && Date.now() - Date.parse(lastLostAt) < returningMs;
}

/** The sessions by which a cluster can be asked: those that were let in. `connectionKey`: see `TunnelRpc.status`. */
export async function usedSessions(
  env: Env,
  clusterId: string,
  connectionKey?: string,
): Promise<readonly SessionInfo[]> {
  const { sessions } = await env.TUNNEL.getByName(clusterId).status(connectionKey);
  return sessions.filter(({ unproven }) => unproven !== true);
}

/** Connected, healthy and known: an agent that comes back adds nothing. */
function isSettled(cluster: Cluster): boolean {
  const { status } = cluster;
  if (peersReaching(cluster).length > 0) return false;
  const is = (type: string): boolean => conditionStatus(status?.conditions, type) === "True";
  return is("Connected") && is("Ready") && status?.clusterIdentity !== undefined;
}
