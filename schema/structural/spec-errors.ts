/**
 * What a CustomResourceDefinition's schema may not say at all (apiextensions-apiserver, validation of the OpenAPI
 * schema): members without meaning here, lists and maps that do not fit together, rules without text. Pure.
 */
import { child, forbiddenValue, invalidValue, keyed, notSupported, requiredValue } from "./field-error.ts";
import type { SchemaProps } from "./schema-props.ts";
import type { FieldError } from "./types.ts";

/** What holds for a schema because of where it stands. */
interface Place {
  readonly path: string;
  readonly root: boolean;
  /** Why there may be no default; `undefined`: there may. */
  readonly noDefaults?: string;
  readonly insideMetadata: boolean;
  readonly uncorrelated?: string;
}

/** What rules are judged by as the schema is walked; under allOf and the like there are none. */
export interface RuleScope {
  readonly property: (name: string, schema: SchemaProps) => RuleScope;
  readonly items: (schema: SchemaProps) => RuleScope;
  readonly values: (schema: SchemaProps) => RuleScope;
  /**
   * Problems of the rules of this schema itself; asked after everything under it, and only when it is otherwise without
   * error. `uncorrelated`: the outermost place under which values have no counterpart in the old object.
   */
  readonly errors: (path: string, uncorrelated: string | undefined) => FieldError[];
}

/** All problems but those of `structuralErrors`. Without `rules` those in CEL are not looked at. */
export function specErrors(schema: SchemaProps, path: string, rules: RuleScope | undefined): FieldError[] {
  const found = look(schema, { path, root: true, insideMetadata: false }, rules);
  return [...found.schema, ...found.rules];
}

interface Found {
  readonly schema: FieldError[];
  readonly rules: FieldError[];
}

function look(schema: SchemaProps, place: Place, scope: RuleScope | undefined): Found {
  const { path } = place;
  const found: Found = { schema: forbidden(schema, place), rules: [] };
  const here: Place = { ...place, root: false };
  const into = (inner: SchemaProps, at: Place, innerScope?: RuleScope): void => {
    const deeper = look(inner, at, innerScope);
    found.schema.push(...deeper.schema);
    found.rules.push(...deeper.rules);
  };
  const { additionalProperties, items } = schema;
  if (typeof additionalProperties === "object") {
    const inner = { ...here, path: child(path, "additionalProperties") };
    const noDefaults = "inside additionalProperties applying to object metadata";
    const scopeOfValues = scope?.values(additionalProperties);
    into(additionalProperties, place.insideMetadata ? { ...inner, noDefaults } : inner, scopeOfValues);
  }
  intoProperties(schema, place, scope, into);
  if (schema.not !== undefined) into(schema.not, { ...here, path: child(path, "not") });
  for (const name of ["allOf", "oneOf", "anyOf"] as const)
    schema[name]?.forEach((inner, index) => into(inner, { ...here, path: keyed(child(path, name), index) }));
  for (const [name, inner] of Object.entries(schema.definitions ?? {}))
    into(inner, { ...here, path: keyed(child(path, "definitions"), name) });
  // Items of a list correlate by their keys only.
  const uncorrelated =
    schema["x-kubernetes-list-type"] === "map" ? here.uncorrelated : (here.uncorrelated ?? path);
  const ofItems = { ...here, ...(uncorrelated === undefined ? {} : { uncorrelated }) };
  if (Array.isArray(items))
    items.forEach((inner: SchemaProps, index) =>
      into(inner, { ...ofItems, path: keyed(child(path, "items"), index) }, scope?.items(inner)),
    );
  else if (items !== undefined) {
    const one = items as SchemaProps;
    into(one, { ...ofItems, path: child(path, "items") }, scope?.items(one));
  }
  for (const [name, inner] of Object.entries(schema.dependencies ?? {})) {
    if (!Array.isArray(inner))
      into(inner as SchemaProps, { ...here, path: keyed(child(path, "dependencies"), name) });
  }
  found.schema.push(...listAndMapErrors(schema, path), ...ruleTextErrors(schema, path));
  const hasRules = (schema["x-kubernetes-validations"] ?? []).length > 0;
  if (scope !== undefined && hasRules && found.schema.length === 0)
    found.rules.push(...scope.errors(path, place.uncorrelated));
  return found;
}

function intoProperties(
  schema: SchemaProps,
  place: Place,
  scope: RuleScope | undefined,
  into: (inner: SchemaProps, at: Place, innerScope?: RuleScope) => void,
): void {
  const mapType = schema["x-kubernetes-map-type"];
  const correlates = mapType === undefined || mapType === "granular" || mapType === "atomic";
  const uncorrelated = correlates ? place.uncorrelated : (place.uncorrelated ?? place.path);
  const isResource = place.root || schema["x-kubernetes-embedded-resource"] === true;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const isMetadata = isResource && ["metadata", "kind", "apiVersion"].includes(name);
    const inner: Place = {
      ...place,
      root: false,
      path: keyed(child(place.path, "properties"), name),
      ...(uncorrelated === undefined ? {} : { uncorrelated }),
      ...(isMetadata ? { insideMetadata: true } : {}),
      ...(isMetadata && place.root ? { noDefaults: `in top-level ${name}` } : {}),
    };
    into(property, inner, scope?.property(name, property));
  }
}

