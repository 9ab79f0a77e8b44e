/** What the types of operation.cattle.io/v1alpha1 share (controllers.md 5.9): a change of a cluster that is made once. */
import { once } from "../../structural/once.ts";
import { atomic, boolean, dateTime, int64, limit, object, oneOf, string } from "../../structural/shapes.ts";
import { ageColumn, column } from "../columns.ts";
import { clusterIndexed, keyedConditions } from "../rke.cattle.io/group.ts";

export const operation = {
  group: "operation.cattle.io",
  version: "v1alpha1",
  scope: "Namespaced",
  categories: ["operations"],
  definitionLabels: clusterIndexed,
  statusSubresource: true,
} as const;

export const operationColumns = {
  cluster: column("Cluster", ".spec.clusterRef.name"),
  rest: [
    column("Paused", ".spec.paused"),
    column("Phase", ".status.phase"),
    column("Step", ".status.step"),
    ageColumn(),
  ],
} as const;

export const objectReference = once(() =>
  atomic(
    object({
      apiVersion: string,
      fieldPath: string,
      kind: string,
      name: string,
      namespace: string,
      resourceVersion: string,
      uid: string,
    }),
  ),
);

export const operationSpec = once(
  () => ({ clusterRef: objectReference(), paused: boolean, ttl: int64 }) as const,
);

/** `steps`: in the order in which they are taken. */
export function operationStatus<const Steps extends readonly string[]>(...steps: Steps) {
  return object({
    conditions: limit(keyedConditions(), { maxItems: 32 }),
    lastUpdated: dateTime,
    observedGeneration: limit(int64, { minimum: 1 }),
    phase: oneOf("Pending", "InProgress", "Succeeded", "Failed", "Canceled"),
    step: oneOf(...steps),
  });
}
