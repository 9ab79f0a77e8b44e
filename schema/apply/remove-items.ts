/** A value without the fields of a set (structured-merge-diff `TypedValue.RemoveItems`). Pure. */
import { isObject, setMember } from "../patch/values.ts";
import { kindsOf } from "./atoms.ts";
import type { Atom, ListAtom, MapAtom } from "./atoms.ts";
import type { FieldSet } from "./field-set.ts";
import { itemElement } from "./list-items.ts";
import { fieldElement } from "./path-element.ts";

/**
 * Shares parts with `value`. What loses everything becomes null: a set that names the field itself takes that away, too.
 */
export function removeItems(atom: Atom, value: unknown, fields: FieldSet): unknown {
  const kinds = kindsOf(atom, value);
  if (kinds.startsWith("m") && atom.map !== undefined) return removeMembers(atom.map, value, fields);
  if (kinds.startsWith("s") || atom.list === undefined) return value;
  return removeFromList(atom.list, value, fields);
}

function removeMembers(map: MapAtom, value: unknown, fields: FieldSet): unknown {
  if (!isObject(value) || map.atomic) return null;
  const kept: Record<string, unknown> = {};
  let some = false;
  for (const [name, item] of Object.entries(value)) {
    const node = fields.get(fieldElement(name));
    if (node?.member === true) continue;
    const atom = map.field(name)?.atom ?? map.element;
    const inside = node?.children !== undefined && atom !== undefined;
    setMember(kept, name, inside ? removeItems(atom, item, node.children) : item);
    some = true;
  }
  return some ? kept : null;
}

function removeFromList(list: ListAtom, value: unknown, fields: FieldSet): unknown {
  if (!Array.isArray(value) || list.atomic) return null;
  const kept: unknown[] = [];
  for (const item of value as unknown[]) {
    const node = fields.get(itemElement(list, item));
    if (node?.member === true) continue;
    kept.push(node?.children === undefined ? item : removeItems(list.element, item, node.children));
  }
  return kept.length > 0 ? kept : null;
}
