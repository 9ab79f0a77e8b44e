/** What the four types of rbac.authorization.k8s.io/v1 share. */
import type { AdmissionContext } from "../../resource.ts";
import type { ScopedRule } from "../../rbac/types.ts";
import { allows } from "../../rbac/evaluate.ts";
import { escalationProblem } from "../../rbac/missing-rights.ts";
import type { FieldError } from "../../structural/types.ts";
import { forbidden } from "../names.ts";
import { everythingRules } from "../policy-rule.ts";

export const rbacGroup = "rbac.authorization.k8s.io";

export const rbac = {
  group: rbacGroup,
  version: "v1",
  raises: "rbac",
  createOnUpdate: true,
} as const;

type Actor = AdmissionContext["actor"];

/** Whether the writer may hand on what he does not have: `escalate` a role, or `bind` one. */
export function mayPass(
  actor: Actor,
  verb: "bind" | "escalate",
  role: { readonly resource: string; readonly namespace: string; readonly name?: string },
): boolean {
  return allows(actor.rules, { verb, group: rbacGroup, ...role });
}

/** Why the writer may not give these rules; `undefined`: he has them all. */
export function passingProblem(actor: Actor, wanted: readonly ScopedRule[]): string | undefined {
  return escalationProblem({ user: actor.name, groups: actor.groups ?? [] }, actor.rules, wanted);
}

/** Whether somebody has every right there is: an aggregated role may come to hold any. */
export function mayDoEverything(actor: Actor): boolean {
  return passingProblem(actor, everythingRules) === undefined;
}

/**
 * Whether an update leaves alone all but finalizers and owners: a garbage collector must be able to, whatever the object
 * gives (registry/rbac, IsOnlyMutatingGCFields).
 */
export function changesOwnersAlone(old: object, object: object): boolean {
  return contentOf(old) === contentOf(object);
}

function contentOf(object: object): string {
  const { metadata = {}, ...content } = object as { readonly metadata?: object };
  const ignored = ["finalizers", "ownerReferences", "managedFields", "resourceVersion", "generation"];
  const rest = Object.entries(metadata).filter(([name]) => !ignored.includes(name));
  return JSON.stringify([content, rest.toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}

/** Rancher's webhook: the mark of the GlobalRole or binding that an object was made for stays (auth.md 7.8, "RBAC objects"). */
export function ownerLabelErrors(
  { old, object }: Pick<AdmissionContext, "old" | "object">,
  label: "authz.management.cattle.io/gr-owner" | "authz.management.cattle.io/grb-owner",
): FieldError[] {
  const owner = old?.metadata.labels?.[label];
  return owner === undefined || owner === object.metadata.labels?.[label]
    ? []
    : [forbidden(`metadata.labels[${label}]`, "the label cannot be changed or removed")];
}

/** In Kubernetes' words: one of a fixed set of values. */
export function notSupported(field: string, value: string, supported: readonly string[]): FieldError {
  const options = supported.map((one) => JSON.stringify(one)).join(", ");
  return {
    reason: "FieldValueNotSupported",
    field,
    message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${options}`,
  };
}
