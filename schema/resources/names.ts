/** Name forms that several types check. Pure. */
import type { FieldError } from "../structural/types.ts";

const dnsLabel = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
export const dnsSubdomain = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;

/** RFC 1123 label: at most 63 characters. */
export function isDnsLabel(text: string): boolean {
  return dnsLabel.test(text);
}

/** RFC 1123 subdomain: at most 253 characters. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && dnsSubdomain.test(text);
}

/** The only finalizers without a prefix that Kubernetes' own types take (pkg/apis/core/helper). */
export const standardFinalizers: readonly string[] = ["kubernetes", "orphan", "foregroundDeletion"];

/** An error in Kubernetes' words: `Invalid value: "x": why`. */
export function invalid(field: string, value: unknown, why: string): FieldError {
  return { reason: "FieldValueInvalid", field, message: `Invalid value: ${JSON.stringify(value)}: ${why}` };
}

export function forbidden(field: string, why: string): FieldError {
  return { reason: "FieldValueForbidden", field, message: `Forbidden: ${why}` };
}

export function required(field: string, why = ""): FieldError {
  return {
    reason: "FieldValueRequired",
    field,
    message: why === "" ? "Required value" : `Required value: ${why}`,
  };
}

export function notSupported(field: string, value: unknown, allowed: readonly string[]): FieldError {
  const list = allowed.map((one) => JSON.stringify(one)).join(", ");
  return {
    reason: "FieldValueNotSupported",
    field,
    message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`,
  };
}

export function duplicate(field: string, value: unknown): FieldError {
  return { reason: "FieldValueDuplicate", field, message: `Duplicate value: ${JSON.stringify(value)}` };
}

/** Errors for each named member that differs from the stored one. Values that are objects are not shown: they may be secret. */
export function immutable<T extends object>(
  old: T | undefined,
  object: T,
  fields: readonly (keyof T & string)[],
  prefix = "",
): FieldError[] {
  if (old === undefined) return [];
  return fields
    .filter((name) => JSON.stringify(old[name] ?? null) !== JSON.stringify(object[name] ?? null))
    .map((name) => {
      const value = object[name] ?? null;
      return invalid(`${prefix}${name}`, typeof value === "object" ? null : value, "field is immutable");
    });
}
