/**
 * A cluster of which no agent is connected here, and that a peer has: users' requests go there (docs/design/peers.md), so it is connected,
 * and as well as it is through the peer. Nothing is written into it: that is left to the installation that its agent is connected to.
 */
import { clientKeyOf, clientKeysOf, includesCluster } from "../../../schema/internal/peers.ts";
import type { Cluster } from "../../../schema/resources/management.cattle.io/clusters.ts";
import type { BoundStore } from "../../../schema/store/store.ts";
import type { Env } from "../../env.ts";
import { throughPeers, usedPeers } from "../../store/peers.ts";
import type { ConditionChange } from "../conditions.ts";
import type { ReconcileContext, ThroughPeers } from "../controller.ts";

/** The way there; `undefined` when no peer that may be used for the cluster has it. */
export async function wayThroughPeers(
  { env, store }: { readonly env: Env; readonly store: BoundStore },
  { metadata: { name: clusterId }, status }: Cluster,
): Promise<ThroughPeers | undefined> {
  const keys = clientKeysOf(clusterId);
  const holding = await Promise.all(
    (await usedPeers(store))
      .filter(({ usedClusters }) => includesCluster(usedClusters, clusterId))
      .map(async ({ name }) => ({ name, held: await env.PEER.getByName(name).holds(keys) })),
  );
  const peers = holding.filter(({ held }) => held.length > 0);
  if (peers.length === 0) return undefined;
  return {
    peers: peers.map(({ name }) => name),
    steve: peers.some(({ held }) => held.includes(clientKeyOf(clusterId, "steve"))),
    clusterIdentity: status?.clusterIdentity,
  };
}

/** The same context for a cluster that is asked that way. */
export function asking(context: ReconcileContext, through: ThroughPeers): ReconcileContext {
  return {
    ...context,
    downstream: (clusterId, path, init) => context.downstream(clusterId, path, { ...init, through }),
  };
}

export function connectedThrough({ peers }: ThroughPeers): ConditionChange {
  return {
    type: "Connected",
    status: "True",
    reason: throughPeers.reason,
    message: throughPeers.message(peers),
  };
}
