/** One field of a request body: conversion by type and the field's own criteria (norman-v3.md 1.9). Pure. */
import { isDnsLabel, isDnsSubdomain } from "../../../schema/resources/names.ts";
import type { NormanField } from "../../../schema/norman.ts";
import { ApiError } from "../errors.ts";
import type { ApiErrorCode } from "../errors.ts";
import { elementType, referenceTarget } from "./fields.ts";
import { isObject } from "./object-path.ts";

/** The value to store; null = none. Throws the first failure, with `fieldName`. */
export function convertField(name: string, one: NormanField, given: unknown): unknown {
  const value = convert(name, one.type, given);
  const element = elementType(one.type, "array");
  if (Array.isArray(value) && element !== undefined) {
    for (const item of value) {
      if (item === null) throw failure("NotNullable", name);
      checkValue(name, one, item);
    }
    return value;
  }
  if ((value === null || value === "") && one.nullable === false && one.default === undefined)
    throw failure("NotNullable", name);
  if (value !== null) checkValue(name, one, value);
  return value;
}

function convert(name: string, type: string, given: unknown): unknown {
  const element = elementType(type, "array");
  if (element !== undefined)
    return Array.isArray(given) ? given.map((item) => convert(name, element, item)) : null;
  const member = elementType(type, "map");
  if (member !== undefined) {
    if (!isObject(given)) return null;
    return Object.fromEntries(
      Object.entries(given).flatMap(([key, value]) => {
        const converted = convert(name, member, value);
        return converted === null ? [] : [[key, converted]];
      }),
    );
  }
  if (given === null || given === undefined) return null;
  switch (type) {
    case "boolean":
      return typeof given === "boolean" ? given : /^(?:true|t|yes|y)$/i.test(textOf(name, given));
    case "int":
      return toInteger(name, given);
    case "password":
      return textOf(name, given);
    case "string":
    case "enum":
    case "date":
    case "dnsLabel":
    case "dnsLabelRestricted":
    case "hostname":
      return textOf(name, given).trim();
    default:
      if (referenceTarget(type) !== undefined) return textOf(name, given).trim();
      // A struct: its members are judged by the structural schema, as for every other face.
      if (!isObject(given)) throw failure("InvalidFormat", name);
      return given;
  }
}

function textOf(name: string, given: unknown): string {
  if (typeof given === "string") return given;
  if (typeof given === "number" || typeof given === "boolean") return String(given);
  throw failure("InvalidFormat", name);
}

function toInteger(name: string, given: unknown): number | null {
  const text = textOf(name, given).trim();
  if (text === "") return null;
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw failure("InvalidFormat", name);
  return value;
}

function checkValue(name: string, one: NormanField, value: unknown): void {
  if (typeof value === "string") checkText(name, one, value);
  if (typeof value === "number") {
    if (one.min !== undefined && value < one.min) throw failure("MinLimitExceeded", name);
    if (one.max !== undefined && value > one.max) throw failure("MaxLimitExceeded", name);
  }
}

function checkText(name: string, one: NormanField, value: string): void {
  // No name or text of ours may hold what Postgres' text and JSON cannot (and no client means it).
  if (value.includes("\0") || !value.isWellFormed()) throw failure("InvalidCharacters", name);
  if (one.type === "dnsLabel" && value !== "" && !isDnsLabel(value)) throw failure("InvalidFormat", name);
  if (one.path === "metadata.name" && value !== "" && !isDnsSubdomain(value))
    throw failure("InvalidFormat", name);
  const { length } = Array.from(value);
  if (one.minLength !== undefined && length < one.minLength) throw failure("MinLengthExceeded", name);
  if (one.maxLength !== undefined && length > one.maxLength) throw failure("MaxLengthExceeded", name);
  if (one.options !== undefined && !one.options.includes(value) && !(value === "" && one.nullable !== false))
    throw failure("InvalidOption", name);
}

export function failure(code: ApiErrorCode, fieldName: string, message = ""): ApiError {
  return new ApiError(code, message, { fieldName });
}
