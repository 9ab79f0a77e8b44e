/**
 * Field sets written under an older schema: a list or map that is owned as a whole now is owned by whoever owned a part of
 * it (structured-merge-diff `ReconcileFieldSetWithSchema`). The other way round nothing is done, as there. Pure.
 */
import { atomicAtom, deducedAtom } from "./atoms.ts";
import type { Atom, MapAtom } from "./atoms.ts";
import { insert, recursiveDifference, union } from "./field-set.ts";
import type { FieldSet, GrowingSet } from "./field-set.ts";
import { fieldName } from "./path-element.ts";
import type { PathElement } from "./path-element.ts";

/** The same set where nothing changed. */
export function reconciled(atom: Atom, set: FieldSet): FieldSet {
  const wholes: GrowingSet = new Map();
  visit(atom, set, [], false, wholes);
  return wholes.size === 0 ? set : union(recursiveDifference(set, wholes), wholes);
}

function visit(
  { map, scalar, list }: Atom,
  set: FieldSet | undefined,
  path: readonly PathElement[],
  /** The field is a member of the set and nothing below it is. */
  isLeaf: boolean,
  wholes: GrowingSet,
): void {
  if (map !== undefined) {
    if (isDeduced(map)) return;
    if (!isLeaf && map.atomic) {
      if (set !== undefined && set.size > 0) insert(wholes, path);
      return;
    }
    for (const [element, node] of set ?? []) {
      const name = fieldName(element);
      const child = (name === undefined ? undefined : map.field(name)?.atom) ?? map.element;
      if (child === undefined) continue;
      visit(child, node.children, [...path, element], node.member && node.children === undefined, wholes);
    }
    return;
  }
  if (scalar !== undefined || list === undefined) return;
  if (!isLeaf && list.atomic) return insert(wholes, path);
  for (const [element, node] of set ?? [])
    visit(
      list.element,
      node.children,
      [...path, element],
      node.member && node.children === undefined,
      wholes,
    );
}

/** A map of which nothing is declared. */
function isDeduced({ element, hasFields }: MapAtom): boolean {
  if (hasFields || element === undefined) return false;
  return element === deducedAtom || (element !== atomicAtom && element.scalar === "untyped");
}
