/** Field sets as metadata.managedFields writes them: fieldsV1, members in Go's order. Pure. */
import { isObject } from "../patch/values.ts";
import { emptySet } from "./field-set.ts";
import type { FieldNode, FieldSet } from "./field-set.ts";
import { comparePathElements, parsePathElement } from "./path-element.ts";
import type { PathElement } from "./path-element.ts";

export type FieldsV1 = { readonly [element: string]: FieldsV1 };

/** No key of it is a number or `__proto__`, so members keep the order in which they are set. */
export function toFieldsV1(set: FieldSet, self = false): FieldsV1 {
  const fields: Record<string, FieldsV1> = {};
  if (self) fields["."] = {};
  for (const element of [...set.keys()].sort(comparePathElements)) {
    const node = set.get(element);
    if (node !== undefined)
      fields[element] = node.children === undefined ? {} : toFieldsV1(node.children, node.member);
  }
  return fields;
}

/** Throws SyntaxError for what is no fieldsV1. Deeper than the parser of requests lets values be, it cannot be. */
export function fromFieldsV1(fields: unknown): FieldSet {
  return read(fields).children ?? emptySet;
}

function read(fields: unknown): FieldNode {
  if (!isObject(fields)) {
    if (fields === null) return { member: true, children: undefined };
    throw new SyntaxError("fieldsV1 must consist of objects");
  }
  let member = false;
  const children = new Map<PathElement, FieldNode>();
  for (const [key, value] of Object.entries(fields)) {
    if (key === ".") {
      member = true;
      continue;
    }
    const element = parsePathElement(key);
    if (element !== undefined) children.set(element, read(value));
  }
  // What has no children is there for itself.
  return children.size === 0 ? { member: true, children: undefined } : { member, children };
}
