/** How a cluster's kube-apiserver is reached, of its row and of the Secret that this names: for its tunnel object alone. */
import type { ClusterConnection } from "../../schema/internal/rpc.ts";
import { secretText, secrets } from "../../schema/resources/core/secrets.ts";
import type { Secret } from "../../schema/resources/core/secrets.ts";
import { sha256Hex } from "../../schema/auth/token-secret.ts";
import { clusters, localCluster } from "../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../schema/resources/management.cattle.io/clusters.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { agentDrivers } from "../http/connect/register-cluster.ts";
import { credentialNamespace } from "../scheduled/cluster-lifecycle/credentials.ts";
import { absentAsUndefined } from "./absent.ts";

/** `null` while something of it is missing, and for a cluster that is going. */
export async function clusterConnection(
  store: BoundStore,
  clusterId: string,
): Promise<ClusterConnection | null> {
  const cluster = await absentAsUndefined(store.get<Cluster>(clusters, "", clusterId));
  if (cluster === undefined || cluster.metadata.deletionTimestamp !== undefined) return null;
  const { apiEndpoint = "", caCert = "", serviceAccountTokenSecret = "" } = cluster.status ?? {};
  if (apiEndpoint === "" || caCert === "" || serviceAccountTokenSecret === "") return null;
  const secret = await absentAsUndefined(
    store.get<Secret>(secrets, credentialNamespace, serviceAccountTokenSecret),
  );
  const token = secret === undefined ? "" : secretText(secret, "credential");
  if (token === "") return null;
  return { endpoint: apiEndpoint, ca: pemOf(caCert), token, direct: isDirect(cluster) };
}

/** Its kube-apiserver is reached without an agent: no agent may write where that is (tunnel.md 4.3). */
export function isDirect({ metadata, status }: Cluster): boolean {
  return metadata.name !== localCluster && !agentDrivers.includes(status?.driver ?? "");
}

/** Changes when what `clusterConnection` answers may have changed. */
export function connectionKey({ status }: Cluster): Promise<string> {
  const { apiEndpoint, caCert, driver, serviceAccountTokenSecret } = status ?? {};
  return sha256Hex(JSON.stringify([driver, apiEndpoint, caCert, serviceAccountTokenSecret]));
}

/** Agents send base64 of a PEM bundle; who writes the row by hand may give the bundle itself. */
function pemOf(caCert: string): string {
  if (caCert.includes("-----BEGIN")) return caCert;
  try {
    return atob(caCert.replaceAll(/\s/g, ""));
  } catch {
    return "";
  }
}
