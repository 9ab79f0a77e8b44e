/** The errors of k8s.io/apimachinery's `field` package, word for word, and its paths as text. Pure. */
import { goQuote, goValue } from "./go-format.ts";
import type { FieldError } from "./types.ts";

/** What Kubernetes prints for an error that belongs to no field. */
export const noField = "<nil>";

const at = (field: string): string => (field === "" ? noField : field);
const body = (what: string, detail: string): string => (detail === "" ? what : `${what}: ${detail}`);

export function invalidValue(field: string, value: unknown, detail: string): FieldError {
  return {
    reason: "FieldValueInvalid",
    field: at(field),
    message: body(`Invalid value: ${goValue(value)}`, detail),
  };
}

export function typeInvalid(field: string, value: unknown, detail: string): FieldError {
  return { ...invalidValue(field, value, detail), reason: "FieldValueTypeInvalid" };
}

export function requiredValue(field: string, detail = ""): FieldError {
  return { reason: "FieldValueRequired", field: at(field), message: body("Required value", detail) };
}

export function forbiddenValue(field: string, detail: string): FieldError {
  return { reason: "FieldValueForbidden", field: at(field), message: body("Forbidden", detail) };
}

export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  const detail = supported.length === 0 ? "" : `supported values: ${supported.map(goQuote).join(", ")}`;
  return {
    reason: "FieldValueNotSupported",
    field: at(field),
    message: body(`Unsupported value: ${goValue(value)}`, detail),
  };
}

export function duplicateValue(field: string, value: unknown): FieldError {
  return { reason: "FieldValueDuplicate", field: at(field), message: `Duplicate value: ${goValue(value)}` };
}

/** Kubernetes says "bytes" here, though it counts characters. */
export function tooLong(field: string, max: number): FieldError {
  return {
    reason: "FieldValueTooLong",
    field: at(field),
    message: `Too long: may not be more than ${max} ${max === 1 ? "byte" : "bytes"}`,
  };
}

export function tooMany(field: string, actual: number, max: number): FieldError {
  return {
    reason: "FieldValueTooMany",
    field: at(field),
    message: `Too many: ${actual}: must have at most ${max} ${max === 1 ? "item" : "items"}`,
  };
}

export function internalError(field: string, detail: string): FieldError {
  return { reason: "InternalError", field: at(field), message: `Internal error: ${detail}` };
}

/** The path of a member. Names with dots are not told apart: Kubernetes does not either. */
export function child(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

/** The path of a map's entry, `labels[app]`, or of a list's item, `ports[0]`. */
export function keyed(path: string, key: string | number): string {
  return `${path}[${key}]`;
}
