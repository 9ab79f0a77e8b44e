/**
 * A CustomResourceDefinition's schema as it was sent: the structural dialect, and what JSONSchemaProps has besides and no
 * structural schema may use. Pure.
 */
import type { JsonSchema } from "./types.ts";

/** Members that are refused wherever they stand. */
export interface SchemaProps extends Omit<
  JsonSchema,
  "properties" | "items" | "additionalProperties" | "allOf" | "anyOf" | "oneOf" | "not" | "type"
> {
  /** Any text: which ones are known is checked. */
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaProps>>;
  readonly items?: SchemaProps | readonly SchemaProps[];
  readonly additionalProperties?: SchemaProps | boolean;
  readonly allOf?: readonly SchemaProps[];
  readonly anyOf?: readonly SchemaProps[];
  readonly oneOf?: readonly SchemaProps[];
  readonly not?: SchemaProps;
  readonly id?: string;
  readonly $schema?: string;
  readonly $ref?: string;
  readonly additionalItems?: SchemaProps | boolean;
  readonly patternProperties?: Readonly<Record<string, SchemaProps>>;
  readonly definitions?: Readonly<Record<string, SchemaProps>>;
  readonly dependencies?: Readonly<Record<string, SchemaProps | readonly string[]>>;
}

type Kind =
  | "text"
  | "number"
  | "whole"
  | "flag"
  | "texts"
  | "any"
  | "list"
  | "schema"
  | "schemas"
  | "map"
  | "docs"
  | "rules";

/** Every member of JSONSchemaProps (apiextensions.k8s.io/v1), and what it holds. */
const members: Readonly<Record<string, Kind>> = {
  id: "text",
  $schema: "text",
  $ref: "text",
  description: "text",
  type: "text",
  format: "text",
  title: "text",
  default: "any",
  maximum: "number",
  exclusiveMaximum: "flag",
  minimum: "number",
  exclusiveMinimum: "flag",
  maxLength: "whole",
  minLength: "whole",
  pattern: "text",
  maxItems: "whole",
  minItems: "whole",
  uniqueItems: "flag",
  multipleOf: "number",
  enum: "list",
  maxProperties: "whole",
  minProperties: "whole",
  required: "texts",
  items: "any",
  allOf: "schemas",
  oneOf: "schemas",
  anyOf: "schemas",
  not: "schema",
  properties: "map",
  additionalProperties: "any",
  patternProperties: "map",
  dependencies: "any",
  additionalItems: "any",
  definitions: "map",
  externalDocs: "docs",
  example: "any",
  nullable: "flag",
  "x-kubernetes-preserve-unknown-fields": "flag",
  "x-kubernetes-embedded-resource": "flag",
  "x-kubernetes-int-or-string": "flag",
  "x-kubernetes-list-map-keys": "texts",
  "x-kubernetes-list-type": "text",
  "x-kubernetes-map-type": "text",
  "x-kubernetes-validations": "rules",
};

/** Schemas nested deeper are refused: what follows them would otherwise have no bound. */
const maxSchemaDepth = 64;

/** A schema that could not be decoded: kube-apiserver answers 400. */
export class SchemaShapeError extends Error {}

/**
 * The schema without unknown and null members, as decoding it into Kubernetes' type leaves it. `unknown` gets the path of
 * each unknown member. Throws `SchemaShapeError` when a member is of the wrong type.
 */
export function decodeSchema(
  value: unknown,
  path = "openAPIV3Schema",
  unknown: (path: string) => void = () => undefined,
  depth = 0,
): SchemaProps {
  if (depth > maxSchemaDepth) throw new SchemaShapeError(`${path} nests too deeply`);
  if (!isObject(value)) throw new SchemaShapeError(`${path} must be an object`);
  const decoded: [string, unknown][] = [];
  for (const [name, member] of Object.entries(value)) {
    const at = `${path}.${name}`;
    const kind = Object.hasOwn(members, name) ? members[name] : undefined;
    if (kind === undefined) unknown(at);
    else if (member !== null) decoded.push([name, decodeMember(name, kind, member, at, unknown, depth)]);
  }
  return Object.fromEntries(decoded) as SchemaProps;
}

function decodeMember(
  name: string,
  kind: Kind,
  value: unknown,
  path: string,
  unknown: (path: string) => void,
  depth: number,
): unknown {
  const fail = (what: string): never => {
    throw new SchemaShapeError(`${path} must be ${what}`);
  };
  const schema = (inner: unknown, at: string): SchemaProps => decodeSchema(inner, at, unknown, depth + 1);
  const map = (inner: unknown, one: (item: unknown, at: string) => unknown): unknown =>
    isObject(inner)
      ? Object.fromEntries(Object.entries(inner).map(([key, item]) => [key, one(item, `${path}.${key}`)]))
      : fail("an object");
  const isTexts = (inner: unknown): boolean =>
    Array.isArray(inner) && inner.every((item) => typeof item === "string");
  switch (kind) {
    case "text":
      return typeof value === "string" ? value : fail("a string");
    case "number":
      return typeof value === "number" ? value : fail("a number");
    case "whole":
      return Number.isSafeInteger(value) ? value : fail("an integer");
    case "flag":
      return typeof value === "boolean" ? value : fail("a boolean");
    case "texts":
      return isTexts(value) ? value : fail("a list of strings");
    case "list":
      return Array.isArray(value) ? value : fail("a list");
    case "schema":
      return schema(value, path);
    case "schemas":
      return Array.isArray(value)
        ? value.map((item, index) => schema(item, `${path}[${index}]`))
        : fail("a list");
    case "map":
      return map(value, schema);
    case "docs":
      return isObject(value) ? value : fail("an object");
    case "rules":
      return Array.isArray(value)
        ? value.map((rule, index) => decodeRule(rule, `${path}[${index}]`, unknown))
        : fail("a list");
    case "any":
      break;
    default:
      return kind satisfies never;
  }
  if (name === "items" && Array.isArray(value))
    return value.map((item, index) => schema(item, `${path}[${index}]`));
  if (name === "items") return schema(value, path);
  if (name === "additionalProperties" || name === "additionalItems")
    return typeof value === "boolean" ? value : schema(value, path);
  if (name === "dependencies") return map(value, (item, at) => (isTexts(item) ? item : schema(item, at)));
  return value;
}

const ruleMembers: Readonly<Record<string, "string" | "boolean">> = {
  rule: "string",
  message: "string",
  messageExpression: "string",
  reason: "string",
  fieldPath: "string",
  optionalOldSelf: "boolean",
};

function decodeRule(value: unknown, path: string, unknown: (path: string) => void): unknown {
  if (!isObject(value)) throw new SchemaShapeError(`${path} must be an object`);
  const decoded: [string, unknown][] = [];
  for (const [name, member] of Object.entries(value)) {
    const wanted = Object.hasOwn(ruleMembers, name) ? ruleMembers[name] : undefined;
    if (wanted === undefined) unknown(`${path}.${name}`);
    else if (member !== null && typeof member !== wanted)
      throw new SchemaShapeError(`${path}.${name} must be a ${wanted}`);
    else if (member !== null) decoded.push([name, member]);
  }
  return Object.fromEntries(decoded);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
