/**
 * In which form an object is stored (`migrations` in schema/resource.ts). A body of form 1 says nothing of it; others end in
 * `,"drover:form":2}`, a member that no reader is shown. So a type without migrations costs nothing, and a current body of
 * one that has them is told by its end. Pure.
 */
import type { KubeObject } from "../object.ts";
import { typeKey } from "../resource.ts";
import type { ResourceDefinition } from "../resource.ts";
import type { StoredRow } from "./encoding.ts";
import { objectText } from "./text.ts";

/** No member of a Kubernetes object has a colon in its name. */
export const formMember = "drover:form";

type Migrated = Pick<ResourceDefinition, "group" | "plural" | "migrations">;

/** The form in which objects of the type are stored. */
export function storedForm({ migrations = [] }: Pick<ResourceDefinition, "migrations">): number {
  return 1 + migrations.length;
}

/** How a body of the current form ends; empty where all do. */
export function formSuffix(definition: Migrated): string {
  const form = storedForm(definition);
  return form === 1 ? "" : `,"${formMember}":${form}}`;
}

/** The text of a body, with its form. */
export function withForm(definition: Migrated, body: string): string {
  const suffix = formSuffix(definition);
  return suffix === "" ? body : `${body.slice(0, -1)}${suffix}`;
}

/**
 * An object as it was stored, sensitive members included, in the current form and without the mark of its form. Throws
 * where a newer Drover stored it: what its form means is not known here.
 */
export function inCurrentForm<T extends KubeObject>(definition: Migrated, stored: T): T {
  const { migrations } = definition;
  if (migrations === undefined && !(formMember in stored)) return stored;
  const { [formMember]: mark = 1, ...object } = stored as T & { readonly [formMember]?: unknown };
  const form = typeof mark === "number" ? mark : Number.NaN;
  if (!(form >= 1 && form <= storedForm(definition)))
    throw new Error(
      `${typeKey(definition)} ${stored.metadata.name} was stored by a newer version of Drover, in form ${String(mark)}`,
    );
  // The last step's form is that of the declaration.
  return (migrations ?? []).slice(form - 1).reduce<KubeObject>((each, step) => step(each), object) as T;
}

/** The full text of a row's object (text.ts) in the current form. One of an older form is parsed. */
export function currentFormText(definition: Migrated, row: StoredRow, secret: string | null): string {
  const suffix = formSuffix(definition);
  if (suffix === "" || row.body.endsWith(suffix))
    return objectText(
      suffix === "" ? row.body : `${row.body.slice(0, -suffix.length)}}`,
      row.revision,
      secret,
    );
  const object = JSON.parse(objectText(row.body, row.revision, secret)) as KubeObject;
  return JSON.stringify(inCurrentForm(definition, object));
}