const types = ["array", "boolean", "integer", "number", "object", "string"];
const unsupported = [
  "id",
  "additionalItems",
  "patternProperties",
  "definitions",
  "dependencies",
  "$ref",
] as const;

function forbidden(schema: SchemaProps, place: Place): FieldError[] {
  const { path, noDefaults } = place;
  const errors: FieldError[] = [];
  const { type = "" } = schema;
  if (type !== "" && !types.includes(type)) errors.push(notSupported(child(path, "type"), type, types));
  if (schema.default !== undefined && noDefaults !== undefined)
    errors.push(forbiddenValue(child(path, "default"), `must not be set ${noDefaults}`));
  for (const name of unsupported) {
    const value = schema[name];
    const empty = value === "" || (typeof value === "object" && Object.keys(value).length === 0);
    const counts = name === "additionalItems" || name === "dependencies" || name === "$ref" || !empty;
    if (value !== undefined && counts)
      errors.push(forbiddenValue(child(path, name), `${name} is not supported`));
  }
  if (type === "null")
    errors.push(
      forbiddenValue(child(path, "type"), "type cannot be set to null, use nullable as an alternative"),
    );
  if (Array.isArray(schema.items) && schema.items.length > 0)
    errors.push(forbiddenValue(child(path, "items"), "items must be a schema object and not an array"));
  if (place.insideMetadata && schema["x-kubernetes-embedded-resource"] === true)
    errors.push(
      forbiddenValue(
        child(path, "x-kubernetes-embedded-resource"),
        "must not be used inside of resource meta",
      ),
    );
  if (schema.uniqueItems === true)
    errors.push(
      forbiddenValue(
        child(path, "uniqueItems"),
        "uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
      ),
    );
  const { additionalProperties, properties = {} } = schema;
  if (
    additionalProperties !== undefined &&
    additionalProperties !== true &&
    Object.keys(properties).length > 0
  )
    errors.push(
      forbiddenValue(
        child(path, "additionalProperties"),
        "additionalProperties and properties are mutual exclusive",
      ),
    );
  return errors;
}

function listAndMapErrors(schema: SchemaProps, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { type = "" } = schema;
  if (schema["x-kubernetes-preserve-unknown-fields"] === false)
    errors.push(
      invalidValue(child(path, "x-kubernetes-preserve-unknown-fields"), false, "must be true or undefined"),
    );
  const mustBe = (wanted: string, because: string): void => {
    const why = `must be ${wanted} if ${because} is specified`;
    errors.push(
      type === "" ? requiredValue(child(path, "type"), why) : invalidValue(child(path, "type"), type, why),
    );
  };
  const mapType = schema["x-kubernetes-map-type"];
  if (mapType !== undefined && type !== "object") mustBe("object", "x-kubernetes-map-type");
  if (mapType !== undefined && !["atomic", "granular"].includes(mapType))
    errors.push(notSupported(child(path, "x-kubernetes-map-type"), mapType, ["atomic", "granular"]));
  const listType = schema["x-kubernetes-list-type"];
  const items = Array.isArray(schema.items) ? undefined : (schema.items as SchemaProps | undefined);
  if (listType !== undefined && type !== "array") mustBe("array", "x-kubernetes-list-type");
  else if (listType === "set" && items !== undefined)
    errors.push(...setItemErrors(items, child(path, "items")));
  if (listType !== undefined && !["atomic", "set", "map"].includes(listType))
    errors.push(notSupported(child(path, "x-kubernetes-list-type"), listType, ["atomic", "set", "map"]));
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  if (keys.length > 0 && listType !== "map") {
    const why = "must be map if x-kubernetes-list-map-keys is non-empty";
    const at = child(path, "x-kubernetes-list-type");
    errors.push(listType === undefined ? requiredValue(at, why) : invalidValue(at, listType, why));
  }
  if (listType === "map") errors.push(...mapListErrors(schema, items, keys, path));
  if ((listType === "set" || listType === "map") && items !== undefined)
    errors.push(...keyedItemErrors(items, listType, keys, child(path, "items")));
  return errors;
}

function setItemErrors(items: SchemaProps, path: string): FieldError[] {
  const why = "must be atomic as item of a list with x-kubernetes-list-type=set";
  const listType = items["x-kubernetes-list-type"];
  if (items.type === "array" && listType !== undefined && listType !== "atomic")
    return [invalidValue(child(path, "x-kubernetes-list-type"), listType, why)];
  // Kubernetes shows the list type here too.
  if (items.type === "object" && items["x-kubernetes-map-type"] !== "atomic")
    return [invalidValue(child(path, "x-kubernetes-map-type"), listType ?? null, why)];
  return [];
}

