/** From a registration token to its cluster (tunnel.md 2.11): found by hash, then everything else must still hold. */
import { sha256Hex } from "../../../schema/auth/token-secret.ts";
import { secrets } from "../../../schema/resources/core/secrets.ts";
import type { Secret } from "../../../schema/resources/core/secrets.ts";
import {
  clusterRegistrationTokens,
  registrationSecretName,
} from "../../../schema/resources/management.cattle.io/cluster-registration-tokens.ts";
import type { ClusterRegistrationToken } from "../../../schema/resources/management.cattle.io/cluster-registration-tokens.ts";
import { clusters } from "../../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../../schema/resources/management.cattle.io/clusters.ts";
import type { BoundStore } from "../../../schema/store/store.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { countingTokens } from "./token-times.ts";

export interface Registration {
  readonly clusterId: string;
  readonly cluster: Cluster;
  /** The text of the token that has the hash. */
  readonly token: string;
}

/**
 * `sha256` in lower-case hex. The lookup goes by the hash alone, so its time tells nothing about stored tokens.
 * `undefined`: unknown, past its grace time, its ClusterRegistrationToken deleted (revoked), or its cluster going.
 */
export async function findRegistrationToken(
  store: BoundStore,
  sha256: string,
  now: Date = new Date(),
): Promise<Registration | undefined> {
  const { items } = await store.list<Secret>(secrets, {
    index: { field: "registrationToken", value: sha256 },
  });
  for (const secret of items) {
    const token = await validToken(secret, sha256, now);
    const clusterId = secret.metadata.namespace ?? "";
    if (token === undefined || clusterId === "") continue;
    const cluster = await clusterOf(store, clusterId, secret.metadata.name);
    if (cluster !== undefined) return { clusterId, cluster, token };
  }
  return undefined;
}

/** The text that has the hash, while it counts: the index alone is not believed. */
async function validToken(secret: Secret, sha256: string, now: Date): Promise<string | undefined> {
  for (const { text } of countingTokens(secret, now.getTime()))
    if ((await sha256Hex(text)) === sha256) return text;
  return undefined;
}

async function clusterOf(
  store: BoundStore,
  clusterId: string,
  secretName: string,
): Promise<Cluster | undefined> {
  // One after the other: at once they would need a second connection, which costs more than either, for each of a thousand agents.
  const cluster = await absentAsUndefined(store.get<Cluster>(clusters, "", clusterId));
  const { items } = await store.list<ClusterRegistrationToken>(clusterRegistrationTokens, {
    namespace: clusterId,
  });
  const live = items.some(
    ({ metadata }) =>
      registrationSecretName(metadata.name) === secretName && metadata.deletionTimestamp === undefined,
  );
  return live && cluster !== undefined && cluster.metadata.deletionTimestamp === undefined
    ? cluster
    : undefined;
}
