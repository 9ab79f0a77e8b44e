/** Keeps the rules of aggregated ClusterRoles equal to those of the roles they select (Kubernetes' controller of that name). */
import type { KubeObject } from "../../schema/object.ts";
import { aggregatedRules, keyOf } from "../../schema/rbac/aggregate.ts";
import { typeKey } from "../../schema/resource.ts";
import { clusterRoles } from "../../schema/resources/rbac.authorization.k8s.io/cluster-roles.ts";
import type { ClusterRole } from "../../schema/resources/rbac.authorization.k8s.io/cluster-roles.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { proceed } from "./controller.ts";
import type { Controller } from "./controller.ts";

/** Any role may be selected by any other: one key looks at all of them. */
const allRoles = "all";
/** Roles that gather gathering ones settle in as many rounds as they are deep; what then goes on changing goes in circles. */
const maxRounds = 10;

export const clusterRoleAggregation: Controller = {
  name: "cluster-role-aggregation",
  watches: [
    {
      type: typeKey(clusterRoles),
      keys: (before, after) => (whatCounts(before) === whatCounts(after) ? [] : [allRoles]),
    },
  ],
  steps: [
    {
      name: "rules",
      async run({ store }) {
        for (let round = 0; round < maxRounds; round++) if (!(await unite(store))) break;
        return proceed;
      },
    },
  ],
};

function whatCounts(object: KubeObject | undefined): string {
  const { metadata, rules, aggregationRule } = (object ?? {}) as Partial<ClusterRole>;
  return JSON.stringify([metadata?.labels, rules, aggregationRule]);
}

/** Whether anything changed. */
async function unite(store: BoundStore): Promise<boolean> {
  const { items } = await store.list<ClusterRole>(clusterRoles);
  let changed = false;
  for (const role of items) {
    if (role.aggregationRule === undefined) continue;
    const rules = aggregatedRules(role, items) as NonNullable<ClusterRole["rules"]>;
    if (sameRules(role.rules ?? [], rules)) continue;
    changed = true;
    await store.modify<ClusterRole>(clusterRoles, "", role.metadata.name, (current) =>
      current.aggregationRule === undefined ? undefined : { ...current, rules },
    );
  }
  return changed;
}

function sameRules(a: NonNullable<ClusterRole["rules"]>, b: NonNullable<ClusterRole["rules"]>): boolean {
  return JSON.stringify(a.map(keyOf)) === JSON.stringify(b.map(keyOf));
}
