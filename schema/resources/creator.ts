/** Who made an object. Pure. */
import type { KubeObject } from "../object.ts";
import type { FieldError } from "../structural/types.ts";
import { invalid } from "./names.ts";

export const creatorAnnotation = "field.cattle.io/creatorId";

/** The creator may be forgotten but never changed (auth.md 7.8, row Cluster). */
export function creatorErrors(old: KubeObject | undefined, object: KubeObject): FieldError[] {
  const creator = object.metadata.annotations?.[creatorAnnotation];
  if (old === undefined || creator === undefined) return [];
  return creator === old.metadata.annotations?.[creatorAnnotation]
    ? []
    : [invalid(`metadata.annotations[${creatorAnnotation}]`, creator, "field is immutable")];
}
