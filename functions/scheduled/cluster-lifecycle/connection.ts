/** Is the agent there? Conditions Provisioned, Pending, Connected and, on loss, Ready (controllers.md 4.1). */
import { clusters } from "../../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../../schema/resources/management.cattle.io/clusters.ts";
import { connectionKey, isDirect } from "../../store/cluster-connection.ts";
import { peersReaching } from "../../store/peers.ts";
import { conditionStatus } from "../conditions.ts";
import type { ConditionChange } from "../conditions.ts";
import { proceed, stop } from "../controller.ts";
import type { ReconcileContext, Step } from "../controller.ts";
import { health } from "./health.ts";
import { setConditions } from "./set-conditions.ts";
import { asking, connectedThrough, wayThroughPeers } from "./through-peers.ts";
import { usedSessions } from "./tunnel-news.ts";

/** How soon a session that does not answer `/ping` is asked again. */
const pingRetryMs = 3_000;

/** Reasons and messages that clients show (norman-v3.md 4.3). */
const disconnected = { reason: "Disconnected", message: "Cluster agent is not connected" } as const;
/** Of a cluster without an agent. */
const unreachable = { reason: "Disconnected", message: "Cluster API endpoint does not answer" } as const;
/** Nobody tells when such a one comes back, or one of a peer. */
const silentRetryMs = 60_000;

export const connection: Step = {
  name: "connection",
  async run(context, clusterId) {
    const cluster = await context.store.get<Cluster>(clusters, "", clusterId);
    // The connect handshake writes the driver: without it no agent ever came, and the tunnel object is not woken.
    const known = cluster.status?.driver !== undefined && cluster.status.driver !== "";
    const direct = known && isDirect(cluster);
    const found = known ? await look(context, cluster, direct) : "absent";
    const through = found === "absent" ? await wayThroughPeers(context, cluster) : undefined;
    if (
      through !== undefined &&
      (await answers(asking(context, through), clusterId, pathOf(through.steve)))
    ) {
      await setConditions(context, clusterId, [...provisionedChanges, connectedThrough(through)]);
      const healthy = await health.run(asking(context, through), clusterId);
      // What the other steps would write is the other installation's to write.
      return healthy.next === "continue" ? stop : healthy;
    }
    if (!known && peersReaching(cluster).length === 0) return stop;
    await setConditions(
      context,
      clusterId,
      found === "answers" ? connectedChanges : lostChanges(cluster, direct ? unreachable : disconnected),
    );
    switch (found) {
      case "answers":
        return proceed;
      case "silent":
        return direct
          ? { next: "requeue", afterMs: silentRetryMs, reason: "the API endpoint does not answer" }
          : { next: "requeue", afterMs: pingRetryMs, reason: "agent does not answer" };
      case "absent":
        return through === undefined
          ? stop
          : { next: "requeue", afterMs: silentRetryMs, reason: "it does not answer through its peer" };
      default:
        return found satisfies never;
    }
  },
};

/** Asks twice: of several sessions, the one that was asked may have ended just then. */
async function look(
  context: ReconcileContext,
  cluster: Cluster,
  direct: boolean,
): Promise<"answers" | "silent" | "absent"> {
  const clusterId = cluster.metadata.name;
  const key = await connectionKey(cluster);
  for (let count = 0; count < 2; count++) {
    const used = await usedSessions(context.env, clusterId, key);
    if (used.length === 0 && !direct) return "absent";
    const path = pathOf(used.some(({ kind }) => kind === "steve"));
    if (await answers(context, clusterId, path)) return "answers";
  }
  return "silent";
}

/** Without Steve, what answers is the cluster's kube-apiserver, by TLS of ours: it knows no /ping. */
function pathOf(steve: boolean): string {
  return steve ? "/ping" : "/version";
}

const provisionedChanges: readonly ConditionChange[] = [
  { type: "Pending", status: "True" },
  { type: "Provisioned", status: "True" },
];
const connectedChanges: readonly ConditionChange[] = [
  ...provisionedChanges,
  { type: "Connected", status: "True" },
];

/** A cluster that was never Ready keeps waiting; one that was becomes unavailable. */
function lostChanges(
  cluster: Cluster,
  why: typeof disconnected | typeof unreachable,
): readonly ConditionChange[] {
  const changes: ConditionChange[] = [...provisionedChanges, { type: "Connected", status: "False", ...why }];
  const ready = conditionStatus(cluster.status?.conditions, "Ready");
  if (ready !== undefined) changes.push({ type: "Ready", status: "False", ...why });
  return changes;
}

async function answers(context: ReconcileContext, clusterId: string, path: string): Promise<boolean> {
  try {
    const answer = await context.downstream(clusterId, path, { timeoutMs: 5_000 });
    await answer.body?.cancel();
    return answer.status === 200;
  } catch {
    return false;
  }
}
