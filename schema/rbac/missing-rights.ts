/** What a writer would give without having it, in kube-apiserver's words (registry/rbac/validation). Pure. */
import { uncovered } from "./covers.ts";
import type { PolicyRule, RbacSubject, ScopedRule } from "./types.ts";

/** `undefined`: everything that is wanted is held. */
export function escalationProblem(
  subject: RbacSubject,
  held: readonly ScopedRule[],
  wanted: readonly ScopedRule[],
): string | undefined {
  const missing = uncovered(held, wanted);
  if (missing.length === 0) return undefined;
  const groups = subject.groups.map((group) => JSON.stringify(group)).join(" ");
  const who = `user ${JSON.stringify(subject.user)} (groups=[${groups}])`;
  const lines = [...new Set(compacted(missing).map(describeRule))].toSorted();
  return `${who} is attempting to grant RBAC permissions not currently held:\n${lines.join("\n")}`;
}

/** Tuples that differ in their verb alone as one rule. */
function compacted(rules: readonly PolicyRule[]): PolicyRule[] {
  const byObject = new Map<string, PolicyRule>();
  for (const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } of rules) {
    const what = {
      ...(apiGroups === undefined ? {} : { apiGroups }),
      ...(resources === undefined ? {} : { resources }),
      ...(resourceNames === undefined ? {} : { resourceNames }),
      ...(nonResourceURLs === undefined ? {} : { nonResourceURLs }),
    };
    // Paths are listed verb by verb, as kube-apiserver does.
    const key = JSON.stringify(nonResourceURLs === undefined ? what : [what, verbs]);
    const known = byObject.get(key)?.verbs ?? [];
    byObject.set(key, { ...what, verbs: [...new Set([...known, ...verbs])] });
  }
  return [...byObject.values()];
}

/** `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}` */
export function describeRule(rule: PolicyRule): string {
  const parts: [string, readonly string[] | undefined][] = [
    ["APIGroups", rule.apiGroups],
    ["Resources", rule.resources],
    ["NonResourceURLs", rule.nonResourceURLs],
    ["ResourceNames", rule.resourceNames],
    ["Verbs", rule.verbs],
  ];
  const shown = parts
    .filter(([, values]) => values !== undefined && values.length > 0)
    .map(([name, values = []]) => `${name}:[${values.map((value) => JSON.stringify(value)).join(" ")}]`);
  return `{${shown.join(", ")}}`;
}
