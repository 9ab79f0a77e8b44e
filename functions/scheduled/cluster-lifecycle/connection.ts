/** Is the agent there? Conditions Provisioned, Pending, Connected and, on loss, Ready (controllers.md 4.1). */
import { clusters } from "../../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../../schema/resources/management.cattle.io/clusters.ts";
import { connectionKey, isDirect } from "../../store/cluster-connection.ts";
import { conditionStatus, withConditions } from "../conditions.ts";
import type { ConditionChange } from "../conditions.ts";
import { proceed, stop } from "../controller.ts";
import type { ReconcileContext, Step } from "../controller.ts";
import { usedSessions } from "./tunnel-news.ts";

/** How soon a session that does not answer `/ping` is asked again. */
const pingRetryMs = 3_000;

/** Reasons and messages that clients show (norman-v3.md 4.3). */
const disconnected = { reason: "Disconnected", message: "Cluster agent is not connected" } as const;
/** Of a cluster without an agent. */
const unreachable = { reason: "Disconnected", message: "Cluster API endpoint does not answer" } as const;
/** Nobody tells when such a one comes back. */
const directRetryMs = 60_000;

export const connection: Step = {
  name: "connection",
  async run(context, clusterId) {
    const cluster = await context.store.get<Cluster>(clusters, "", clusterId);
    // The connect handshake writes the driver: without it no agent ever came, and the tunnel object is not woken.
    if (cluster.status?.driver === undefined || cluster.status.driver === "") return stop;

    const direct = isDirect(cluster);
    const found = await look(context, cluster, direct);
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
          ? { next: "requeue", afterMs: directRetryMs, reason: "the API endpoint does not answer" }
          : { next: "requeue", afterMs: pingRetryMs, reason: "agent does not answer" };
      case "absent":
        return stop;
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
    // Without Steve, what answers is the cluster's kube-apiserver, by TLS of ours: it knows no /ping.
    const path = used.some(({ kind }) => kind === "steve") ? "/ping" : "/version";
    if (await answers(context, clusterId, path)) return "answers";
  }
  return "silent";
}

const connectedChanges: readonly ConditionChange[] = [
  { type: "Pending", status: "True" },
  { type: "Provisioned", status: "True" },
  { type: "Connected", status: "True" },
];

/** A cluster that was never Ready keeps waiting; one that was becomes unavailable. */
function lostChanges(
  cluster: Cluster,
  why: typeof disconnected | typeof unreachable,
): readonly ConditionChange[] {
  const changes: ConditionChange[] = [
    { type: "Pending", status: "True" },
    { type: "Provisioned", status: "True" },
    { type: "Connected", status: "False", ...why },
  ];
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

/** Writes the status only when a condition really changes: a steady state writes nothing (design 7). */
export async function setConditions(
  context: ReconcileContext,
  clusterId: string,
  changes: readonly ConditionChange[],
  more?: (status: NonNullable<Cluster["status"]>) => NonNullable<Cluster["status"]>,
): Promise<void> {
  await context.store.modify<Cluster>(
    clusters,
    "",
    clusterId,
    (current) => {
      const status = current.status ?? {};
      const conditions = withConditions(status.conditions, changes, context.now());
      const next = more === undefined ? status : more(status);
      if (conditions === status.conditions && next === status) return undefined;
      return { ...current, status: { ...next, conditions: [...conditions] } };
    },
    { subresource: "status" },
  );
}
