/** What a main session's handshake writes on its cluster (tunnel.md 2.5): nothing when nothing changed. */
import type { ClusterRegistration } from "../../../schema/internal/context.ts";
import { secretText, secrets, toBase64 } from "../../../schema/resources/core/secrets.ts";
import type { Secret } from "../../../schema/resources/core/secrets.ts";
import { clusters } from "../../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../../schema/resources/management.cattle.io/clusters.ts";
import { isStoreError } from "../../../schema/store/errors.ts";
import type { BoundStore } from "../../../schema/store/store.ts";
import { credentialLabel, credentialNamespace } from "../../scheduled/cluster-lifecycle/credentials.ts";
import { absentAsUndefined } from "../../store/absent.ts";

/** Clusters of other drivers have their endpoint from their provider, or from an administrator, and are reached without an agent. */
export const agentDrivers: readonly string[] = ["", "imported", "k3s", "k3os", "rancherd", "rke2"];

/**
 * Writes what a main session says, unless nothing of it is new. Of a cluster whose identity is known it writes nothing, and
 * answers "unproven": who has the registration token is not yet the cluster (tunnel.md 2.4).
 */
export async function register(
  store: BoundStore,
  cluster: Cluster,
  params: ClusterRegistration,
): Promise<"recorded" | "unproven"> {
  if (!(await changes(store, cluster, params))) return "recorded";
  if (cluster.status?.clusterIdentity !== undefined) return "unproven";
  await registerCluster(store, cluster, params);
  return "recorded";
}

/** Whether `registerCluster` has anything to write. */
export async function changes(
  store: BoundStore,
  { status = {} }: Cluster,
  params: ClusterRegistration,
): Promise<boolean> {
  const driver = status.driver ?? "";
  if (!agentDrivers.includes(driver)) return false;
  return (
    driver === "" ||
    status.apiEndpoint !== params.apiEndpoint ||
    status.caCert !== params.caCert ||
    (await storedToken(store, status.serviceAccountTokenSecret ?? "")) !== params.token
  );
}

/** For what is known to be true of the cluster, or of one that nobody knows yet. */
export async function registerCluster(
  store: BoundStore,
  cluster: Cluster,
  params: ClusterRegistration,
): Promise<void> {
  if (!(await changes(store, cluster, params))) return;
  const { metadata } = await store.create<Secret>(secrets, credentialSecret(cluster, params.token));
  let superfluous = metadata.name;
  try {
    superfluous = await recordConnection(store, cluster, params, metadata.name);
  } finally {
    // The one that was replaced, which Rancher forgets (tunnel.md 6, row 23), or the new one that nothing names.
    if (superfluous !== "") await deleteQuietly(store, superfluous);
  }
}

/** Answers with the Secret that the status names no longer: of two first connects, the second replaces the first's. */
async function recordConnection(
  store: BoundStore,
  cluster: Cluster,
  params: ClusterRegistration,
  newSecret: string,
): Promise<string> {
  let replaced = newSecret;
  await store.modify<Cluster>(
    clusters,
    "",
    cluster.metadata.name,
    (current) => {
      // Whoever removes the cluster has looked for its Secrets already.
      if (current.metadata.deletionTimestamp !== undefined) {
        replaced = newSecret;
        return undefined;
      }
      replaced = current.status?.serviceAccountTokenSecret ?? "";
      return {
        ...current,
        status: {
          ...current.status,
          driver: (current.status?.driver ?? "") === "" ? "imported" : (current.status?.driver ?? ""),
          apiEndpoint: params.apiEndpoint,
          caCert: params.caCert,
          serviceAccountTokenSecret: newSecret,
        },
      };
    },
    { subresource: "status" },
  );
  return replaced;
}

/** A steve session may come first: the driver alone says that an agent has come. */
export async function markConnected(store: BoundStore, cluster: Cluster): Promise<void> {
  if ((cluster.status?.driver ?? "") !== "") return;
  await store.modify<Cluster>(
    clusters,
    "",
    cluster.metadata.name,
    (current) =>
      (current.status?.driver ?? "") === ""
        ? { ...current, status: { ...current.status, driver: "imported" } }
        : undefined,
    { subresource: "status" },
  );
}

async function storedToken(store: BoundStore, name: string): Promise<string> {
  if (name === "") return "";
  const secret = await absentAsUndefined(store.get<Secret>(secrets, credentialNamespace, name));
  return secret === undefined ? "" : secretText(secret, "credential");
}

function credentialSecret(cluster: Cluster, token: string): Secret {
  const { name, uid = "" } = cluster.metadata;
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: "",
      generateName: "cluster-serviceaccounttoken-",
      namespace: credentialNamespace,
      labels: { [credentialLabel]: name },
      ownerReferences: [{ apiVersion: cluster.apiVersion, kind: "Cluster", name, uid }],
    },
    type: "Opaque",
    data: { credential: toBase64(token) },
  };
}

async function deleteQuietly(store: BoundStore, name: string): Promise<void> {
  try {
    await store.delete(secrets, credentialNamespace, name);
  } catch (error) {
    if (!isStoreError(error, "NotFound")) throw error;
  }
}
