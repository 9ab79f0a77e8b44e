/** Validates strings and numbers (kube-openapi, validation/validate). Pure. */
import { regex } from "../re2/regex.ts";
import { invalidValue, tooLong, typeInvalid } from "./field-error.ts";
import { effectiveFormat, isOfFormat } from "./formats.ts";
import { goFloat, goNumber, goQuote, plainNumber } from "./go-format.ts";
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
  /** A bound as it is compared: cut to an int64 for a whole number, unless the type could not hold it. */
  const bound = (limit: number, what: string): Bound => {
    const native = !outOfRange(limit, what) && whole;
    const cut = native ? toInt64(limit) : limit;
    return { limit: cut, native, text: native ? goNumber(cut) : goFloat(cut) };
  };
  const invalid = (why: string, { native }: Bound): void => {
    const text = `${name} in body ${why}`;
    problems.add(text, (path) => {
      const error = invalidValue(path(name), value, text);
      return native ? error : { ...error, message: `Invalid value: ${goFloat(value)}: ${text}` };
    });
  };
  outOfRange(value, "Checked");
  if (schema.multipleOf !== undefined) {
    const factor = bound(schema.multipleOf, "MultipleOf");
    if (factor.limit <= 0) {
      const text = `factor MultipleOf declared for ${name} must be positive: ${factor.text}`;
      problems.add(text, (path) => invalidValue(path(name), factor.limit, text));
    } else if (!isMultiple(value, factor)) invalid(`should be a multiple of ${factor.text}`, factor);
  }
  if (schema.maximum !== undefined) {
    const most = bound(schema.maximum, "Maximum boundary");
    if (schema.exclusiveMaximum === true ? value >= most.limit : value > most.limit)
      invalid(
        `should be less than ${schema.exclusiveMaximum === true ? "" : "or equal to "}${most.text}`,
        most,
      );
  }
  if (schema.minimum !== undefined) {
    const least = bound(schema.minimum, "Minimum boundary");
    if (schema.exclusiveMinimum === true ? value <= least.limit : value < least.limit)
      invalid(
        `should be greater than ${schema.exclusiveMinimum === true ? "" : "or equal to "}${least.text}`,
        least,
      );
  }
  return 2;
}

interface Bound {
  readonly limit: number;
  readonly native: boolean;
  readonly text: string;
}

/** As Go converts on amd64: what does not fit becomes the least int64. */
function toInt64(value: number): number {
  return value >= -(2 ** 63) && value < 2 ** 63 ? Math.trunc(value) : -(2 ** 63);
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

function isMultiple(value: number, { limit: factor, native }: Bound): boolean {
  if (native) return value % factor === 0;
  const quotient = factor < 1 ? (1 / factor) * value : value / factor;
  if (Number.isInteger(quotient)) return true;
  // Kubernetes' own tolerance, without which 0.3 would be no multiple of 0.1.
  const whole = Math.trunc(quotient);
  return Math.abs(quotient - whole) / (Math.abs(quotient) + Math.abs(whole)) < 1e-9;
}
