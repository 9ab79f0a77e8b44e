/** What must hold of the printer columns, the scale subresource and the selectable fields of a version. Pure. */
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { duplicate, invalid, required } from "../names.ts";
import type { CrdVersion } from "./custom-resource-definitions.schema.ts";

const columnTypes = ["boolean", "date", "integer", "number", "string"];
const columnFormats = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];
const maxSelectableFields = 8;

/** As they are called where all versions have the same. */
const hoisted = {
  schema: "spec.validation",
  subresources: "spec.subresources",
  additionalPrinterColumns: "spec.additionalPrinterColumns",
  selectableFields: "spec.selectableFields",
} as const satisfies Partial<Record<keyof CrdVersion, string>>;

/**
 * Where kube-apiserver says that a part of a version is: in the type itself, once, where all versions have the same.
 * `undefined`: it was said of an earlier version.
 */
export function partPath(
  versions: readonly CrdVersion[],
  index: number,
  part: keyof typeof hoisted,
): string | undefined {
  const texts = new Set(versions.map((version) => JSON.stringify(version[part])));
  if (texts.size > 1) return `spec.versions[${index}].${part}`;
  return index === 0 ? hoisted[part] : undefined;
}

export function columnErrors(
  columns: CrdVersion["additionalPrinterColumns"] = [],
  path: string,
): FieldError[] {
  return columns.flatMap(({ name = "", type = "", format = "", jsonPath = "" }, index) => {
    const at = `${path}[${index}]`;
    const errors: FieldError[] = [];
    if (name === "") errors.push(required(`${at}.name`));
    const types = `must be one of ${columnTypes.join(",")}`;
    if (type === "") errors.push(required(`${at}.type`, types));
    else if (!columnTypes.includes(type)) errors.push(invalid(`${at}.type`, type, types));
    if (format !== "" && !columnFormats.includes(format))
      errors.push(invalid(`${at}.format`, format, `must be one of ${columnFormats.join(",")}`));
    // Kubernetes writes the member so.
    if (jsonPath === "") errors.push(required(`${at}.JSONPath`));
    else errors.push(...pathErrors(jsonPath, `${at}.JSONPath`));
    return errors;
  });
}

export function scaleErrors(
  scale: NonNullable<CrdVersion["subresources"]>["scale"],
  path: string,
): FieldError[] {
  if (scale === undefined) return [];
  const judge = (member: keyof typeof scale, roots: readonly string[], optional = false): FieldError[] => {
    const value = scale[member] ?? "";
    const at = `${path}.${member}`;
    if (value === "") return optional ? [] : [required(at)];
    const wrong = pathErrors(value, at);
    if (wrong.length > 0 || roots.some((root) => value.startsWith(`${root}.`))) return wrong;
    const under = roots.length === 1 ? roots[0] : `either ${roots.join(" or ")}`;
    return [invalid(at, value, `should be a json path under ${under ?? ""}`)];
  };
  return [
    ...judge("specReplicasPath", [".spec"]),
    ...judge("statusReplicasPath", [".status"]),
    ...judge("labelSelectorPath", [".spec", ".status"], true),
  ];
}

function pathErrors(path: string, at: string): FieldError[] {
  return path.startsWith(".") ? [] : [invalid(at, path, "must be a simple json path starting with .")];
}

/** They select by what the schema says is a text, a whole number or a truth value, on a path without lists. */
export function selectableErrors(
  fields: CrdVersion["selectableFields"] = [],
  schema: JsonSchema,
  path: string,
): FieldError[] {
  const seen = new Set<string>();
  const errors = fields.flatMap(({ jsonPath = "" }, index) => {
    const at = `${path}[${index}].jsonPath`;
    if (jsonPath === "") return [required(at)];
    const names = jsonPath.split(".").slice(1);
    const found = names.reduce<JsonSchema | undefined>((from, name) => memberOf(from, name), schema);
    if (!jsonPath.startsWith(".") || found === undefined)
      return [invalid(at, jsonPath, "is an invalid path: does not refer to a valid field")];
    const own: FieldError[] = [];
    if (names[0] === "metadata") own.push(invalid(at, jsonPath, "must not point to fields in metadata"));
    if (!["string", "boolean", "integer"].includes(found.type ?? ""))
      own.push(
        invalid(
          at,
          jsonPath,
          "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.",
        ),
      );
    if (seen.has(jsonPath)) own.push(duplicate(at, jsonPath));
    seen.add(jsonPath);
    return own;
  });
  if (seen.size > maxSelectableFields)
    errors.push({
      reason: "FieldValueTooLong",
      field: path,
      message: `Too many: ${seen.size}: must have at most ${maxSelectableFields} items`,
    });
  return errors;
}

function memberOf(schema: JsonSchema | undefined, name: string): JsonSchema | undefined {
  const { properties = {} } = schema ?? {};
  return Object.hasOwn(properties, name) ? properties[name] : undefined;
}
