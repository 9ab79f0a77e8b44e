/** From an object to a Norman resource (norman-v3.md 1.4): first its fields, which lists filter by, then the envelope. Pure. */
import type { NormanField } from "../../../schema/norman.ts";
import type { KubeObject } from "../../../schema/object.ts";
import { creatorAnnotation } from "../../../schema/resources/creator.ts";
import type { NormanDefinition } from "../../../schema/resources/registry.ts";
import { referenceTarget } from "./fields.ts";
import { readPath } from "./object-path.ts";
import { backReferences, resourceUrl } from "./links.ts";
import { deriveState } from "./state.ts";
import type { Row } from "./query.ts";

const fieldAnnotation = "field.cattle.io/";

/** `namespace:name`, or the name. */
export function idOf({ scope }: Pick<NormanDefinition, "scope">, { metadata }: KubeObject): string {
  return scope === "Namespaced" ? `${metadata.namespace ?? ""}:${metadata.name}` : metadata.name;
}

/** Field values without links. `computed`: what the type's rules know besides the object; it goes before the object's own. */
export function rowOf(
  definition: NormanDefinition,
  fields: Readonly<Record<string, NormanField>>,
  object: KubeObject,
  computed: Readonly<Record<string, unknown>>,
  now: Date,
): Row {
  const known: Readonly<Record<string, unknown>> = {
    ...metadataFields(object, fields),
    ...(definition.norman.stateful === true ? deriveState(object, now) : {}),
    ...definition.norman.project?.(object),
    ...computed,
  };
  const row: Record<string, unknown> = { id: idOf(definition, object) };
  for (const [name, one] of Object.entries(fields)) {
    if (name === "id" || one.type === "password") continue;
    const stored = one.path === undefined ? undefined : readPath(object, one.path);
    const value = (Object.hasOwn(known, name) ? known[name] : stored) ?? missing(one);
    if (value === undefined) continue;
    row[name] = value;
    if (one.type === "date") addTimestamp(row, name, value);
  }
  return row;
}

/** A default is shown; a reference is always there. */
function missing({ type, default: standard, writeOnly }: NormanField): unknown {
  if (writeOnly === true) return undefined;
  return standard ?? (referenceTarget(type) === undefined ? undefined : null);
}

/** `created` → `createdTS`, epoch milliseconds. */
function addTimestamp(row: Record<string, unknown>, name: string, value: unknown): void {
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(time)) row[`${name}TS`] = time;
}

function metadataFields(
  { metadata }: KubeObject,
  fields: Readonly<Record<string, NormanField>>,
): Record<string, unknown> {
  const annotations = Object.entries(metadata.annotations ?? {});
  return {
    // An annotation that has a field of its own is shown as that alone.
    annotations: Object.fromEntries(
      annotations.filter(
        ([key]) =>
          !key.startsWith(fieldAnnotation) || !Object.hasOwn(fields, key.slice(fieldAnnotation.length)),
      ),
    ),
    labels: metadata.labels ?? {},
    created: metadata.creationTimestamp,
    removed: metadata.deletionTimestamp,
    uuid: metadata.uid,
    creatorId: metadata.annotations?.[creatorAnnotation] ?? null,
    ownerReferences: metadata.ownerReferences,
    // The field named `clusterId` tells the namespace already.
    ...(Object.hasOwn(fields, "namespaceId") ? { namespaceId: null } : {}),
  };
}

export interface EnvelopeInput {
  readonly definition: NormanDefinition;
  readonly fields: Readonly<Record<string, NormanField>>;
  readonly base: string;
  /** Names of links and actions that this caller is not offered on this object. */
  readonly hidden: ReadonlySet<string>;
  /** Client asked for `actionLinks` in place of `actions` (header X-API-Action-Links). */
  readonly actionLinks: boolean;
  /** An answer to POST: write-only fields are shown. */
  readonly posted: boolean;
}

/** A finished resource: the row with its type, links and actions. */
export function resourceOf(row: Row, input: EnvelopeInput): object {
  const { definition, fields, base, hidden } = input;
  const { norman } = definition;
  const id = String(row["id"]);
  const self = resourceUrl(base, definition, id);
  const offered = (name: string, allowed: boolean): Record<string, string> =>
    allowed && !hidden.has(name) ? { [name]: self } : {};
  const actions = Object.keys(norman.resourceActions ?? {}).filter((name) => !hidden.has(name));
  const shown = input.posted
    ? row
    : Object.fromEntries(
        Object.entries(row).filter(
          ([name]) => !Object.hasOwn(fields, name) || fields[name]?.writeOnly !== true,
        ),
      );
  return {
    ...shown,
    id,
    type: norman.id,
    baseType: norman.id,
    links: {
      ...backReferences(base, definition, id),
      self,
      ...offered("update", norman.resourceMethods.includes("PUT")),
      ...offered("remove", norman.resourceMethods.includes("DELETE")),
    },
    ...(actions.length === 0
      ? {}
      : {
          [input.actionLinks ? "actionLinks" : "actions"]: Object.fromEntries(
            actions.map((name) => [name, `${self}?action=${name}`]),
          ),
        }),
  };
}
