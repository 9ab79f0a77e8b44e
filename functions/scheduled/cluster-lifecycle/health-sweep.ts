/**
 * Clusters whose kube-apiserver fell ill while their agent stayed connected, which no event tells. Only asks, and writes
 * nothing: the work that follows asks again and judges. Clusters that are not Ready are looked after by their own work.
 */
import { clusters } from "../../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../../schema/resources/management.cattle.io/clusters.ts";
import { conditionStatus } from "../conditions.ts";
import { peersReaching } from "../../store/peers.ts";
import type { ReconcileContext, ThroughPeers } from "../controller.ts";
import { keepBusy } from "../slots.ts";
import { readyzProblem } from "./health.ts";

const slots = 32;
/** Each question wakes a tunnel object that could sleep: every 15 minutes costs an idle cluster about a cent a month. */
const turns = 15;

/** Which minute of every fifteen is a cluster's. */
export function turnOf(clusterId: string): number {
  return Array.from(clusterId).reduce((sum, character) => sum * 31 + character.charCodeAt(0), 0) % turns;
}

export interface HealthSweepContext extends Pick<ReconcileContext, "store" | "downstream" | "now"> {
  /** The way to a cluster that is said to be reached through peers. */
  readonly throughPeers: (cluster: Cluster) => Promise<ThroughPeers | undefined>;
  /** Whether its agent was lost just now: its tunnel tells of it when the agent does not return. */
  readonly isReturning: (clusterId: string) => Promise<boolean>;
}

/** Ids of clusters that say Ready and are not, of those whose turn it is. */
export async function unhealthyClusters(context: HealthSweepContext): Promise<readonly string[]> {
  const { items } = await context.store.list<Cluster>(clusters);
  const turn = Math.floor(context.now().getTime() / 60_000) % turns;
  const due = items.filter(saysReady).filter(({ metadata }) => turnOf(metadata.name) === turn);
  const stale: string[] = [];
  await keepBusy<Cluster>({
    slots,
    lookEveryMs: 1_000,
    take: async (free) => due.splice(0, free),
    run: async (cluster) => {
      const clusterId = cluster.metadata.name;
      const through = peersReaching(cluster).length === 0 ? undefined : await context.throughPeers(cluster);
      const downstream: typeof context.downstream = (id, path, init) =>
        context.downstream(id, path, { ...init, through });
      const problem = await readyzProblem({ downstream }, clusterId);
      if (problem !== undefined && !(await context.isReturning(clusterId))) stale.push(clusterId);
    },
  });
  return stale;
}

/** A disconnected cluster costs no work, and its tunnel object is not woken. */
function saysReady({ metadata, status }: Cluster): boolean {
  const is = (type: string): boolean => conditionStatus(status?.conditions, type) === "True";
  return metadata.deletionTimestamp === undefined && is("Connected") && is("Ready");
}
