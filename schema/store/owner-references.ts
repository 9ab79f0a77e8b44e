/** Rules for `metadata.ownerReferences` (k8s.io/apimachinery, pkg/api/validation). Pure. */
import type { ObjectMeta, OwnerReference } from "../object.ts";
import { invalid } from "../resources/names.ts";
import type { FieldError } from "../structural/types.ts";

const path = "metadata.ownerReferences";

export function ownerReferenceErrors({ ownerReferences = [] }: ObjectMeta): FieldError[] {
  const errors = ownerReferences.flatMap(referenceErrors);
  const [first, second] = ownerReferences.filter(({ controller }) => controller === true);
  if (first !== undefined && second !== undefined)
    errors.push(
      invalid(
        path,
        ownerReferences,
        `Only one reference can have Controller set to true. Found "true" in references for ${first.name} and ${second.name}`,
      ),
    );
  return errors;
}

/** A client may leave out any of them. */
function referenceErrors({
  apiVersion = "",
  kind = "",
  name = "",
  uid = "",
}: Partial<OwnerReference>): FieldError[] {
  const parts = apiVersion.split("/");
  const version = parts.at(-1) ?? "";
  const errors: FieldError[] = [];
  if (parts.length > 2 || version === "")
    errors.push(invalid(`${path}.apiVersion`, apiVersion, "version must not be empty"));
  for (const [field, value] of Object.entries({ kind, name, uid }))
    if (value === "") errors.push(invalid(`${path}.${field}`, value, "must not be empty"));
  const gvk = `${parts.length === 1 ? "/" : ""}${apiVersion}, Kind=${kind}`;
  // Events go when their time is over: what they owned would go with them.
  if (kind === "Event" && (apiVersion === "v1" || apiVersion.startsWith("events.k8s.io/")))
    errors.push(invalid(path, { apiVersion, kind, name, uid }, `${gvk} is disallowed from being an owner`));
  return errors;
}

/** Each reference once. `undefined` when there are none. */
export function distinctReferences(
  references: readonly OwnerReference[] | undefined,
): OwnerReference[] | undefined {
  if (references === undefined || references.length === 0) return undefined;
  const found = new Map(references.map((reference) => [identityOf(reference), reference]));
  return [...found.values()];
}

function identityOf({ apiVersion, kind, name, uid, controller, blockOwnerDeletion }: OwnerReference): string {
  return JSON.stringify([apiVersion, kind, name, uid, controller, blockOwnerDeletion]);
}
