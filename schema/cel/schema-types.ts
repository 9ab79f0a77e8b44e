/** What a schema is to CEL: types of fields, bounds of sizes, smallest sizes as JSON (apiserver, cel/common/schemas). Pure. */
import type { JsonSchema } from "../structural/types.ts";
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  mapType,
  objectType,
  stringType,
  timestampType,
} from "./types.ts";
import type { Type } from "./types.ts";

/** Kubernetes' bound of a request, by which sizes without bounds are estimated. */
export const maxRequestBytes = 3 * 1024 * 1024;

export interface DeclType {
  /** Of an object: `object` until a rule's scope gives it a name. */
  readonly type: Type;
  readonly fields?: ReadonlyMap<string, DeclType>;
  readonly key?: DeclType;
  readonly element?: DeclType;
  readonly maxElements: number;
  readonly minSize: number;
}

function simple(type: Type, minSize: number, maxElements = 0): DeclType {
  return { type, minSize, maxElements };
}

const reserved = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  ),
);

/** A property's name as rules write it; `undefined`: they cannot. */
export function escapeName(name: string): string | undefined {
  if (name === "" || /^[0-9]/.test(name)) return undefined;
  if (reserved.has(name)) return `__${name}__`;
  if (!/^[a-zA-Z0-9_./-]*$/.test(name)) return undefined;
  return name.replace(/__|[-./]/g, (part) => escapes[part] ?? part);
}

const escapes: Readonly<Record<string, string>> = {
  __: "__underscores__",
  ".": "__dot__",
  "-": "__dash__",
  "/": "__slash__",
};
const unescapes: Readonly<Record<string, string>> = { underscores: "__", dot: ".", dash: "-", slash: "/" };

/** The reverse; `undefined`: not an escaped name. */
export function unescapeName(name: string): string | undefined {
  let good = true;
  const plain = name.replace(/__[^_]+__/g, (part) => {
    const content = part.slice(2, -2);
    const found = Object.hasOwn(unescapes, content) ? unescapes[content] : undefined;
    if (found !== undefined) return found;
    if (reserved.has(content)) {
      if (part.length !== name.length) good = false;
      return content;
    }
    good = false;
    return "";
  });
  return good ? plain : undefined;
}

const string: JsonSchema = { type: "string" };
const names: JsonSchema = { type: "object", properties: { name: string, generateName: string } };

/** A whole resource's schema: its names are always there for rules. */
export function withResourceMembers(schema: JsonSchema): JsonSchema {
  const { properties = {} } = schema;
  const { kind, apiVersion, metadata } = properties;
  const inner = metadata?.properties;
  const complete =
    kind?.type === "string" &&
    apiVersion?.type === "string" &&
    metadata?.type === "object" &&
    inner?.["name"]?.type === "string" &&
    inner["generateName"]?.type === "string";
  return complete
    ? schema
    : { ...schema, properties: { ...properties, kind: string, apiVersion: string, metadata: names } };
}

const isResource = (schema: JsonSchema): boolean => schema["x-kubernetes-embedded-resource"] === true;
const positive = (value: number): number => Math.max(0, value);

/** `undefined`: rules cannot see values of such a schema. */
export function declTypeOf(schema: JsonSchema, resource: boolean): DeclType | undefined {
  if (schema["x-kubernetes-int-or-string"] === true)
    return simple(
      dynType,
      1,
      schema.maxLength === undefined ? maxRequestBytes - 2 : positive(schema.maxLength) * 4,
    );
  switch (schema.type) {
    case "array":
      return ofArray(schema);
    case "object":
      return ofObject(resource ? withResourceMembers(schema) : schema);
    case "string":
      return ofString(schema);
    case "boolean":
      return simple(boolType, 4);
    case "number":
      return simple(doubleType, 1);
    case "integer":
      return simple(intType, 1);
    default:
      return undefined;
  }
}

function ofArray({ items, maxItems }: JsonSchema): DeclType | undefined {
  const element = items === undefined ? undefined : declTypeOf(items, isResource(items));
  if (element === undefined) return undefined;
  const max =
    maxItems === undefined ? Math.floor((maxRequestBytes - 2) / (element.minSize + 1)) : positive(maxItems);
  return { type: listType(element.type), element, maxElements: max, minSize: 2 };
}

function ofObject(schema: JsonSchema): DeclType | undefined {
  const { additionalProperties, maxProperties, properties = {}, required = [] } = schema;
  if (typeof additionalProperties === "object") {
    const element = declTypeOf(additionalProperties, isResource(additionalProperties));
    if (element === undefined) return undefined;
    const max =
      maxProperties === undefined
        ? Math.floor((maxRequestBytes - 2) / (element.minSize + 6))
        : positive(maxProperties);
    const key = simple(stringType, 2);
    return { type: mapType(stringType, element.type), key, element, maxElements: max, minSize: 2 };
  }
  const fields = new Map<string, DeclType>();
  let minSize = 2;
  for (const [name, property] of Object.entries(properties)) {
    const field = declTypeOf(property, isResource(property));
    if (field === undefined) continue;
    const escaped = escapeName(name);
    if (escaped !== undefined) fields.set(escaped, field);
    if (required.includes(name) && property.default === undefined)
      minSize += new TextEncoder().encode(name).length + field.minSize + 4;
  }
  return { type: objectType("object"), fields, maxElements: 0, minSize };
}

function ofString({ format, maxLength, enum: options = [] }: JsonSchema): DeclType {
  switch (format) {
    case "byte":
      return simple(bytesType, 2, maxLength === undefined ? maxRequestBytes - 2 : positive(maxLength));
    case "duration":
      return simple(durationType, 3, 32);
    case "date":
      return simple(timestampType, 12, 12);
    case "date-time":
      return simple(timestampType, 21, 32);
    default:
      break;
  }
  if (maxLength !== undefined) return simple(stringType, 2, positive(maxLength) * 4);
  if (options.length === 0) return simple(stringType, 2, maxRequestBytes - 2);
  const lengths = options.map((option) =>
    typeof option === "string" ? new TextEncoder().encode(option).length : 0,
  );
  return simple(stringType, 2, Math.max(...lengths));
}

/** The same with a name for every object: that of its place under `name`. */
export function namedDecl(decl: DeclType, name: string): DeclType {
  if (decl.fields !== undefined) {
    const fields = new Map(
      Array.from(decl.fields, ([field, inner]) => [field, namedDecl(inner, `${name}.${field}`)] as const),
    );
    // Kubernetes forgets the bounds of named objects; they have none.
    return { ...decl, type: objectType(name), fields };
  }
  if (decl.element === undefined) return decl;
  const element = namedDecl(decl.element, `${name}.${decl.key === undefined ? "@idx" : "@elem"}`);
  const type = decl.key === undefined ? listType(element.type) : mapType(stringType, element.type);
  return { ...decl, type, element };
}

/** Objects by name, in and under a type. */
export function objectsOf(
  decl: DeclType,
  found = new Map<string, DeclType>(),
): ReadonlyMap<string, DeclType> {
  if (decl.fields !== undefined) {
    found.set(decl.type.name, decl);
    for (const field of decl.fields.values()) objectsOf(field, found);
  }
  if (decl.element !== undefined) objectsOf(decl.element, found);
  return found;
}
