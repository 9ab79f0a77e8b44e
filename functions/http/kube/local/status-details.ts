/** `details` of a metav1 Status, and the Status that answers a deletion. Pure. */
import type { ResourceDefinition } from "../../../../schema/resource.ts";
import type { StatusCause } from "../../errors.ts";

/** What a request was about. */
export interface StatusSubject {
  readonly definition: Pick<ResourceDefinition, "group" | "plural" | "kind">;
  readonly name?: string | undefined;
  readonly uid?: string | undefined;
}

export interface StatusExtras {
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number | undefined;
}

/**
 * For a failure; `{}` when there is nothing to say. `kind` is the plural, as kube-apiserver has it, but the kind for
 * `Invalid`, which is about an object rather than a place. Those that are about neither (`BadRequest`, `Expired` and such)
 * have no subject there: give none.
 */
export function statusDetails(
  reason: string | undefined,
  subject: StatusSubject | undefined,
  { causes = [], retryAfterSeconds }: StatusExtras = {},
): object {
  return {
    ...(subject === undefined ? {} : subjectOf(subject, reason === "Invalid")),
    ...(causes.length === 0 ? {} : { causes: causes.map(causeOf) }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}

/** Go leaves a field without a name out. */
function causeOf({ reason, message, field }: StatusCause): object {
  return { reason, message, ...(field === "" ? {} : { field }) };
}

/** The answer to a DELETE after which the object is gone; one that waits for finalizers is answered with the object. */
export function deletedStatus(subject: StatusSubject): object {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: subjectOf(subject, false),
  };
}

function subjectOf({ definition, name, uid }: StatusSubject, byKind: boolean): object {
  return {
    ...(name === undefined || name === "" ? {} : { name }),
    ...(definition.group === "" ? {} : { group: definition.group }),
    kind: byKind ? definition.kind : definition.plural,
    ...(uid === undefined ? {} : { uid }),
  };
}
