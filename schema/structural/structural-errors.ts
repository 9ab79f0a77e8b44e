/**
 * Whether a schema is structural (apiextensions-apiserver, apiserver/schema): every field has a type of its own, and what
 * stands under allOf, anyOf, oneOf and not only restricts values of fields that are declared outside of them. Pure.
 */
import { regexProblem } from "../re2/regex.ts";
import { child, forbiddenValue, invalidValue, keyed, requiredValue } from "./field-error.ts";
import { deepEqual } from "./json.ts";
import type { SchemaProps } from "./schema-props.ts";
import type { FieldError } from "./types.ts";

type Level = "root" | "item" | "field";

/** Errors sorted by text, as Kubernetes gives them. `path` is that of the schema. */
export function structuralErrors(schema: SchemaProps, path: string): FieldError[] {
  const errors: FieldError[] = [];
  invariants(schema, "root", path, errors);
  alternativesDeclared(schema, schema, path, path, errors);
  return errors.sort((a, b) => (`${a.field}: ${a.message}` < `${b.field}: ${b.message}` ? -1 : 1));
}

function invariants(schema: SchemaProps, level: Level, path: string, errors: FieldError[]): void {
  const { type = "", properties = {}, additionalProperties } = schema;
  const items = singleItems(schema);
  if (type === "array" && items === undefined)
    errors.push(requiredValue(child(path, "items"), "must be specified"));
  if (items !== undefined) invariants(items, "item", child(path, "items"), errors);
  for (const [name, property] of Object.entries(properties))
    invariants(property, "field", keyed(child(path, "properties"), name), errors);
  const additional = child(path, "additionalProperties");
  if (additionalProperties !== undefined) {
    if (level === "root") errors.push(forbiddenValue(additional, "must not be used at the root"));
    if (typeof additionalProperties === "object")
      invariants(additionalProperties, "field", additional, errors);
  }
  extensions(schema, path, errors);
  const skips = { anyOf: isIntOrString(schema.anyOf), firstAllOf: isIntOrString(schema.allOf?.[0]?.anyOf) };
  valueValidation(schema, skips, path, errors);
  checkType(schema, level, path, errors);
  resourceMembers(schema, level, path, errors);
}

function extensions(schema: SchemaProps, path: string, errors: FieldError[]): void {
  if (schema["x-kubernetes-int-or-string"] !== true) return;
  for (const name of ["x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"] as const) {
    if (schema[name] === true)
      errors.push(
        invalidValue(child(path, name), true, "must be false if x-kubernetes-int-or-string is true"),
      );
  }
}

const emptyType: Readonly<Record<Level, string>> = {
  root: "must not be empty at the root",
  item: "must not be empty for specified array items",
  field: "must not be empty for specified object fields",
};

function checkType(schema: SchemaProps, level: Level, path: string, errors: FieldError[]): void {
  const { type = "" } = schema;
  const at = child(path, "type");
  const embedded = schema["x-kubernetes-embedded-resource"] === true;
  const open = schema["x-kubernetes-preserve-unknown-fields"] === true;
  if (embedded && type !== "object") {
    const why = "must be object if x-kubernetes-embedded-resource is true";
    errors.push(type === "" ? requiredValue(at, why) : invalidValue(at, type, why));
  } else if (type === "" && schema["x-kubernetes-int-or-string"] !== true && !open)
    errors.push(requiredValue(at, emptyType[level]));
  if (embedded && schema.additionalProperties !== undefined)
    errors.push(
      forbiddenValue(
        child(path, "additionalProperties"),
        "must not be used if x-kubernetes-embedded-resource is set",
      ),
    );
  if (level === "root" && type !== "" && type !== "object")
    errors.push(invalidValue(at, type, "must be object at the root"));
  if (embedded && !open && Object.keys(schema.properties ?? {}).length === 0)
    errors.push(
      requiredValue(
        child(path, "properties"),
        "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields",
      ),
    );
}

/** apiVersion, kind and metadata of whole resources: their shape is Kubernetes' own. */
function resourceMembers(schema: SchemaProps, level: Level, path: string, errors: FieldError[]): void {
  const { properties = {} } = schema;
  const isResource = level === "root" || schema["x-kubernetes-embedded-resource"] === true;
  const at = (name: string): string => keyed(child(path, "properties"), name);
  for (const name of ["kind", "apiVersion"]) {
    const type = Object.hasOwn(properties, name) ? (properties[name]?.type ?? "") : "string";
    if (isResource && type !== "string")
      errors.push(invalidValue(child(at(name), "type"), type, "must be string"));
  }
  const metadata = Object.hasOwn(properties, "metadata") ? properties["metadata"] : undefined;
  if (metadata === undefined) return;
  const { type = "" } = metadata;
  if (isResource && type !== "object")
    errors.push(invalidValue(child(at("metadata"), "type"), type, "must be object"));
  if (level === "root" && !restrictsNamesOnly(metadata))
    errors.push(
      forbiddenValue(
        at("metadata"),
        "must not specify anything other than name and generateName, but metadata is implicitly specified",
      ),
    );
}

function restrictsNamesOnly(metadata: SchemaProps): boolean {
  return Object.entries(metadata).every(([name, value]) => {
    if (name === "type" || name === "default" || value === false || value === "") return true;
    if (name !== "properties" || typeof value !== "object" || value === null) return false;
    return Object.keys(value).every((key) => key === "name" || key === "generateName");
  });
}

