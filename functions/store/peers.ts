/** Peers as their objects and the router need them: of the Peer, its Secret, and the clusters that are connected. */
import { constantTimeEqual } from "../../schema/auth/constant-time.ts";
import { sha256Hex } from "../../schema/auth/token-secret.ts";
import { allClusters, includesCluster } from "../../schema/internal/peers.ts";
import type { PeerSettings } from "../../schema/internal/peers.ts";
import { secretText, secrets } from "../../schema/resources/core/secrets.ts";
import type { Secret } from "../../schema/resources/core/secrets.ts";
import {
  minSecretLength,
  peerSecretKeys,
  peerSecretNamespace,
  peerSecretPrefix,
  peers,
} from "../../schema/resources/drover.io/peers.ts";
import type { Peer } from "../../schema/resources/drover.io/peers.ts";
import { clusters, localCluster } from "../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../schema/resources/management.cattle.io/clusters.ts";
import { isDnsSubdomain } from "../../schema/resources/names.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { conditionStatus } from "../scheduled/conditions.ts";
import { absentAsUndefined } from "./absent.ts";
import { isDirect } from "./cluster-connection.ts";

export interface KnownPeer {
  readonly name: string;
  /** Clusters for which requests may go to it. */
  readonly usedClusters: readonly string[];
}

/** Those that requests may go to. */
export async function usedPeers(store: BoundStore): Promise<readonly KnownPeer[]> {
  const { items } = await store.list<Peer>(peers);
  return items
    .filter(
      ({ metadata, spec }) =>
        metadata.deletionTimestamp === undefined && (spec.usedClusters ?? []).length > 0,
    )
    .map(({ metadata, spec }) => ({ name: metadata.name, usedClusters: spec.usedClusters ?? [] }));
}

/** `null` for a peer that is not there, or is going. */
export async function peerSettings(store: BoundStore, name: string): Promise<PeerSettings | null> {
  const peer = await findPeer(store, name);
  if (peer === undefined) return null;
  const secret = await absentAsUndefined(
    store.get<Secret>(secrets, peerSecretNamespace, peerSecretPrefix + name),
  );
  const text = (key: string): string => (secret === undefined ? "" : secretText(secret, key));
  const shown = [text(peerSecretKeys.incoming), text(peerSecretKeys.previous)];
  const secretHashes = await Promise.all(
    shown.filter(({ length }) => length >= minSecretLength).map((one) => sha256Hex(one)),
  );
  const { url, caCert = "", localId = "" } = peer.spec;
  const outgoing = text(peerSecretKeys.outgoing);
  return url === undefined || outgoing === ""
    ? { secretHashes }
    : { secretHashes, dial: { url, ca: caCert, localId, secret: outgoing } };
}

/** Hex SHA-256 of the secret that was shown, if it is that peer's, and no other's. Takes as long whatever is wrong. */
export async function provenPeer(
  store: BoundStore,
  name: string,
  shown: string,
): Promise<string | undefined> {
  const hash = await sha256Hex(shown);
  const settings = isDnsSubdomain(name) ? await peerSettings(store, name) : null;
  const utf8 = new TextEncoder();
  // One comparison more than there are secrets: who is unknown waits for one too.
  const known = [...(settings?.secretHashes ?? []), ""].map((one) =>
    constantTimeEqual(utf8.encode(one.padEnd(hash.length)), utf8.encode(hash)),
  );
  return known.includes(true) ? hash : undefined;
}

/** Ids of clusters that an agent is connected of, and that the peer may use. */
export async function peerOffers(store: BoundStore, name: string): Promise<readonly string[]> {
  const offered = (await findPeer(store, name))?.spec.offeredClusters ?? [];
  if (offered.length === 0) return [];
  const found = offered.includes(allClusters)
    ? (await store.list<Cluster>(clusters)).items
    : await Promise.all(offered.map((id) => absentAsUndefined(store.get<Cluster>(clusters, "", id))));
  return found.flatMap((cluster) =>
    cluster !== undefined && isConnected(cluster) && includesCluster(offered, cluster.metadata.name)
      ? [cluster.metadata.name]
      : [],
  );
}

/** How condition Connected says that no agent is connected here, and a peer has the cluster. */
export const throughPeers = {
  reason: "Peer",
  message: (peers: readonly string[]): string =>
    `Cluster is reached through ${peers.length === 1 ? "peer" : "peers"} ${peers.join(", ")}`,
};

/** The peers that the cluster is said to be reached through; none when its agent is connected, or it is not reached. */
export function peersReaching({ status }: Cluster): readonly string[] {
  const connected = status?.conditions?.find(({ type }) => type === "Connected");
  if (connected?.status !== "True" || connected.reason !== throughPeers.reason) return [];
  return /through peers? (.+)$/.exec(connected.message ?? "")?.[1]?.split(", ") ?? [];
}

/** By an agent: others have no session that a peer could use, and what comes from a peer goes to no other one. */
export function isConnected(cluster: Cluster): boolean {
  return (
    cluster.metadata.name !== localCluster &&
    cluster.metadata.deletionTimestamp === undefined &&
    !isDirect(cluster) &&
    peersReaching(cluster).length === 0 &&
    conditionStatus(cluster.status?.conditions, "Connected") === "True"
  );
}

async function findPeer(store: BoundStore, name: string): Promise<Peer | undefined> {
  const peer = await absentAsUndefined(store.get<Peer>(peers, "", name));
  return peer?.metadata.deletionTimestamp === undefined ? peer : undefined;
}
