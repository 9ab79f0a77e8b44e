/** Over how many objects the cluster's tunnel is spread: the agents that are too many in one move, without losing a stream. */
import { parseShards, shardsAnnotation } from "../../../schema/internal/tunnel-name.ts";
import { clusters } from "../../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../../schema/resources/management.cattle.io/clusters.ts";
import { proceed } from "../controller.ts";
import type { Step } from "../controller.ts";

export const spread: Step = {
  name: "spread",
  async run({ store, env }, clusterId) {
    const { metadata, status } = await store.get<Cluster>(clusters, "", clusterId);
    // No agent ever came: the tunnel object is not woken.
    if ((status?.driver ?? "") === "") return proceed;
    const wanted = metadata.annotations?.[shardsAnnotation];
    try {
      await env.TUNNEL.getByName(clusterId).spread(parseShards(wanted) ?? 1);
    } catch (error) {
      // Objects of an older version are not spread, and most clusters are not either.
      if (wanted !== undefined) throw error;
    }
    return proceed;
  },
};
