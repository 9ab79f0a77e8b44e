/**
 * Sets of fields of an object, as trees (structured-merge-diff `fieldpath.Set`). A node says whether the field itself is in
 * the set, and which of its children are; no node is empty. Sets are values: the functions here make new ones, and only
 * `insert` changes its own. Pure.
 */
import { fieldName } from "./path-element.ts";
import type { PathElement } from "./path-element.ts";
import type { Atom } from "./atoms.ts";

export type FieldSet = ReadonlyMap<PathElement, FieldNode>;

export interface FieldNode {
  readonly member: boolean;
  readonly children: FieldSet | undefined;
}

/** A set while it is being made. */
export type GrowingSet = Map<PathElement, GrowingNode>;

interface GrowingNode {
  member: boolean;
  children: GrowingSet | undefined;
}

export const emptySet: FieldSet = new Map();

export function insert(set: GrowingSet, path: readonly PathElement[]): void {
  let level = set;
  const last = path.length - 1;
  path.forEach((element, index) => {
    let node = level.get(element);
    if (node === undefined) level.set(element, (node = { member: false, children: undefined }));
    if (index === last) node.member = true;
    else level = node.children ??= new Map();
  });
}

export function hasPath(set: FieldSet, path: readonly PathElement[]): boolean {
  let level: FieldSet | undefined = set;
  let node: FieldNode | undefined;
  for (const element of path) {
    node = level?.get(element);
    level = node?.children;
  }
  return node?.member === true;
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a.size === 0) return b;
  if (b.size === 0) return a;
  const result = new Map(a);
  for (const [element, node] of b) {
    const other = result.get(element);
    result.set(
      element,
      other === undefined
        ? node
        : {
            member: node.member || other.member,
            children: joined(other.children, node.children),
          },
    );
  }
  return result;
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const result = new Map<PathElement, FieldNode>();
  for (const [element, node] of a) {
    const other = b.get(element);
    if (other === undefined) continue;
    const children =
      node.children === undefined || other.children === undefined
        ? undefined
        : intersection(node.children, other.children);
    keep(result, element, node.member && other.member, children);
  }
  return result;
}

/** What is in `a` and not in `b`: a field stays though its parent is in `b`. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (b.size === 0) return a;
  const result = new Map<PathElement, FieldNode>();
  for (const [element, node] of a) {
    const other = b.get(element);
    if (other === undefined) result.set(element, node);
    else
      keep(
        result,
        element,
        node.member && !other.member,
        node.children && difference(node.children, other.children ?? emptySet),
      );
  }
  return result;
}

/** As `difference`, but what is in `b` takes its children along. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  const result = new Map<PathElement, FieldNode>();
  for (const [element, node] of a) {
    const other = b.get(element);
    if (other === undefined) result.set(element, node);
    else if (!other.member)
      keep(
        result,
        element,
        node.member,
        node.children && recursiveDifference(node.children, other.children ?? emptySet),
      );
  }
  return result;
}

/** Only what is at or below one of the members named. */
export function onlyBelow(set: FieldSet, elements: readonly PathElement[]): FieldSet {
  return new Map([...set].filter(([element]) => elements.includes(element)));
}

/** With every declared member that has children in the set, which a set otherwise leaves out. */
export function withNamedFields(set: FieldSet, atom: Atom | undefined): FieldSet {
  const result = new Map<PathElement, FieldNode>();
  for (const [element, node] of set) {
    const name = fieldName(element);
    const field = name === undefined ? undefined : atom?.map?.field(name);
    let child: Atom | undefined;
    if (name !== undefined) child = field?.atom ?? atom?.map?.element;
    else if (element.startsWith("k:")) child = atom?.list?.element;
    result.set(element, {
      member: node.member || (field !== undefined && node.children !== undefined),
      children: node.children && withNamedFields(node.children, child),
    });
  }
  return result;
}

/** Members, each with its path; parents before children. */
export function* pathsOf(
  set: FieldSet,
  order: (a: PathElement, b: PathElement) => number,
  prefix: readonly PathElement[] = [],
): Generator<readonly PathElement[]> {
  const elements = [...set].toSorted(([a], [b]) => order(a, b));
  for (const [element, { member }] of elements) if (member) yield [...prefix, element];
  for (const [element, { children }] of elements)
    if (children !== undefined) yield* pathsOf(children, order, [...prefix, element]);
}

function keep(
  set: Map<PathElement, FieldNode>,
  element: PathElement,
  member: boolean,
  children: FieldSet | undefined,
): void {
  const some = children !== undefined && children.size > 0;
  if (member || some) set.set(element, { member, children: some ? children : undefined });
}

function joined(a: FieldSet | undefined, b: FieldSet | undefined): FieldSet | undefined {
  return a === undefined || b === undefined ? (a ?? b) : union(a, b);
}
