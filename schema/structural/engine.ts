/**
 * THE structural-schema engine (design 3): defaults, prunes and validates built-in and user-defined types alike. Pure; no
 * `eval`. Objects come from JSON.parse, so members called `__proto__` are own members: they are read and deleted by name,
 * and only names that a schema declares are ever assigned.
 */
import { formatProblem } from "./formats.ts";
import type { FieldError, JsonSchema } from "./types.ts";

/** Deepest nesting of a value; schemas are followed no deeper either. */
export const maxDepth = 64;
/** A hostile object must not make an answer of a million errors. */
const maxErrors = 100;

type Json = Record<string, unknown>;

/**
 * Fills in defaults, in place, and returns the value. As in Kubernetes a null where null is not allowed counts as absent:
 * it takes the default, or goes.
 */
export function applyDefaults<T>(schema: JsonSchema, value: T): T {
  defaultInto(schema, value, 0);
  return value;
}

function defaultInto(schema: JsonSchema, value: unknown, depth: number): void {
  if (depth > maxDepth) return;
  if (Array.isArray(value)) {
    if (schema.items !== undefined) for (const item of value) defaultInto(schema.items, item, depth + 1);
    return;
  }
  if (!isObject(value)) return;
  for (const key of Object.keys(value)) {
    const member = memberSchema(schema, key);
    if (value[key] === null && member !== undefined && member.nullable !== true) delete value[key];
  }
  for (const [key, member] of Object.entries(schema.properties ?? {})) {
    if (member.default !== undefined && !Object.hasOwn(value, key))
      value[key] = structuredClone(member.default);
  }
  for (const key of Object.keys(value)) {
    const member = memberSchema(schema, key);
    if (member !== undefined) defaultInto(member, value[key], depth + 1);
  }
}

/** Removes members that the schema does not know, in place, unless it preserves them; returns the value. */
export function prune<T>(schema: JsonSchema, value: T): T {
  pruneIn(schema, value, 0);
  return value;
}

function pruneIn(schema: JsonSchema, value: unknown, depth: number): void {
  if (depth > maxDepth) return;
  if (Array.isArray(value)) {
    if (schema.items !== undefined) for (const item of value) pruneIn(schema.items, item, depth + 1);
    return;
  }
  if (!isObject(value)) return;
  const keeps =
    schema["x-kubernetes-preserve-unknown-fields"] === true || schema.additionalProperties === true;
  for (const key of Object.keys(value)) {
    const member = memberSchema(schema, key);
    if (member !== undefined) pruneIn(member, value[key], depth + 1);
    else if (!keeps) delete value[key];
  }
}

/** All problems of a value, in Kubernetes' words; empty when it is valid. Errors carry values of wrong strings and numbers. */
export function validate(schema: JsonSchema, value: unknown, path = ""): FieldError[] {
  if (nestsDeeperThan(value, maxDepth))
    return [{ reason: "FieldValueInvalid", field: path, message: `must not nest deeper than ${maxDepth}` }];
  const errors: FieldError[] = [];
  check(schema, value, path, errors);
  return errors;
}

function check(schema: JsonSchema, value: unknown, path: string, errors: FieldError[]): void {
  if (errors.length >= maxErrors) return;
  const add = (reason: FieldError["reason"], message: string): void => {
    errors.push({ reason, field: path, message });
  };
  if (value === null && schema.nullable === true) return;
  const wanted = typeProblem(schema, value);
  if (wanted !== undefined) {
    const actual = JSON.stringify(typeName(value));
    add(
      "FieldValueTypeInvalid",
      `Invalid value: ${actual}: ${path} in body must be of type ${wanted}: ${actual}`,
    );
    return;
  }
  if (schema.enum !== undefined && !schema.enum.some((option) => same(option, value))) {
    const options = schema.enum.map((option) => JSON.stringify(option)).join(", ");
    add(
      "FieldValueNotSupported",
      `Unsupported value: ${JSON.stringify(value)}: supported values: ${options}`,
    );
  }
  if (typeof value === "string") checkString(schema, value, path, add);
  else if (typeof value === "number") checkNumber(schema, value, path, add);
  else if (Array.isArray(value)) checkArray(schema, value, path, errors, add);
  else if (isObject(value)) checkObject(schema, value, path, errors);
}

type Add = (reason: FieldError["reason"], message: string) => void;

function checkString(schema: JsonSchema, value: string, path: string, add: Add): void {
  const invalid = (why: string): void =>
    add("FieldValueInvalid", `Invalid value: ${JSON.stringify(value)}: ${path} in body ${why}`);
  // Characters as people count them; UTF-16 units only bound the work.
  const length =
    schema.minLength === undefined && schema.maxLength === undefined ? 0 : Array.from(value).length;
  if (schema.minLength !== undefined && length < schema.minLength)
    invalid(`should be at least ${schema.minLength} chars long`);
  if (schema.maxLength !== undefined && length > schema.maxLength)
    add("FieldValueTooLong", `Too long: may not be more than ${schema.maxLength} characters`);
  if (schema.pattern !== undefined && !regexOf(schema).test(value))
    invalid(`should match '${schema.pattern}'`);
  const problem = formatProblem(schema.format, value);
  if (problem !== undefined) invalid(problem);
}

