/** What admission refuses, in Norman's codes (norman-v3.md 1.7): the store speaks of paths, clients of fields. Pure. */
import type { NormanField } from "../../../schema/norman.ts";
import { isStoreError } from "../../../schema/store/errors.ts";
import type { StoreCause } from "../../../schema/store/errors.ts";
import { ApiError } from "../errors.ts";
import type { ApiErrorCode } from "../errors.ts";

const codeOf: Readonly<Record<StoreCause["reason"], ApiErrorCode>> = {
  FieldManagerConflict: "Conflict",
  FieldValueDuplicate: "NotUnique",
  FieldValueForbidden: "Forbidden",
  FieldValueInvalid: "Invalid",
  FieldValueNotSupported: "InvalidOption",
  FieldValueRequired: "MissingRequired",
  FieldValueTooLong: "MaxLengthExceeded",
  FieldValueTooMany: "MaxLimitExceeded",
  FieldValueTypeInvalid: "Invalid",
  InternalError: "Invalid",
  NamespaceTerminating: "Forbidden",
};

/** `aliases`: fields that errors of the type call by another name. Whatever is no refusal is returned as it is. */
export function normanFailure(
  error: unknown,
  fields: Readonly<Record<string, NormanField>>,
  aliases: Readonly<Record<string, string>> = {},
): unknown {
  if (!isStoreError(error, "Invalid")) return error;
  const [first] = error.causes ?? [];
  if (first === undefined) return error;
  const name = fieldAt(fields, first.field);
  return new ApiError(codeOf[first.reason], error.message, {
    causes: error.causes ?? [],
    cause: error,
    ...(name === undefined ? {} : { fieldName: aliases[name] ?? name }),
  });
}

/** The field that holds the path: `spec.agentEnvVars[0].name` is in `agentEnvVars`. */
function fieldAt(fields: Readonly<Record<string, NormanField>>, path: string): string | undefined {
  const holds = (own: string): boolean =>
    path === own || path.startsWith(`${own}.`) || path.startsWith(`${own}[`);
  return Object.entries(fields).find(([, one]) => one.path !== undefined && holds(one.path))?.[0];
}
