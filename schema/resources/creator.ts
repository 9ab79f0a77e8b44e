/** Who made an object. Pure. */
import type { KubeObject } from "../object.ts";
import type { AdmissionContext } from "../resource.ts";
import type { FieldError } from "../structural/types.ts";
import { forbidden, invalid } from "./names.ts";

export const creatorAnnotation = "field.cattle.io/creatorId";

/** The creator may be forgotten but never changed (auth.md 7.8, row Cluster). */
export function creatorErrors(old: KubeObject | undefined, object: KubeObject): FieldError[] {
  const creator = object.metadata.annotations?.[creatorAnnotation];
  if (old === undefined || creator === undefined) return [];
  return creator === old.metadata.annotations?.[creatorAnnotation]
    ? []
    : [invalid(`metadata.annotations[${creatorAnnotation}]`, creator, "field is immutable")];
}

/** Of a cluster whose creator shall get no rights in it. */
export const noCreatorRbacAnnotation = "field.cattle.io/no-creator-rbac";

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
