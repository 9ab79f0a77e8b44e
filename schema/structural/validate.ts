/**
 * Validates values (kube-openapi, validation/validate, as CustomResourceDefinitions use it), ratcheting included: on an
 * update, problems of what has not changed are let pass. Pure.
 */
import { Correlated } from "./correlate.ts";
import {
  child,
  invalidValue,
  keyed,
  notSupported,
  requiredValue,
  tooMany,
  typeInvalid,
} from "./field-error.ts";
import { effectiveFormat } from "./formats.ts";
import { goQuote, goValue } from "./go-format.ts";
import { deepEqual, isObject, maxDepth, nestsDeeperThan } from "./json.ts";
import type { Json } from "./json.ts";
import { Problems } from "./problems.ts";
import type { FieldError, JsonSchema } from "./types.ts";
import { checkNumber, checkString } from "./validate-scalars.ts";

export interface ValidateOptions {
  /** Of the value inside of its object, for errors. */
  readonly path?: string;
  /** The value that this one replaces: what is as it was is not judged again (CRDValidationRatcheting). */
  readonly old?: unknown;
}

/** All problems of a value, in Kubernetes' words; empty when it is valid. */
export function validate(schema: JsonSchema, value: unknown, options: ValidateOptions = {}): FieldError[] {
  const { path = "", old } = options;
  if (nestsDeeperThan(value, maxDepth))
    return [
      {
        reason: "FieldValueInvalid",
        field: path === "" ? "<nil>" : path,
        message: `must not nest deeper than ${maxDepth}`,
      },
    ];
  const problems = new Problems(path);
  check(schema, value, "", problems, old === undefined ? undefined : new Correlated(schema, value, old));
  return problems.errors();
}

/**
 * `name`: the path from the value that validation began with; errors of members of the root have a leading dot, which
 * Kubernetes cuts off. Problems are forgiven when `correlated` says that the value has not changed. Returns how many checks passed: of several alternatives that fail,
 * Kubernetes explains the one with the most.
 */
function check(
  schema: JsonSchema,
  value: unknown,
  name: string,
  problems: Problems,
  correlated: Correlated | undefined,
): number {
  if (problems.isFull) return 0;
  const mark = problems.mark();
  const passed = checkValue(schema, value, name, problems, correlated);
  if (correlated !== undefined && problems.since(mark) && correlated.unchanged) problems.forgive(mark);
  return passed;
}

function checkValue(
  schema: JsonSchema,
  value: unknown,
  name: string,
  problems: Problems,
  correlated: Correlated | undefined,
): number {
  if (value === null || value === undefined) {
    checkEnum(schema, null, name, problems);
    return checkType(schema, null, name, problems);
  }
  let passed = 3;
  if (
    schema.type !== undefined ||
    schema["x-kubernetes-int-or-string"] === true ||
    schema.format !== undefined
  )
    passed += 1 + checkType(schema, value, name, problems);
  passed += checkAlternatives(schema, value, name, problems);
  if (typeof value === "string") passed += checkString(schema, value, name, problems);
  else if (typeof value === "number") passed += checkNumber(schema, value, name, problems);
  else if (Array.isArray(value)) passed += checkArray(schema, value, name, problems, correlated);
  checkEnum(schema, value, name, problems);
  if (isObject(value)) passed += checkObject(schema, value, name, problems, correlated);
  return passed;
}

function checkEnum(schema: JsonSchema, value: unknown, name: string, problems: Problems): void {
  const options = schema.enum;
  if (options === undefined || options.length === 0) return;
  if (value !== null && options.some((option) => deepEqual(option, value))) return;
  const words = options.map((option) => (typeof option === "string" ? option : goValue(option)));
  problems.add(`${name} enum`, (path) => notSupported(path(name), value, words));
}

function checkType(schema: JsonSchema, value: unknown, name: string, problems: Problems): number {
  const intOrString = schema["x-kubernetes-int-or-string"] === true;
  const wanted = intOrString ? "integer,string" : (schema.type ?? "");
  const fail = (expected: string, actual: string): number => {
    const text = `${name} in body must be of type ${expected}: ${goQuote(actual)}`;
    problems.add(text, (path) => typeInvalid(path(name), actual, text));
    return 0;
  };
  if (value === null) {
    if (wanted === "" || schema.nullable === true) return 1;
    return fail(wanted, "null");
  }
  const actual = typeName(value);
  const matches = intOrString
    ? actual === "string" || actual === "integer"
    : wanted === actual || (wanted === "number" && actual === "integer");
  // Beyond 2^53 the parser has rounded already: refused, never stored as another number.
  const unsafe =
    typeof value === "number" && wanted !== "number" && wanted !== "" && !Number.isSafeInteger(value);
  if (matches && !unsafe) return 1;
  const format = effectiveFormat(schema);
  if (format !== undefined && actual !== "string" && actual !== "array")
    return fail(format, actual === "integer" ? "int64" : actual === "number" ? "float64" : "");
  if (wanted === "") return 1;
  return fail(wanted, actual);
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "number" && Number.isInteger(value) ? "integer" : typeof value;
}

