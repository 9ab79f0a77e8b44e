/** Names of field managers, and what clients may say in managedFields. Pure. */
import { isObject } from "../patch/values.ts";
import type { FieldError } from "../structural/types.ts";
import { goQuote, isPrintable } from "../structural/go-format.ts";

const maxManagerBytes = 128;
const maxSubresourceBytes = 256;

/** `fieldManager`, else what the User-Agent says before its first slash. May be empty. */
export function fieldManagerOf(fieldManager: string, userAgent: string): string {
  if (fieldManager !== "") return fieldManager;
  const program = userAgent.split("/", 1)[0] ?? "";
  if (printableAscii.test(program)) return program.slice(0, maxManagerBytes);
  let name = "";
  let room = maxManagerBytes;
  for (const character of program) {
    if (!isPrintable(character)) continue;
    room -= bytes(character);
    if (room < 0) break;
    name += character;
  }
  return name;
}

/** Problems with the name of a manager, as Kubernetes words them. */
export function fieldManagerErrors(name: string, field = "fieldManager"): FieldError[] {
  const errors: FieldError[] = [];
  if (bytes(name) > maxManagerBytes) errors.push(tooLong(field, maxManagerBytes));
  if (printableAscii.test(name)) return errors;
  let position = 0;
  for (const character of name) {
    if (!isPrintable(character)) {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
      errors.push({
        reason: "FieldValueInvalid",
        field,
        message: `Invalid value: ${goQuote(name)}: invalid character U+${code} (at position ${position})`,
      });
    }
    position += bytes(character);
  }
  return errors;
}

/** Problems of entries that a client gave. What cannot be read at all is ignored, as there: the live object's stay. */
export function managedFieldsErrors(entries: unknown): FieldError[] {
  if (!Array.isArray(entries)) return [];
  return (entries as unknown[]).flatMap((entry, index) => {
    if (!isObject(entry)) return [];
    const field = `metadata.managedFields[${index}]`;
    const { manager, subresource } = entry;
    const errors = typeof manager === "string" ? fieldManagerErrors(manager, `${field}.manager`) : [];
    if (typeof subresource === "string" && bytes(subresource) > maxSubresourceBytes)
      errors.push(tooLong(`${field}.subresource`, maxSubresourceBytes));
    return errors;
  });
}

function tooLong(field: string, limit: number): FieldError {
  return {
    reason: "FieldValueTooLong",
    field,
    message: `Too long: may not be more than ${limit} bytes`,
  };
}

const utf8 = new TextEncoder();
/** What almost every name is made of. */
const printableAscii = /^[\x20-\x7e]*$/;

function bytes(text: string): number {
  return printableAscii.test(text) ? text.length : utf8.encode(text).length;
}