const intOrString: readonly SchemaProps[] = [{ type: "integer" }, { type: "string" }];

function isIntOrString(alternatives: readonly SchemaProps[] | undefined): boolean {
  return alternatives !== undefined && deepEqual(alternatives, intOrString);
}

function valueValidation(
  schema: SchemaProps,
  skips: { readonly anyOf: boolean; readonly firstAllOf: boolean },
  path: string,
  errors: FieldError[],
): void {
  const { anyOf = [], allOf = [], oneOf = [], not, pattern = "" } = schema;
  const plain = { anyOf: false, firstAllOf: false };
  if (!skips.anyOf)
    anyOf.forEach((inner, index) => nested(inner, plain, keyed(child(path, "anyOf"), index), errors));
  allOf.forEach((inner, index) => {
    const anyOfToo = skips.firstAllOf && index === 0;
    nested(inner, { anyOf: anyOfToo, firstAllOf: false }, keyed(child(path, "allOf"), index), errors);
  });
  oneOf.forEach((inner, index) => nested(inner, plain, keyed(child(path, "oneOf"), index), errors));
  if (not !== undefined) nested(not, plain, child(path, "not"), errors);
  const problem = pattern === "" ? undefined : regexProblem(pattern);
  if (problem !== undefined)
    errors.push(
      invalidValue(
        child(path, "pattern"),
        pattern,
        `must be a valid regular expression, but isn't: ${problem}`,
      ),
    );
}

const isSet = (value: unknown): boolean =>
  value !== undefined && value !== "" && value !== false && !(Array.isArray(value) && value.length === 0);

/** What belongs to a field's declaration, and how Kubernetes says that it may not stand in a restriction. */
const declarations: readonly (readonly [keyof SchemaProps, string])[] = [
  ["type", "must be empty to be structural"],
  ["default", "must be undefined to be structural"],
  ["title", "must be empty to be structural"],
  ["description", "must be empty to be structural"],
  ["nullable", "must be false to be structural"],
  ["x-kubernetes-preserve-unknown-fields", "must be false to be structural"],
  ["x-kubernetes-embedded-resource", "must be false to be structural"],
  ["x-kubernetes-int-or-string", "must be false to be structural"],
  ["x-kubernetes-list-map-keys", "must be empty to be structural"],
  ["x-kubernetes-list-type", "must be undefined to be structural"],
  ["x-kubernetes-map-type", "must be undefined to be structural"],
  ["x-kubernetes-validations", "must be empty to be structural"],
];

/** A schema under allOf, anyOf, oneOf or not. */
function nested(
  schema: SchemaProps,
  skips: { readonly anyOf: boolean; readonly firstAllOf: boolean },
  path: string,
  errors: FieldError[],
): void {
  const plain = { anyOf: false, firstAllOf: false };
  valueValidation(schema, skips, path, errors);
  const items = singleItems(schema);
  if (items !== undefined) nested(items, plain, child(path, "items"), errors);
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    nested(property, plain, keyed(child(path, "properties"), name), errors);
  for (const [name, why] of declarations) {
    const value = schema[name];
    if (name === "default" ? value !== undefined : isSet(value))
      errors.push(forbiddenValue(child(path, name), why));
  }
  if (schema.additionalProperties !== undefined && schema.additionalProperties !== false)
    errors.push(forbiddenValue(child(path, "additionalProperties"), "must be undefined to be structural"));
  if (Object.hasOwn(schema.properties ?? {}, "metadata"))
    errors.push(
      forbiddenValue(
        keyed(child(path, "properties"), "metadata"),
        "must not be specified in a nested context",
      ),
    );
}

/** Every field that a restriction speaks of must be declared outside of it. */
function alternativesDeclared(
  restriction: SchemaProps,
  declared: SchemaProps | undefined,
  declaredPath: string,
  path: string,
  errors: FieldError[],
): void {
  const look = (inner: SchemaProps, at: string): void =>
    restrictionDeclared(inner, declared, declaredPath, at, errors);
  if (restriction.not !== undefined) look(restriction.not, child(path, "not"));
  for (const name of ["allOf", "anyOf", "oneOf"] as const)
    restriction[name]?.forEach((inner, index) => look(inner, keyed(child(path, name), index)));
}

function restrictionDeclared(
  restriction: SchemaProps,
  declared: SchemaProps | undefined,
  declaredPath: string,
  path: string,
  errors: FieldError[],
): void {
  if (declared === undefined) {
    errors.push(requiredValue(declaredPath, `because it is defined in ${path}`));
    return;
  }
  alternativesDeclared(restriction, declared, declaredPath, path, errors);
  const items = singleItems(restriction);
  if (items !== undefined)
    restrictionDeclared(
      items,
      singleItems(declared),
      child(declaredPath, "items"),
      child(path, "items"),
      errors,
    );
  for (const [name, property] of Object.entries(restriction.properties ?? {})) {
    const { properties = {} } = declared;
    const outside = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const at = (base: string): string => keyed(child(base, "properties"), name);
    restrictionDeclared(property, outside, at(declaredPath), at(path), errors);
  }
}

/** A list of schemas for items is refused elsewhere. */
export function singleItems({ items }: SchemaProps): SchemaProps | undefined {
  return items === undefined || Array.isArray(items) ? undefined : (items as SchemaProps);
}
