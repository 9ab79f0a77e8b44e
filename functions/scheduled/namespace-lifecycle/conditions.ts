/** What a Namespace says of its end, in the words of kube-controller-manager's namespace controller. Pure. */
import type { Namespace } from "../../../schema/resources/core/namespaces.ts";
import { timestamp } from "../../../schema/store/metadata.ts";
import type { Remaining } from "./content.ts";

type Condition = NonNullable<NonNullable<Namespace["status"]>["conditions"]>[number];

/** All five, and whatever else was there. The time of one moves with its status. */
export function conditionsOf(
  held: readonly Condition[],
  remaining: Remaining,
  failures: readonly string[],
  now: Date,
): Condition[] {
  const wanted = [
    condition(
      "NamespaceDeletionDiscoveryFailure",
      "ResourcesDiscovered",
      "All resources successfully discovered",
    ),
    condition(
      "NamespaceDeletionGroupVersionParsingFailure",
      "ParsedGroupVersions",
      "All legacy kube types successfully parsed",
    ),
    failures.length === 0
      ? condition(
          "NamespaceDeletionContentFailure",
          "ContentDeleted",
          "All content successfully deleted, may be waiting on finalization",
        )
      : condition(
          "NamespaceDeletionContentFailure",
          "ContentDeletionFailed",
          `Failed to delete all resource types, ${failures.length} remaining: ${failures.toSorted().join(", ")}`,
          true,
        ),
    remaining.types.size === 0
      ? condition("NamespaceContentRemaining", "ContentRemoved", "All content successfully removed")
      : condition(
          "NamespaceContentRemaining",
          "SomeResourcesRemain",
          `Some resources are remaining: ${listed(remaining.types, (type, count) => `${resourceOf(type)} has ${count} resource instances`)}`,
          true,
        ),
    remaining.finalizers.size === 0
      ? condition(
          "NamespaceFinalizersRemaining",
          "ContentHasNoFinalizers",
          "All content-preserving finalizers finished",
        )
      : condition(
          "NamespaceFinalizersRemaining",
          "SomeFinalizersRemain",
          `Some content in the namespace has finalizers remaining: ${listed(remaining.finalizers, (finalizer, count) => `${finalizer} in ${count} resource instances`)}`,
          true,
        ),
  ];
  const others = held.filter(({ type }) => !wanted.some((one) => one.type === type));
  return [...others, ...wanted.map((one) => inTime(held, one, now))];
}

function condition(type: string, reason: string, message: string, isTrue = false): Condition {
  return { type, status: isTrue ? "True" : "False", reason, message };
}

function inTime(held: readonly Condition[], wanted: Condition, now: Date): Condition {
  const old = held.find(({ type }) => type === wanted.type);
  const { lastTransitionTime = timestamp(now) } = old?.status === wanted.status ? old : {};
  const { type, status, reason = "", message = "" } = wanted;
  return { type, status, lastTransitionTime, reason, message };
}

/** Kubernetes writes `<plural>.<group>`, with the dot also where the group is the core one. */
function resourceOf(type: string): string {
  return type.includes(".") ? type : `${type}.`;
}

function listed(counts: ReadonlyMap<string, number>, line: (name: string, count: number) => string): string {
  return [...counts]
    .map(([name, count]) => line(name, count))
    .toSorted()
    .join(", ");
}
