/** Conditions of a cluster, as the lifecycle's steps write them. */
import { clusters } from "../../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../../schema/resources/management.cattle.io/clusters.ts";
import { withConditions } from "../conditions.ts";
import type { ConditionChange } from "../conditions.ts";
import type { ReconcileContext } from "../controller.ts";

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
