/**
 * `status` of a CustomResourceDefinition. kube-apiserver has controllers for it and needs seconds; here it is part of the
 * write, so that who made a type may use it at once. Pure.
 */
import { acceptNames } from "./crd-names.ts";
import { approvalOf, isCommunityGroup } from "./crd-approval.ts";
import { crdFinalizer, isConditionTrue } from "./custom-resource-definitions.schema.ts";
import type {
  CrdCondition,
  CrdStatus,
  CustomResourceDefinition,
} from "./custom-resource-definitions.schema.ts";

/** `others`: those of the same group, without itself. `now`: RFC 3339. */
export function statusOf(
  crd: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
  now: string,
): CrdStatus {
  const { spec, metadata, status = {} } = crd;
  const { accepted, conflict } = acceptNames(crd, others);
  let conditions = status.conditions ?? [];
  const set = (condition: CrdCondition): void => {
    conditions = withCondition(conditions, condition, now);
  };
  set(
    conflict === undefined
      ? { type: "NamesAccepted", status: "True", reason: "NoConflicts", message: "no conflicts found" }
      : { type: "NamesAccepted", status: "False", ...conflict },
  );
  // What is established stays so: others use it.
  if (!isConditionTrue(status, "Established"))
    set(
      conflict === undefined
        ? {
            type: "Established",
            status: "True",
            reason: "InitialNamesAccepted",
            message: "the initial names have been accepted",
          }
        : {
            type: "Established",
            status: "False",
            reason: "NotAccepted",
            message: "not all names are accepted",
          },
    );
  if (isCommunityGroup(spec.group ?? "")) set(approvalCondition(crd));
  if (metadata.deletionTimestamp !== undefined)
    set(
      (metadata.finalizers ?? []).includes(crdFinalizer)
        ? {
            type: "Terminating",
            status: "True",
            reason: "InstanceDeletionInProgress",
            message: "CustomResource deletion is in progress",
          }
        : {
            type: "Terminating",
            status: "False",
            reason: "InstanceDeletionCompleted",
            message: "removed all instances",
          },
    );
  // Go writes these two always.
  const acceptedNames = { plural: "", kind: "", ...accepted };
  return { ...status, acceptedNames, conditions, storedVersions: storedVersions(crd) };
}

/** With `condition` in the place of the one of its type. The time of a change is kept where the status is the same. */
export function withCondition(
  conditions: readonly CrdCondition[],
  condition: CrdCondition,
  now: string,
): CrdCondition[] {
  const at = conditions.findIndex(({ type }) => type === condition.type);
  const old = conditions[at];
  const lastTransitionTime =
    old !== undefined && old.status === condition.status ? (old.lastTransitionTime ?? now) : now;
  const next = { ...condition, lastTransitionTime };
  return at === -1 ? [...conditions, next] : conditions.with(at, next);
}

/** Each version that objects may still be stored in: a migration takes them out again. */
function storedVersions({ spec, status }: CustomResourceDefinition): string[] {
  const stored = status?.storedVersions ?? [];
  const storage = (spec.versions ?? []).find((version) => version.storage === true)?.name;
  return storage === undefined || stored.includes(storage) ? stored : [...stored, storage];
}

function approvalCondition(crd: CustomResourceDefinition): CrdCondition {
  const type = "KubernetesAPIApprovalPolicyConformant";
  const { state, message } = approvalOf(crd);
  switch (state) {
    case "approved":
      return { type, status: "True", reason: "ApprovedAnnotation", message };
    case "bypassed":
      return { type, status: "False", reason: "UnapprovedAnnotation", message };
    case "missing":
      return { type, status: "False", reason: "MissingAnnotation", message };
    case "invalid":
      return { type, status: "False", reason: "InvalidAnnotation", message };
    default:
      return state satisfies never;
  }
}
