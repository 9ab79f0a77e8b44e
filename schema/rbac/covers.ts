/**
 * The "covers" test against escalation, as Kubernetes' own: wanted rules are broken into single (namespace, verb, group,
 * resource, name) tuples, and ONE held rule must cover each whole tuple. Pure.
 */
import { coversPath, coversResource } from "./evaluate.ts";
import type { ScopedRule } from "./types.ts";

/** The wanted tuples that no held rule covers, as rules with one value in each member. Empty: nothing is gained. */
export function uncovered(held: readonly ScopedRule[], wanted: readonly ScopedRule[]): ScopedRule[] {
  return wanted.flatMap(tuples).filter((tuple) => !held.some((rule) => covers(rule, tuple)));
}

function tuples({ namespaces, ...rule }: ScopedRule): ScopedRule[] {
  if (namespaces !== undefined)
    return namespaces.flatMap((namespace) =>
      tuples(rule).map((tuple) => ({ ...tuple, namespaces: [namespace] })),
    );
  const names = rule.resourceNames ?? [];
  return rule.verbs.flatMap((verb) => [
    ...(rule.apiGroups ?? []).flatMap((group) =>
      (rule.resources ?? []).flatMap((resource): ScopedRule[] => {
        const tuple = { verbs: [verb], apiGroups: [group], resources: [resource] };
        return names.length === 0 ? [tuple] : names.map((name) => ({ ...tuple, resourceNames: [name] }));
      }),
    ),
    ...(rule.nonResourceURLs ?? []).map((url) => ({ verbs: [verb], nonResourceURLs: [url] })),
  ]);
}

/** A wanted `*` is covered by a held `*` alone: a list of all verbs known today is less. */
function covers(held: ScopedRule, tuple: ScopedRule): boolean {
  const [url] = tuple.nonResourceURLs ?? [];
  if (!reaches(held.namespaces, tuple.namespaces)) return false;
  if (!holds(held.verbs, tuple.verbs)) return false;
  if (url !== undefined) return (held.nonResourceURLs ?? []).some((pattern) => coversPath(pattern, url));
  const [resource = ""] = tuple.resources ?? [];
  const [name] = tuple.resourceNames ?? [];
  const names = held.resourceNames ?? [];
  return (
    holds(held.apiGroups, tuple.apiGroups) &&
    coversResource(held.resources, resource) &&
    (names.length === 0 || (name !== undefined && names.includes(name)))
  );
}

function holds(held: readonly string[] | undefined, wanted: readonly string[] | undefined): boolean {
  return held !== undefined && (held.includes("*") || (wanted ?? []).every((value) => held.includes(value)));
}

/** What holds everywhere is covered only by what holds everywhere, however many namespaces there are. */
function reaches(held: readonly string[] | undefined, wanted: readonly string[] | undefined): boolean {
  return (
    held === undefined || (wanted ?? [undefined]).every((one) => one !== undefined && held.includes(one))
  );
}