function mapListErrors(
  schema: SchemaProps,
  items: SchemaProps | undefined,
  keys: readonly string[],
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const keysPath = child(path, "x-kubernetes-list-map-keys");
  if (keys.length === 0)
    errors.push(requiredValue(keysPath, "must not be empty if x-kubernetes-list-type is map"));
  if (schema.items === undefined)
    errors.push(requiredValue(child(path, "items"), "must have a schema if x-kubernetes-list-type is map"));
  else if (items === undefined)
    errors.push(
      invalidValue(
        child(path, "items"),
        schema.items,
        "must only have a single schema if x-kubernetes-list-type is map",
      ),
    );
  if (items === undefined) return errors;
  const { type = "", properties = {} } = items;
  if (type !== "object") {
    const why = "must be object if parent array's x-kubernetes-list-type is map";
    errors.push(invalidValue(child(child(path, "items"), "type"), type, why));
    return errors;
  }
  const seen = new Set<string>();
  for (const key of keys) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (property === undefined)
      errors.push(invalidValue(keysPath, keys, "entries must all be names of item properties"));
    else if (property.type === "array" || property.type === "object")
      errors.push(
        invalidValue(
          `${child(path, "items")}.properties[${key}].type`,
          type,
          "must be a scalar type if parent array's x-kubernetes-list-type is map",
        ),
      );
    if (seen.has(key)) errors.push(invalidValue(keysPath, keys, "must not contain duplicate entries"));
    seen.add(key);
  }
  return errors;
}

function keyedItemErrors(
  items: SchemaProps,
  listType: "set" | "map",
  keys: readonly string[],
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (items.nullable === true)
    errors.push(
      forbiddenValue(
        child(path, "nullable"),
        `cannot be nullable when x-kubernetes-list-type is ${listType}`,
      ),
    );
  if (listType === "set") return errors;
  const { properties = {}, required = [] } = items;
  for (const key of keys) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (property === undefined) continue;
    const at = keyed(child(path, "properties"), key);
    if (!required.includes(key) && property.default === undefined)
      errors.push(
        requiredValue(
          child(at, "default"),
          "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
        ),
      );
    if (property.nullable === true)
      errors.push(
        forbiddenValue(
          child(at, "nullable"),
          "this property is in x-kubernetes-list-map-keys, so it cannot be nullable",
        ),
      );
  }
  return errors;
}

const reasons = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];
const lineBreaks = /[\n\r]/;

function ruleTextErrors(schema: SchemaProps, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, rule] of (schema["x-kubernetes-validations"] ?? []).entries()) {
    const at = (name: string): string => child(keyed(child(path, "x-kubernetes-validations"), index), name);
    const { rule: text = "", message = "", messageExpression = "", reason, fieldPath = "" } = rule;
    if (text.trim() === "") errors.push(requiredValue(at("rule"), "rule is not specified"));
    else if (message !== "" && message.trim() === "")
      errors.push(invalidValue(at("message"), message, "must be non-empty if specified"));
    else if (lineBreaks.test(message.trim()))
      errors.push(invalidValue(at("message"), message, "must not contain line breaks"));
    else if (lineBreaks.test(text.trim()) && message.trim() === "")
      errors.push(requiredValue(at("message"), "message must be specified if rule contains line breaks"));
    if (messageExpression !== "" && messageExpression.trim() === "")
      errors.push(requiredValue(at("messageExpression"), "messageExpression must be non-empty if specified"));
    if (reason !== undefined && !reasons.includes(reason))
      errors.push(notSupported(at("reason"), reason, reasons));
    if (fieldPath !== "" && fieldPath.trim() === "")
      errors.push(invalidValue(at("fieldPath"), fieldPath, "must be non-empty if specified"));
    if (lineBreaks.test(fieldPath))
      errors.push(invalidValue(at("fieldPath"), fieldPath, "must not contain line breaks"));
    if (fieldPath !== "" && resolveFieldPath(schema, fieldPath) === undefined)
      errors.push(invalidValue(at("fieldPath"), fieldPath, "must be a valid path"));
  }
  return errors;
}

const quotedEscapes: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "'": "'",
  "\\": "\\",
};

/** A rule's `fieldPath`, `.spec.ports['a b']`, as errors print it; `undefined` when it leads nowhere. */
export function resolveFieldPath(schema: SchemaProps, fieldPath: string): string | undefined {
  let path = "";
  let at: SchemaProps | undefined = schema;
  let rest = fieldPath;
  while (rest !== "") {
    const match = /^(?:\.([^.[\]]+)|\['((?:[^'\\]|\\[^])*)'\])/.exec(rest);
    if (match === null || at === undefined) return undefined;
    rest = rest.slice(match[0].length);
    const bad = /\\[^abfnrtv'\\]/.test(match[2] ?? "");
    if (bad) return undefined;
    const name =
      match[1] ?? (match[2] ?? "").replace(/\\([^])/g, (_, char: string) => quotedEscapes[char] ?? "");
    const { properties, additionalProperties }: SchemaProps = at;
    if (properties !== undefined && Object.keys(properties).length > 0) {
      if (!Object.hasOwn(properties, name)) return undefined;
      path = child(path, name);
      at = properties[name];
    } else if (typeof additionalProperties === "object") {
      path = keyed(path, name);
      at = additionalProperties;
    } else return undefined;
  }
  return path === "" ? undefined : path;
}
