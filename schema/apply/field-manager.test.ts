import { expect, it } from "vitest";
import { fieldManagerErrors, fieldManagerOf, managedFieldsErrors } from "./field-manager.ts";

it("takes the manager's name from the request, else from the User-Agent before its first slash", () => {
  expect(fieldManagerOf("mine", "kubectl/v1.36.3 (linux/amd64)")).toBe("mine");
  expect(fieldManagerOf("", "kubectl/v1.36.3 (linux/amd64)")).toBe("kubectl");
  expect(fieldManagerOf("", "")).toBe("");
  expect(fieldManagerOf("", "a\u0007b\u00a0c d/1")).toBe("abc d");
  expect(fieldManagerOf("", "é".repeat(70))).toBe("é".repeat(64));
});

it("refuses names that are too long or cannot be printed", () => {
  expect(fieldManagerErrors("a".repeat(128))).toEqual([]);
  expect(fieldManagerErrors("é".repeat(65))).toEqual([
    {
      reason: "FieldValueTooLong",
      field: "fieldManager",
      message: "Too long: may not be more than 128 bytes",
    },
  ]);
  expect(fieldManagerErrors("é\u0001")).toEqual([
    {
      reason: "FieldValueInvalid",
      field: "fieldManager",
      message: 'Invalid value: "é\\x01": invalid character U+0001 (at position 2)',
    },
  ]);
});

it("judges managers and subresources of managedFields that a client gives", () => {
  const entry = { manager: "a\n", operation: "Update", subresource: "s".repeat(257) };
  expect(managedFieldsErrors([{ manager: "fine" }, entry]).map(({ field }) => field)).toEqual([
    "metadata.managedFields[1].manager",
    "metadata.managedFields[1].subresource",
  ]);
  expect(managedFieldsErrors(undefined)).toEqual([]);
  expect(managedFieldsErrors("a")).toEqual([]);
});
