/** Between an object and its row: body text, sealed members, labels, indexed fields. */
import { reshaped } from "../custom/reshape.ts";
import type { KubeObject, OwnerReference } from "../object.ts";
import { typeKey } from "../resource.ts";
import type { ResourceDefinition } from "../resource.ts";
import type { Sealer } from "../seal/sealer.ts";
import { formMember, inCurrentForm, withForm } from "./stored-form.ts";

/** An object as it is read. */
export interface StoredRow {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly revision: number;
  readonly body: string;
  readonly sealed: string | null;
}

/** An object ready to be written, but for its sealing: equal texts mean that nothing changed. */
export interface EncodedObject {
  readonly body: string;
  /** JSON text of the sensitive members, or null. */
  readonly secret: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, readonly string[]>>;
}

export function encodeObject(definition: ResourceDefinition, object: KubeObject): EncodedObject {
  const names = sensitiveMembers(definition);
  const members = Object.entries(object);
  const secret = members.filter(([name]) => names.includes(name));
  const { resourceVersion: _, ...metadata } = object.metadata;
  const open = members.filter(
    ([name]) => !names.includes(name) && name !== "metadata" && name !== formMember,
  );
  const { apiVersion, kind, ...rest } = Object.fromEntries(open);
  return {
    // A custom resource is stored in one version, whichever it was written in.
    body: withForm(
      definition,
      JSON.stringify({ apiVersion: definition.custom?.storedAs ?? apiVersion, kind, metadata, ...rest }),
    ),
    secret: secret.length === 0 ? null : JSON.stringify(Object.fromEntries(secret)),
    labels: object.metadata.labels ?? {},
    fields: fieldsOf(definition, object),
  };
}

/** What the indexes of a type hold of an object. */
export function fieldsOf(definition: ResourceDefinition, object: KubeObject): EncodedObject["fields"] {
  const fields: Record<string, readonly string[]> = {};
  for (const [name, values] of Object.entries({ ...definition.indexes, [ownerIndex]: ownerUids })) {
    const found = [...new Set(values(object))];
    if (found.length > 0) fields[name] = found;
  }
  return fields;
}

/** The index that every type has: uids of the object's owners. */
export const ownerIndex = "ownerUid";

function ownerUids({ metadata }: KubeObject): string[] {
  return (metadata.ownerReferences ?? []).flatMap(({ uid }: Partial<OwnerReference>) => uid ?? []);
}

export async function decodeObject<T extends KubeObject>(
  definition: ResourceDefinition<T>,
  row: StoredRow,
  sealer: Sealer,
): Promise<T> {
  const object = JSON.parse(row.body) as T;
  object.metadata.resourceVersion = String(row.revision);
  if (row.sealed === null) return inCurrentForm(definition, reshaped(definition, object, row.revision));
  const secret = await sealer.open(row.sealed, placeOf(definition, row));
  return inCurrentForm(definition, { ...object, ...(JSON.parse(secret) as Partial<T>) });
}

/** Postgres' text and jsonb hold neither NUL nor half a surrogate pair: no stored name, label or index has them. */
export function isStorable(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

/** What a sealed value is bound to. */
export function placeOf(
  definition: Pick<ResourceDefinition, "group" | "plural">,
  { namespace, name, uid }: { readonly namespace: string; readonly name: string; readonly uid: string },
): string {
  return `${typeKey(definition)}/${namespace}/${name}/${uid}`;
}

/** `sensitive` holds JSON pointers of top-level members. */
function sensitiveMembers({ sensitive = [] }: ResourceDefinition): readonly string[] {
  return sensitive.map((pointer) => pointer.slice(1));
}
