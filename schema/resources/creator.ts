/** Who made an object (auth.md 7.8, rows Cluster and Project). */
import type { KubeObject } from "../object.ts";
import type { AdmissionContext } from "../resource.ts";
import type { FieldError } from "../structural/types.ts";
import { forbidden, invalid, required } from "./names.ts";

export const creatorAnnotation = "field.cattle.io/creatorId";
/** Of an object whose creator shall get no rights in it, and is not remembered. */
export const noCreatorRbacAnnotation = "field.cattle.io/no-creator-rbac";
const principalAnnotation = "field.cattle.io/creator-principal-name";

/** The creator may be forgotten but never changed. */
export function creatorErrors(old: KubeObject | undefined, object: KubeObject): FieldError[] {
  const { annotations = {} } = object.metadata;
  const errors: FieldError[] = [];
  if (old === undefined) return errors;
  for (const name of [creatorAnnotation, principalAnnotation]) {
    const value = annotations[name];
    if (value !== undefined && value !== old.metadata.annotations?.[name])
      errors.push(invalid(at(name), value, "field is immutable"));
  }
  return errors;
}

/** By which of his identities the creator acts: it must be one that he has. */
export async function creatorPrincipalErrors({
  operation,
  object,
  lookup,
}: Pick<AdmissionContext, "operation" | "object" | "lookup">): Promise<FieldError[]> {
  const { [principalAnnotation]: principal, [creatorAnnotation]: creator } =
    object.metadata.annotations ?? {};
  if (operation !== "CREATE" || principal === undefined) return [];
  if (creator === undefined) return [required(at(creatorAnnotation), `with ${principalAnnotation}`)];
  const user: (KubeObject & { readonly principalIds?: readonly string[] }) | undefined = await lookup(
    "users.management.cattle.io",
    "",
    creator,
  );
  return user?.principalIds?.includes(principal) === true
    ? []
    : [invalid(at(principalAnnotation), principal, "must be a principal of the creator")];
}

function at(annotation: string): string {
  return `metadata.annotations[${annotation}]`;
}

/**
 * The object with its creator: whoever makes it, unless it says that nobody shall count as that. The server keeps what is
 * given: its reconcilers make objects for others.
 */
export function withCreator<T extends KubeObject>({ operation, object, actor }: AdmissionContext<T>): T {
  const annotations = object.metadata.annotations ?? {};
  if (operation !== "CREATE" || actor.server === true || noCreatorRbacAnnotation in annotations)
    return object;
  const metadata = { ...object.metadata, annotations: { ...annotations, [creatorAnnotation]: actor.name } };
  return { ...object, metadata };
}

/** An object says who made it, or that nobody did. */
export function noCreatorErrors({ metadata: { annotations = {} } }: KubeObject): FieldError[] {
  return noCreatorRbacAnnotation in annotations && creatorAnnotation in annotations
    ? [forbidden("metadata.annotations", `not both ${creatorAnnotation} and ${noCreatorRbacAnnotation}`)]
    : [];
}
