/** The rules of an aggregated ClusterRole, as Kubernetes' aggregation controller unites them. Pure. */
import { labelSelectorOf, matchesLabels } from "../select/labels.ts";
import type { PolicyRule } from "./types.ts";

interface AggregatedRole {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>> | undefined;
  };
  readonly rules?: readonly PolicyRule[] | null | undefined;
  readonly aggregationRule?: { readonly clusterRoleSelectors?: readonly object[] | undefined } | undefined;
}

/**
 * For each selector in turn, the rules of the roles it finds in the order of their names, each rule once. `among` may hold
 * roles twice, others, and the role itself, which never counts. Throws SelectorError.
 */
export function aggregatedRules(role: AggregatedRole, among: readonly AggregatedRole[]): PolicyRule[] {
  const others = new Map(among.map((other) => [other.metadata.name, other]));
  others.delete(role.metadata.name);
  const sorted = [...others.values()].toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const rules = new Map<string, PolicyRule>();
  for (const object of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const selector = labelSelectorOf(object);
    for (const other of sorted) {
      if (!matchesLabels(selector, other.metadata.labels ?? {})) continue;
      for (const rule of other.rules ?? []) rules.set(keyOf(rule), rules.get(keyOf(rule)) ?? rule);
    }
  }
  return [...rules.values()];
}

/** Equal rules have equal keys, whatever the order of their members. */
export function keyOf({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule): string {
  return JSON.stringify(
    [verbs, apiGroups, resources, resourceNames, nonResourceURLs].map((one) => one ?? []),
  );
}
