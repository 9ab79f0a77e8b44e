/** Which object of a cluster's tunnel an agent is given to (docs/design/tunnel.md, "Shards"). */
import { parseShards, shardsAnnotation, tunnelName } from "../../../schema/internal/tunnel-name.ts";
import type { Cluster } from "../../../schema/resources/management.cattle.io/clusters.ts";
import type { Env } from "../../env.ts";

/** The one with the fewest sessions of this kind. */
export async function placeAgent(env: Env, cluster: Cluster, kind: "main" | "steve"): Promise<string> {
  const id = cluster.metadata.name;
  const shards = parseShards(cluster.metadata.annotations?.[shardsAnnotation]) ?? 1;
  if (shards === 1) return id;
  const first = env.TUNNEL.getByName(id);
  // It must know of the others before one of them has a session: it is the one that is asked.
  await first.spread(shards);
  const { sessions } = await first.status();
  const held = Array.from({ length: shards }, () => 0);
  for (const session of sessions) {
    const shard = session.shard ?? 0;
    if (session.kind === kind && shard < shards) held[shard] = (held[shard] ?? 0) + 1;
  }
  return tunnelName(id, held.indexOf(Math.min(...held)));
}
