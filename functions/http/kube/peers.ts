/** Peers that a request may go to where no agent is connected (docs/design/peers.md). The list is kept in the isolate for 10 s. */
import { clientKeysOf, includesCluster } from "../../../schema/internal/peers.ts";
import type { Env } from "../../env.ts";
import { Remembered } from "../../remembered.ts";
import { usedPeers } from "../../store/peers.ts";
import type { KnownPeer } from "../../store/peers.ts";
import { systemStore } from "../context.ts";
import type { AppContext } from "../context.ts";

const maxAgeMs = 10_000;
const known = new Remembered<readonly KnownPeer[]>({ maxAgeMs });

/** Names of those that the operator lets be used for this cluster, whatever they hold just now. */
export async function peersFor(c: AppContext, clusterId: string): Promise<readonly string[]> {
  const peers = (await known.read("", () => usedPeers(systemStore(c, "cluster-router")))) ?? [];
  return peers.flatMap(({ name, usedClusters }) => (includesCluster(usedClusters, clusterId) ? [name] : []));
}

/** Clusters that are not known here, and that a peer had: when that was. */
const held = new Map<string, number>();
const maxHeld = 10_000;

/** Whether a peer had the cluster a moment ago, so that a hot request asks neither the database nor the peers' objects. */
export function wasHeld(peers: readonly string[], clusterId: string): boolean {
  return peers.length > 0 && Date.now() - (held.get(clusterId) ?? -Infinity) < maxAgeMs;
}

/** Whether any of them has the cluster: the tunnel of one that nobody has is not woken. */
export async function isHeld(env: Env, peers: readonly string[], clusterId: string): Promise<boolean> {
  const found = await anyHolds(env, peers, clusterId);
  if (held.size >= maxHeld) held.clear();
  if (found) held.set(clusterId, Date.now());
  else held.delete(clusterId);
  return found;
}

async function anyHolds(env: Env, peers: readonly string[], clusterId: string): Promise<boolean> {
  const keys = clientKeysOf(clusterId);
  const answers = await Promise.all(
    peers.map(async (peer) =>
      env.PEER.getByName(peer)
        .holds(keys)
        .catch(() => []),
    ),
  );
  return answers.some(({ length }) => length > 0);
}
