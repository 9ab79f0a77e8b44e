/** Validates strings and numbers (kube-openapi, validation/validate). Pure. */
import { regex } from "../re2/regex.ts";
import { invalidValue, tooLong, typeInvalid } from "./field-error.ts";
import { effectiveFormat, isOfFormat } from "./formats.ts";
import { goNumber, goQuote, plainNumber } from "./go-format.ts";
import type { Problems } from "./problems.ts";
import type { JsonSchema } from "./types.ts";

/** Returns how many checks were made. */
export function checkString(schema: JsonSchema, value: string, name: string, problems: Problems): number {
  const invalid = (why: string): void => {
    const text = `${name} in body ${why}`;
    problems.add(text, (path) => invalidValue(path(name), value, text));
  };
  const { minLength, maxLength, pattern } = schema;
  // Characters as people count them; UTF-16 units only bound the work.
  const length = minLength === undefined && maxLength === undefined ? 0 : runeCount(value);
  if (maxLength !== undefined && length > maxLength)
    problems.add(`${name} maxLength`, (path) => tooLong(path(name), maxLength));
  else if (minLength !== undefined && length < minLength)
    invalid(`should be at least ${minLength} chars long`);
  else if (pattern !== undefined && pattern !== "" && !matches(schema, pattern, value))
    invalid(`should match '${pattern}'`);
  const format = effectiveFormat(schema);
  if (format === undefined || schema.type === "integer" || schema.type === "number") return 1;
  if (!isOfFormat(format, value)) {
    const text = `${name} in body must be of type ${format}: ${goQuote(value)}`;
    problems.add(text, (path) => typeInvalid(path(name), value, text));
  }
  return 2;
}

const patterns = new WeakMap<JsonSchema, (text: string) => boolean>();

/** Compiled once per schema. A pattern that cannot be read matches nothing: closed, not open. */
function matches(schema: JsonSchema, pattern: string, value: string): boolean {
  let test = patterns.get(schema);
  if (test === undefined) {
    try {
      const compiled = regex(pattern);
      test = (text) => compiled.test(text);
    } catch {
      test = () => false;
    }
    patterns.set(schema, test);
  }
  return test(value);
}

export function runeCount(text: string): number {
  let count = text.length;
  for (let at = 1; at < text.length; at++) {
    const low = text.charCodeAt(at);
    if (low < 0xdc00 || low > 0xdfff) continue;
    const high = text.charCodeAt(at - 1);
    if (high >= 0xd800 && high <= 0xdbff) count--;
  }
  return count;
}

const limits = { int32: 2 ** 31, int64: 2 ** 63 } as const;
const maxFloat32 = 3.4028235677973366e38;

/** Whole numbers are compared with the bounds cut to whole ones, as int64: that is what Kubernetes does. */
export function checkNumber(schema: JsonSchema, value: number, name: string, problems: Problems): number {
  const whole = Number.isInteger(value);
  // Go mixes two kinds of errors here; those about ranges have no field.
  const outOfRange = (number: number, what: string): boolean => {
    const why = rangeProblem(schema, number);
    if (why === undefined) return false;
    const text = `${what} value must be of type ${why} in ${name}`;
    problems.add(text, () => invalidValue("", "", text), true);
    return true;
  };
  const invalid = (why: string): void => {
    const text = `${name} in body ${why}`;
    problems.add(text, (path) => invalidValue(path(name), value, text));
  };
  outOfRange(value, "Checked");
  const { multipleOf, maximum, minimum } = schema;
  if (multipleOf !== undefined) {
    const native = !outOfRange(multipleOf, "MultipleOf") && whole;
    const factor = native ? Math.trunc(multipleOf) : multipleOf;
    if (factor <= 0) {
      const text = `factor MultipleOf declared for ${name} must be positive: ${goNumber(factor)}`;
      problems.add(text, (path) => invalidValue(path(name), factor, text));
    } else if (!isMultiple(value, factor)) invalid(`should be a multiple of ${goNumber(factor)}`);
  }
  if (maximum !== undefined) {
    const bound = !outOfRange(maximum, "Maximum boundary") && whole ? Math.trunc(maximum) : maximum;
    const exclusive = schema.exclusiveMaximum === true;
    if (exclusive ? value >= bound : value > bound)
      invalid(`should be less than ${exclusive ? "" : "or equal to "}${goNumber(bound)}`);
  }
  if (minimum !== undefined) {
    const bound = !outOfRange(minimum, "Minimum boundary") && whole ? Math.trunc(minimum) : minimum;
    const exclusive = schema.exclusiveMinimum === true;
    if (exclusive ? value <= bound : value < bound)
      invalid(`should be greater than ${exclusive ? "" : "or equal to "}${goNumber(bound)}`);
  }
  return 2;
}

function rangeProblem(schema: JsonSchema, value: number): string | undefined {
  const { type, format } = schema;
  if (type === "integer") {
    const known = format === "int32" || format === "int64" ? format : undefined;
    const limit = limits[known ?? "int64"];
    if (/^-?\d+$/.test(plainNumber(value)) && value >= -limit && value < limit) return undefined;
    return known === undefined ? "integer (default format)" : `integer with format ${known}`;
  }
  if (type === "number" && format === "float" && Math.abs(value) >= maxFloat32)
    return "number with format float";
  return undefined;
}

function isMultiple(value: number, factor: number): boolean {
  const quotient = factor < 1 ? (1 / factor) * value : value / factor;
  // Kubernetes' own tolerance: 0.3 is a multiple of 0.1.
  const rounded = Math.round(quotient);
  if (quotient === rounded) return true;
  return (
    Math.abs(quotient - Math.trunc(quotient)) / (Math.abs(quotient) + Math.abs(Math.trunc(quotient))) < 1e-9
  );
}
