/**
 * What a schema means to server-side apply (kube-openapi `schemaconv`): scalar, list or map, and which of them are owned as
 * a whole. Built for each schema object once, when a value first leads there. Pure.
 */
import { objectMetaSchema } from "../resources/object-meta.ts";
import type { JsonSchema } from "../structural/types.ts";

export type Scalar = "numeric" | "string" | "boolean" | "untyped";

/** At least one kind is set; several where a schema says nothing of the type. */
export interface Atom {
  readonly scalar?: Scalar;
  readonly list?: ListAtom;
  readonly map?: MapAtom;
}

export interface ListAtom {
  readonly atomic: boolean;
  /** Of an associative list: names of the members that identify an item; none for a set. */
  readonly keys: readonly string[];
  readonly element: Atom;
}

export interface MapAtom {
  readonly atomic: boolean;
  /** A declared member. */
  readonly field: (name: string) => { readonly atom: Atom; readonly default: unknown } | undefined;
  readonly hasFields: boolean;
  /** All other members; absent where there may be none. */
  readonly element: Atom | undefined;
}

const noField = (): undefined => undefined;

/** A value of which nothing is known, below a list: owned as a whole. */
export const atomicAtom: Atom = {
  scalar: "untyped",
  get list() {
    return atomicList;
  },
  get map() {
    return { atomic: true, field: noField, hasFields: false, element: atomicAtom };
  },
};
const atomicList: ListAtom = { atomic: true, keys: [], element: atomicAtom };

/** A value of which nothing is known: maps are owned member by member, lists as a whole. */
export const deducedAtom: Atom = {
  scalar: "untyped",
  list: atomicList,
  get map() {
    return deducedMap;
  },
};
const deducedMap: MapAtom = { atomic: false, field: noField, hasFields: false, element: deducedAtom };

const atoms = { plain: new WeakMap<JsonSchema, Atom>(), preserving: new WeakMap<JsonSchema, Atom>() };

/** `preserves`: a schema around it keeps unknown members, and so do all below. */
export function atomOf(schema: JsonSchema, preserves = false): Atom {
  const keeps = preserves || schema["x-kubernetes-preserve-unknown-fields"] === true;
  const known = atoms[keeps ? "preserving" : "plain"];
  let atom = known.get(schema);
  if (atom === undefined) known.set(schema, (atom = build(schema, keeps)));
  return atom;
}

function build(schema: JsonSchema, preserves: boolean): Atom {
  switch (schema.type) {
    case undefined:
      return { scalar: "untyped", list: listOf(schema, preserves), map: mapOf(schema, preserves) };
    case "object":
      return { map: mapOf(schema, preserves) };
    case "array":
      return { list: listOf(schema, preserves) };
    case "integer":
    case "number":
      return { scalar: "numeric" };
    case "boolean":
      return { scalar: "boolean" };
    case "string":
      return { scalar: schema.format === undefined || schema.format === "byte" ? "string" : "untyped" };
    default:
      return schema.type satisfies never;
  }
}

function listOf(schema: JsonSchema, preserves: boolean): ListAtom {
  const { items } = schema;
  const { atomic, keys } = relationOf(schema);
  return {
    atomic,
    keys,
    get element() {
      return items === undefined ? atomicAtom : atomOf(items, preserves);
    },
  };
}

function relationOf(schema: JsonSchema): Pick<ListAtom, "atomic" | "keys"> {
  switch (schema["x-kubernetes-list-type"]) {
    case "set":
      return { atomic: false, keys: [] };
    case "map":
      return { atomic: false, keys: schema["x-kubernetes-list-map-keys"] ?? [] };
    case "atomic":
      return { atomic: true, keys: [] };
    default: {
      // Built-in types whose lists say only how a strategic merge patch treats them.
      const strategy = schema["x-kubernetes-patch-strategy"];
      if (strategy !== "merge" && strategy !== "merge,retainKeys") return { atomic: true, keys: [] };
      const key = schema["x-kubernetes-patch-merge-key"];
      return { atomic: false, keys: key === undefined ? [] : [key] };
    }
  }
}

/** A whole resource inside another one has the members that every resource has. */
function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  const { properties = {} } = schema;
  if (schema["x-kubernetes-embedded-resource"] !== true) return properties;
  const text = { type: "string" } as const;
  return { ...properties, apiVersion: text, kind: text, metadata: objectMetaSchema() };
}

function mapOf(schema: JsonSchema, preserves: boolean): MapAtom {
  const { additionalProperties } = schema;
  const properties = propertiesOf(schema);
  const fields = new Map<string, { readonly atom: Atom; readonly default: unknown }>();
  const hasFields = Object.keys(properties).length > 0;
  const free = preserves || !hasFields ? deducedAtom : undefined;
  return {
    atomic: schema["x-kubernetes-map-type"] === "atomic",
    hasFields,
    field: (name) => {
      const found = fields.get(name);
      if (found !== undefined || !Object.hasOwn(properties, name)) return found;
      const property = properties[name];
      if (property === undefined) return undefined;
      const field = { atom: atomOf(property, preserves), default: property.default };
      fields.set(name, field);
      return field;
    },
    get element() {
      if (typeof additionalProperties === "object") return atomOf(additionalProperties, preserves);
      if (additionalProperties === undefined) return free;
      return additionalProperties ? deducedAtom : undefined;
    },
  };
}

/** The kinds that a value may be judged by; `undefined` is an absent value. In the order in which they are tried. */
export function kindsOf(atom: Atom, value: unknown): string {
  if (value !== undefined && value !== null) {
    if (Array.isArray(value)) {
      if (atom.list !== undefined) return "l";
    } else if (typeof value === "object") {
      if (atom.map !== undefined) return "m";
    } else if (atom.scalar !== undefined) return "s";
  }
  return `${atom.map === undefined ? "" : "m"}${atom.scalar === undefined ? "" : "s"}${atom.list === undefined ? "" : "l"}`;
}
