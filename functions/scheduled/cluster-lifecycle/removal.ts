/**
 * DELETE of a cluster: its sessions close, its rows go, its finalizer last. Nothing is done in the target cluster:
 * the agent's credentials die with the rows, and the answer to DELETE says what to run there.
 */
import { clusters } from "../../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../../schema/resources/management.cattle.io/clusters.ts";
import { CLUSTER_FINALIZER } from "../../../schema/resources/management.cattle.io/clusters.ts";
import { clusterRegistrationTokens } from "../../../schema/resources/management.cattle.io/cluster-registration-tokens.ts";
import { tokens } from "../../../schema/resources/management.cattle.io/tokens.ts";
import { namespaces } from "../../../schema/resources/core/namespaces.ts";
import { secrets } from "../../../schema/resources/core/secrets.ts";
import type { KubeObject } from "../../../schema/object.ts";
import type { ResourceDefinition } from "../../../schema/resource.ts";
import { isStoreError } from "../../../schema/store/errors.ts";
import type { ListFilter } from "../../../schema/store/reader.ts";
import { deleteToken, listExtensionTokens } from "../../identity/token-records.ts";
import { proceed, stop } from "../controller.ts";
import type { ReconcileContext, Step } from "../controller.ts";
import { credentialLabel, credentialNamespace } from "./credentials.ts";

export const removal: Step = {
  name: "removal",
  async run(context, clusterId) {
    const cluster = await find<Cluster>(context, clusters, "", clusterId);
    if (cluster === undefined) return stop;
    if (cluster.metadata.deletionTimestamp === undefined) return proceed;
    if (!cluster.metadata.finalizers?.includes(CLUSTER_FINALIZER)) return stop;

    // The registration token goes first: an agent that reconnects from here on is refused.
    await deleteAll(context, clusterRegistrationTokens, { namespace: clusterId });
    await deleteAll(context, secrets, { namespace: clusterId });
    await deleteAll(context, tokens, { index: { field: "clusterName", value: clusterId } });
    for (const { clusterName, metadata } of await listExtensionTokens(context.store))
      if (clusterName === clusterId) await deleteToken(context.store, metadata.name);
    const credential = cluster.status?.serviceAccountTokenSecret;
    if (credential !== undefined && credential !== "") {
      await remove(context, secrets, credentialNamespace, credential);
    }
    // Also what a handshake that failed half-way left, named by no status.
    const labels = { [credentialLabel]: clusterId };
    await deleteAll(context, secrets, { namespace: credentialNamespace, labels });
    if (cluster.status?.driver !== undefined && cluster.status.driver !== "") {
      await context.env.TUNNEL.getByName(clusterId).closeSessions("cluster deleted");
    }
    await remove(context, namespaces, "", clusterId);
    await context.store.modify<Cluster>(clusters, "", clusterId, (current) => ({
      ...current,
      metadata: {
        ...current.metadata,
        finalizers: (current.metadata.finalizers ?? []).filter(
          (finalizer) => finalizer !== CLUSTER_FINALIZER,
        ),
      },
    }));
    return stop;
  },
};

async function deleteAll(
  context: ReconcileContext,
  definition: ResourceDefinition,
  selection: ListFilter,
): Promise<void> {
  const { items } = await context.store.list(definition, selection);
  for (const item of items) {
    await remove(context, definition, item.metadata.namespace ?? "", item.metadata.name);
  }
}

async function remove(
  context: ReconcileContext,
  definition: ResourceDefinition,
  namespace: string,
  name: string,
): Promise<void> {
  try {
    await context.store.delete(definition, namespace, name);
  } catch (error) {
    if (!isStoreError(error, "NotFound")) throw error;
  }
}

async function find<T extends KubeObject>(
  context: ReconcileContext,
  definition: ResourceDefinition<T>,
  namespace: string,
  name: string,
): Promise<T | undefined> {
  try {
    return await context.store.get<T>(definition, namespace, name);
  } catch (error) {
    if (isStoreError(error, "NotFound")) return undefined;
    throw error;
  }
}