/** Ratcheting does not reach into alternatives: there is no telling which of them the old value was judged by. */
function checkAlternatives(schema: JsonSchema, value: unknown, name: string, problems: Problems): number {
  const { allOf = [], anyOf = [], oneOf = [], not } = schema;
  if (allOf.length + anyOf.length + oneOf.length === 0 && not === undefined) return 1;
  const attempt = (alternative: JsonSchema): { found: Problems; passed: number } => {
    const found = problems.apart();
    return { found, passed: check(alternative, value, name, found, undefined) };
  };
  // Such errors belong to no field: Kubernetes gives them none.
  const add = (text: string): void => problems.add(text, () => invalidValue("", "", text), true);
  let passed = 1;
  if (anyOf.length > 0) {
    let best: ReturnType<typeof attempt> | undefined;
    for (const alternative of anyOf) {
      const result = attempt(alternative);
      if (result.found.isEmpty || best === undefined || result.passed > best.passed) best = result;
      if (result.found.isEmpty) break;
    }
    if (best?.found.isEmpty === false) add(`${goQuote(name)} must validate at least one schema (anyOf)`);
    passed += best?.passed ?? 0;
    if (best !== undefined) problems.take(best.found);
  }
  if (oneOf.length > 0) {
    const results = oneOf.map(attempt);
    const valid = results.filter(({ found }) => found.isEmpty);
    if (valid.length === 1) passed += valid[0]?.passed ?? 0;
    else {
      const why = valid.length === 0 ? "Found none valid" : `Found ${valid.length} valid alternatives`;
      add(`${goQuote(name)} must validate one and only one schema (oneOf). ${why}`);
      if (valid.length === 0) {
        const best = results.reduce((a, b) => (b.passed > a.passed ? b : a));
        passed += best.passed;
        problems.take(best.found);
      }
    }
  }
  if (allOf.length > 0) {
    const results = allOf.map(attempt);
    for (const { found, passed: more } of results) {
      problems.take(found);
      passed += more;
    }
    const valid = results.filter(({ found }) => found.isEmpty).length;
    if (valid !== allOf.length)
      add(`${goQuote(name)} must validate all the schemas (allOf)${valid === 0 ? ". None validated" : ""}`);
  }
  if (not !== undefined && attempt(not).found.isEmpty)
    add(`${goQuote(name)} must not validate the schema (not)`);
  return passed;
}

function checkArray(
  schema: JsonSchema,
  value: readonly unknown[],
  name: string,
  problems: Problems,
  correlated: Correlated | undefined,
): number {
  const { items, minItems, maxItems } = schema;
  let passed = 2;
  if (items !== undefined) {
    for (const [index, item] of value.entries()) {
      passed += check(items, item, keyed(name, index), problems, correlated?.item(index));
    }
  }
  if (minItems !== undefined && value.length < minItems) {
    const text = `${name} in body should have at least ${minItems} items`;
    problems.add(text, (path) => invalidValue(path(name), value.length, text));
  }
  if (maxItems !== undefined && value.length > maxItems)
    problems.add(`${name} maxItems`, (path) => tooMany(path(name), value.length, maxItems));
  if (
    schema.uniqueItems === true &&
    value.some((item, at) => value.slice(0, at).some((one) => deepEqual(one, item)))
  ) {
    const text = `${name} in body shouldn't contain duplicates`;
    problems.add(text, (path) => invalidValue(path(name), "", text));
  }
  return passed;
}

function checkObject(
  schema: JsonSchema,
  value: Json,
  name: string,
  problems: Problems,
  correlated: Correlated | undefined,
): number {
  const { properties = {}, additionalProperties, required = [], minProperties, maxProperties } = schema;
  const keys = Object.keys(value);
  let passed = 1;
  if (minProperties !== undefined && keys.length < minProperties) {
    const text = `${name} in body should have at least ${minProperties} properties`;
    problems.add(text, (path) => invalidValue(path(name), keys.length, text));
  }
  if (maxProperties !== undefined && keys.length > maxProperties)
    problems.add(`${name} maxProperties`, (path) => tooMany(path(name), keys.length, maxProperties));
  for (const key of keys) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (property === undefined && typeof additionalProperties !== "object") {
      if (additionalProperties === false) {
        const text = `${name}.${key} in body is a forbidden property`;
        problems.add(text, (path) => invalidValue(path(name), key, text));
      }
      continue;
    }
    const inner = property ?? additionalProperties;
    if (typeof inner !== "object") continue;
    const at = property === undefined ? `${name}.${key}` : child(name, key);
    // Versions are converted, so that a changed apiVersion or kind would not be seen: never forgiven.
    const isTypeMeta = name === "" && (key === "apiVersion" || key === "kind");
    const before = isTypeMeta ? undefined : correlated?.member(key);
    passed += check(inner, value[key], at, problems, before);
  }
  for (const key of required) {
    if (!Object.hasOwn(value, key))
      problems.add(`${name}.${key} required`, (path) => requiredValue(path(`${name}.${key}`)));
  }
  return passed;
}