function checkNumber(schema: JsonSchema, value: number, path: string, add: Add): void {
  const invalid = (why: string): void =>
    add("FieldValueInvalid", `Invalid value: ${value}: ${path} in body ${why}`);
  if (schema.minimum !== undefined && value < schema.minimum)
    invalid(`should be greater than or equal to ${schema.minimum}`);
  if (schema.maximum !== undefined && value > schema.maximum)
    invalid(`should be less than or equal to ${schema.maximum}`);
  const problem = formatProblem(schema.format, value);
  if (problem !== undefined) invalid(problem);
}

function checkArray(
  schema: JsonSchema,
  value: readonly unknown[],
  path: string,
  errors: FieldError[],
  add: Add,
): void {
  if (schema.minItems !== undefined && value.length < schema.minItems)
    add(
      "FieldValueInvalid",
      `Invalid value: ${value.length}: ${path} in body should have at least ${schema.minItems} items`,
    );
  if (schema.maxItems !== undefined && value.length > schema.maxItems)
    add("FieldValueTooLong", `Too many: ${value.length}: must have at most ${schema.maxItems} items`);
  const seen = new Set<string>();
  value.forEach((item, index) => {
    const at = `${path}[${index}]`;
    if (schema.uniqueItems === true) {
      const text = canonical(item);
      if (seen.has(text))
        errors.push({ reason: "FieldValueDuplicate", field: at, message: `Duplicate value: ${text}` });
      seen.add(text);
    }
    if (schema.items !== undefined) check(schema.items, item, at, errors);
  });
}

function checkObject(schema: JsonSchema, value: Json, path: string, errors: FieldError[]): void {
  const { minProperties = 0 } = schema;
  if (Object.keys(value).length < minProperties)
    errors.push({
      reason: "FieldValueInvalid",
      field: path,
      message: `Invalid value: ${Object.keys(value).length}: ${path} in body should have at least ${minProperties} properties`,
    });
  for (const key of schema.required ?? []) {
    if (!Object.hasOwn(value, key))
      errors.push({ reason: "FieldValueRequired", field: join(path, key), message: "Required value" });
  }
  for (const key of Object.keys(value)) {
    const member = memberSchema(schema, key);
    if (member !== undefined) check(member, value[key], join(path, key), errors);
  }
}

/** The schema of a member: a declared property's, else that of all other members. */
function memberSchema(schema: JsonSchema, key: string): JsonSchema | undefined {
  const { properties, additionalProperties } = schema;
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[key];
  return typeof additionalProperties === "object" ? additionalProperties : undefined;
}

/** The type that was wanted, or `undefined` when the value has it. */
function typeProblem(schema: JsonSchema, value: unknown): string | undefined {
  if (schema["x-kubernetes-int-or-string"] === true)
    return typeof value === "string" || Number.isSafeInteger(value) ? undefined : "integer,string";
  const { type } = schema;
  switch (type) {
    case undefined:
      return undefined;
    case "object":
      return isObject(value) ? undefined : type;
    case "array":
      return Array.isArray(value) ? undefined : type;
    case "integer":
      // Beyond 2^53 the parser has rounded already: refused, never stored as another number.
      return Number.isSafeInteger(value) ? undefined : type;
    case "number":
      return typeof value === "number" ? undefined : type;
    case "string":
    case "boolean":
      return typeof value === type ? undefined : type;
    default:
      return type satisfies never;
  }
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "number" && Number.isInteger(value) ? "integer" : typeof value;
}

const regexes = new WeakMap<JsonSchema, RegExp>();

/** Compiled once per schema. A pattern that this engine cannot read matches nothing: closed, not open. */
function regexOf(schema: JsonSchema): RegExp {
  let regex = regexes.get(schema);
  if (regex === undefined) {
    try {
      regex = new RegExp(schema.pattern ?? "", "u");
    } catch {
      regex = /(?!)/;
    }
    regexes.set(schema, regex);
  }
  return regex;
}

/** Judged with a list, not by recursion: the value is as deep as its sender likes. */
export function nestsDeeperThan(value: unknown, limit: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) return true;
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []));
    level = level.filter((item) => typeof item === "object" && item !== null);
  }
  return false;
}

function same(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === "object" && typeof b === "object" && canonical(a) === canonical(b));
}

/** JSON with sorted keys: equal for equal values. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    isObject(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function join(path: string, key: string): string {
  if (!/^[A-Za-z0-9_-]+$/.test(key)) return `${path}[${key}]`;
  return path === "" ? key : `${path}.${key}`;
}
