/** Cluster lifecycle: from the agent's first connect to Active, through loss and return, to removal. */
import type { KubeObject } from "../../../schema/object.ts";
import { shardsAnnotation } from "../../../schema/internal/tunnel-name.ts";
import { clusters, localCluster } from "../../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../../schema/resources/management.cattle.io/clusters.ts";
import { typeKey } from "../../../schema/resource.ts";
import type { Controller } from "../controller.ts";
import { connection } from "./connection.ts";
import { health } from "./health.ts";
import { identity } from "./identity.ts";
import { ownerBinding } from "./owner-binding.ts";
import { removal } from "./removal.ts";
import { spread } from "./spread.ts";

export const clusterLifecycle: Controller = {
  name: "cluster-lifecycle",
  watches: [{ type: typeKey(clusters), keys }],
  steps: [removal, spread, connection, ownerBinding, health, identity],
};

/** Tunnel events enqueue the rest; the controller's own status writes must not, or it would never rest. */
function keys(before: KubeObject | undefined, after: KubeObject | undefined): readonly string[] {
  if (after === undefined || after.metadata.name === localCluster) return [];
  const was = before === undefined ? "" : relevant(before);
  return was === relevant(after) ? [] : [after.metadata.name];
}

function relevant(cluster: Cluster): string {
  const { status } = cluster;
  return JSON.stringify([
    cluster.metadata.deletionTimestamp,
    cluster.metadata.annotations?.[shardsAnnotation],
    status?.driver,
    status?.apiEndpoint,
    status?.caCert,
    status?.serviceAccountTokenSecret,
    status?.clusterIdentity,
  ]);
}
