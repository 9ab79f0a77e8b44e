/** Every field that a value mentions (structured-merge-diff `TypedValue.ToFieldSet`). Pure. */
import { isObject } from "../patch/values.ts";
import { kindsOf } from "./atoms.ts";
import type { Atom, ListAtom, MapAtom } from "./atoms.ts";
import type { FieldNode, FieldSet } from "./field-set.ts";
import { itemElement } from "./list-items.ts";
import { fieldElement } from "./path-element.ts";
import type { PathElement } from "./path-element.ts";

/** Throws TypedError for items that cannot be told apart. */
export function toFieldSet(atom: Atom, value: unknown): FieldSet {
  return nodeOf(atom, value).children ?? new Map<PathElement, FieldNode>();
}

const leaf: FieldNode = { member: true, children: undefined };
const nothing: FieldNode = { member: false, children: undefined };

/** `member`: the value is a leaf, by itself. */
function nodeOf(atom: Atom, value: unknown): FieldNode {
  const kinds = kindsOf(atom, value);
  if (kinds.startsWith("m") && atom.map !== undefined) {
    if (atom.map.atomic) return leaf;
    return isObject(value) ? membersOf(atom.map, value) : nothing;
  }
  if (kinds.startsWith("s") || atom.list === undefined) return leaf;
  if (atom.list.atomic) return leaf;
  return Array.isArray(value) ? itemsOf(atom.list, value) : nothing;
}

function membersOf(map: MapAtom, value: Readonly<Record<string, unknown>>): FieldNode {
  const children = new Map<PathElement, FieldNode>();
  for (const [name, item] of Object.entries(value)) {
    const field = map.field(name);
    const atom = field?.atom ?? map.element;
    if (atom === undefined) continue;
    const node = nodeOf(atom, item);
    const bare = item === null || (isObject(item) && Object.keys(item).length === 0);
    // A declared member is there by what it holds; any other was made by whoever wrote it.
    const member = node.member || bare || field === undefined;
    if (member || node.children !== undefined)
      children.set(fieldElement(name), { member, children: node.children });
  }
  return children.size === 0 ? nothing : { member: false, children };
}

function itemsOf(list: ListAtom, value: readonly unknown[]): FieldNode {
  const elements = value.map((item) => itemElement(list, item));
  const repeated = repeatedOf(elements);
  const children = new Map<PathElement, FieldNode>();
  for (const [index, item] of value.entries()) {
    const element = elements[index] ?? "";
    // Of an item that is there twice, nothing but itself is known.
    const twice = repeated.has(element);
    children.set(element, twice ? leaf : { member: true, children: nodeOf(list.element, item).children });
  }
  return children.size === 0 ? nothing : { member: false, children };
}

function repeatedOf(elements: readonly PathElement[]): ReadonlySet<PathElement> {
  const seen = new Set<PathElement>();
  return new Set(elements.filter((element) => seen.size === seen.add(element).size));
}
