/**
 * What the numbers behind `/scale` of a custom resource must be, whatever its schema says (apiextensions-apiserver,
 * registry/customresource/validator.go). Pure.
 */
import type { AdmissionContext, ScaleSubresource } from "../resource.ts";
import { invalid } from "../resources/names.ts";
import { isObject } from "../structural/json.ts";
import type { FieldError } from "../structural/types.ts";

const most = 2 ** 31 - 1;

/** A write of the status is judged by the number that it says there is alone. */
export function scaleErrors(
  { object, subresource }: Pick<AdmissionContext, "object" | "subresource">,
  { specReplicasPath, statusReplicasPath, labelSelectorPath = "" }: ScaleSubresource,
): FieldError[] {
  const status = countErrors(object, statusReplicasPath);
  if (subresource === "status") return status;
  return [
    ...countErrors(object, specReplicasPath),
    ...(labelSelectorPath === "" ? [] : textErrors(object, labelSelectorPath)),
    ...status,
  ];
}

function countErrors(object: object, path: string): FieldError[] {
  const { value, problem } = lookup(object, path);
  if (problem !== undefined) return [invalid(path, 0, problem)];
  if (value === undefined) return [];
  if (typeof value !== "number" || !Number.isSafeInteger(value))
    return [invalid(path, 0, mismatch(path, value, "int64"))];
  if (value < 0) return [invalid(path, value, "should be a non-negative integer")];
  return value > most ? [invalid(path, value, `should be less than or equal to ${most}`)] : [];
}

function textErrors(object: object, path: string): FieldError[] {
  const { value, problem } = lookup(object, path);
  if (problem !== undefined) return [invalid(path, "", problem)];
  return value === undefined || typeof value === "string"
    ? []
    : [invalid(path, "", mismatch(path, value, "string"))];
}

/** `path`: of names with a dot before each. */
function lookup(object: object, path: string): { readonly value?: unknown; readonly problem?: string } {
  let value: unknown = object;
  for (const name of path.replace(/^\./, "").split(".")) {
    if (!isObject(value)) return { problem: mismatch(path, value, "map[string]interface{}") };
    if (!Object.hasOwn(value, name)) return {};
    value = value[name];
  }
  return { value };
}

function mismatch(path: string, value: unknown, wanted: string): string {
  return `${path} accessor error: ${printed(value)} is of the type ${goType(value)}, expected ${wanted}`;
}

/** As Go's `%v`, of what has a short form. */
function printed(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function goType(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (Array.isArray(value)) return "[]interface {}";
  switch (typeof value) {
    case "string":
      return "string";
    case "boolean":
      return "bool";
    case "number":
      return Number.isInteger(value) ? "int64" : "float64";
    default:
      return "map[string]interface {}";
  }
}
