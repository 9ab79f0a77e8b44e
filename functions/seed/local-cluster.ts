/**
 * The Cluster `local`: the management store itself, which clients of the ecosystem expect among the clusters (controllers.md
 * 1.4). No agent holds it and nothing is to be done for it: no registration token, no lifecycle.
 */
import { namespaces } from "../../schema/resources/core/namespaces.ts";
import type { Namespace } from "../../schema/resources/core/namespaces.ts";
import { clusters, localCluster } from "../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../schema/resources/management.cattle.io/clusters.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { conditionStatus, withConditions } from "../scheduled/conditions.ts";
import { ensure } from "./ensure.ts";

const apiVersion = "management.cattle.io/v3";
const kind = "Cluster";

/** What somebody writes into its spec later stays. `dockerRootDir`: of the setting. */
export async function seedLocalCluster(store: BoundStore, dockerRootDir: string): Promise<void> {
  const name = localCluster;
  await ensure<Cluster>(store, clusters, [
    {
      apiVersion,
      kind,
      metadata: { name },
      spec: { internal: true, displayName: name, fleetWorkspaceName: "fleet-local", dockerRootDir },
    },
  ]);
  const { metadata } = await store.modify<Cluster>(
    clusters,
    "",
    name,
    (current) => {
      if (conditionStatus(current.status?.conditions, "Ready") !== undefined) return undefined;
      const conditions = withConditions([], [{ type: "Ready", status: "True" }], new Date());
      return { ...current, status: { ...current.status, driver: "local", conditions: [...conditions] } };
    },
    { subresource: "status" },
  );
  await ensure<Namespace>(store, namespaces, [
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, ownerReferences: [{ apiVersion, kind, name, uid: metadata.uid ?? "" }] },
    },
  ]);
}
