/**
 * Peers (docs/design/peers.md): their objects hear of every change, and their conditions say what became of it. Keys: a peer's
 * name, and `*` when a cluster came or went that a peer may use.
 */
import { typeKey } from "../../schema/resource.ts";
import type { KubeObject } from "../../schema/object.ts";
import { secrets } from "../../schema/resources/core/secrets.ts";
import {
  offeringIndex,
  peerSecretNamespace,
  peerSecretPrefix,
  peers,
} from "../../schema/resources/drover.io/peers.ts";
import type { Peer } from "../../schema/resources/drover.io/peers.ts";
import { clusters, localCluster } from "../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../schema/resources/management.cattle.io/clusters.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import type { Logger } from "../../schema/logger.ts";
import type { Env } from "../env.ts";
import type { PeerStatus } from "../../schema/internal/peers.ts";
import { clientKeysOf, clusterOfClient, includesCluster } from "../../schema/internal/peers.ts";
import { absentAsUndefined } from "../store/absent.ts";
import { isDirect } from "../store/cluster-connection.ts";
import { isConnected, peersReaching, usedPeers } from "../store/peers.ts";
import { withConditions } from "./conditions.ts";
import type { ConditionChange } from "./conditions.ts";
import { proceed, stop } from "./controller.ts";
import type { Controller, Step } from "./controller.ts";

const everyPeer = "*";

const offers: Step = {
  name: "offers",
  async run({ env, store }, key) {
    if (key !== everyPeer) return proceed;
    const { items } = await store.list<Peer>(peers, { index: { field: offeringIndex, value: "yes" } });
    await Promise.all(items.map(({ metadata }) => env.PEER.getByName(metadata.name).offersChanged()));
    return stop;
  },
};

const link: Step = {
  name: "link",
  async run({ env, store, now }, name) {
    const peer = await absentAsUndefined(store.get<Peer>(peers, "", name));
    const status = await env.PEER.getByName(name).configure();
    if (peer === undefined) return stop;
    const changes = conditionsOf(status);
    await absentAsUndefined(
      store.modify<Peer>(
        peers,
        "",
        name,
        (current) => {
          const conditions = withConditions(current.status?.conditions, changes, now());
          return conditions === current.status?.conditions
            ? undefined
            : { ...current, status: { ...current.status, conditions: [...conditions] } };
        },
        { subresource: "status" },
      ),
    );
    return stop;
  },
};

/** How long a peer that lost its session, or its agent, has to come back before its clusters show as disconnected. */
const returningMs = 20_000;

/** Clusters that came or went there, and that no agent here makes up for: their lifecycle looks. */
const reached: Step = {
  name: "reached",
  async run({ env, store, now, enqueue }, name) {
    const used = (await usedPeers(store)).find((peer) => peer.name === name)?.usedClusters;
    const { items } = await store.list<Cluster>(clusters);
    const here = items.filter((cluster) => mayBeReached(cluster, name, used));
    if (here.length === 0) return proceed;
    const keys = here.flatMap(({ metadata }) => clientKeysOf(metadata.name));
    const held = new Set(
      (await env.PEER.getByName(name).holds(keys)).map((key) => clusterOfClient(key).clusterId),
    );
    const rows = here.flatMap((cluster) => {
      const { name: key } = cluster.metadata;
      const has = held.has(key) && includesCluster(used, key);
      if (has === peersReaching(cluster).includes(name)) return [];
      return [{ controller: "cluster-lifecycle", key, runAt: now().getTime() + (has ? 0 : returningMs) }];
    });
    await enqueue(rows);
    return proceed;
  },
};

function mayBeReached(cluster: Cluster, peer: string, used: readonly string[] | undefined): boolean {
  const { name, deletionTimestamp } = cluster.metadata;
  if (name === localCluster || deletionTimestamp !== undefined) return false;
  if (peersReaching(cluster).includes(peer)) return true;
  return !isConnected(cluster) && !isDirect(cluster) && includesCluster(used, name);
}

function conditionsOf({ accepted, dialled }: PeerStatus): ConditionChange[] {
  const problem = dialled?.problem;
  return [
    { type: "Accepted", status: accepted.length > 0 ? "True" : "False" },
    {
      type: "Dialled",
      status: dialled?.open === true ? "True" : "False",
      ...(problem === undefined ? {} : { reason: "Disconnected", message: problem }),
    },
  ];
}

export const peerLinks: Controller = {
  name: "peers",
  watches: [
    { type: typeKey(peers), keys: ofPeer },
    { type: typeKey(secrets), keys: (before, after) => ofSecret(after ?? before) },
    {
      type: typeKey(clusters),
      keys: (before, after) =>
        connected(before) === connected(after)
          ? []
          : [{ key: everyPeer, when: { field: offeringIndex, value: "yes" } }],
    },
  ],
  steps: [offers, reached, link],
};

/** Cron: whatever became of their alarms, peers are dialled. They know themselves what they do already. */
export async function dialPeers(env: Env, store: BoundStore, log: Logger): Promise<boolean> {
  const { items } = await store.list<Peer>(peers);
  const dialled = items.filter(({ spec }) => spec.url !== undefined);
  const done = await Promise.all(
    dialled.map(async ({ metadata: { name } }) => {
      try {
        await env.PEER.getByName(name).offersChanged();
        return true;
      } catch (error) {
        log.warn("cannot reach a peer's object", { peer: name, error });
        return false;
      }
    }),
  );
  return !done.includes(false);
}

/** Not the status, which these steps write. */
function ofPeer(before: KubeObject | undefined, after: KubeObject | undefined): string[] {
  const what = (peer: KubeObject | undefined): string =>
    JSON.stringify([(peer as Peer | undefined)?.spec, peer?.metadata.deletionTimestamp]);
  const { name } = (after ?? before)?.metadata ?? {};
  return name === undefined || what(before) === what(after) ? [] : [name];
}

function ofSecret(secret: KubeObject | undefined): string[] {
  const { namespace, name = "" } = secret?.metadata ?? {};
  return namespace === peerSecretNamespace && name.startsWith(peerSecretPrefix)
    ? [name.slice(peerSecretPrefix.length)]
    : [];
}

function connected(cluster: KubeObject | undefined): boolean {
  return cluster !== undefined && isConnected(cluster);
}
