/**
 * Whether a CustomResourceDefinition's schema may be served (apiextensions-apiserver,
 * validateCustomResourceDefinitionValidation): structural, with valid defaults, and with rules that compile. Pure.
 */
import { rootScope } from "../cel/rule-scope.ts";
import { compileRules } from "../cel/rules.ts";
import { validateRules } from "../cel/validate-rules.ts";
import { defaultErrors } from "../structural/default-errors.ts";
import { child, forbiddenValue, invalidValue } from "../structural/field-error.ts";
import type { SchemaProps } from "../structural/schema-props.ts";
import { specErrors } from "../structural/spec-errors.ts";
import { structuralErrors } from "../structural/structural-errors.ts";
import type { FieldError, JsonSchema } from "../structural/types.ts";

export interface SchemaErrorsOptions {
  /** The version has a status subresource: what stands at the root would not hold for `status` alone. */
  readonly statusSubresource?: boolean;
}

/**
 * All problems, in Kubernetes' words; a schema without any is structural and may be used as a `JsonSchema`. `path`: of the
 * schema, `spec.validation.openAPIV3Schema` when there is one version, as Kubernetes calls it.
 */
export function customSchemaErrors(
  schema: SchemaProps,
  path: string,
  { statusSubresource = false }: SchemaErrorsOptions = {},
): FieldError[] {
  const errors = statusSubresource ? statusErrors(schema, path) : [];
  if (schema.nullable === true)
    errors.push(forbiddenValue(child(path, "nullable"), "nullable cannot be true at the root"));
  const unusable = unusableMember(schema);
  const structural = unusable === undefined ? structuralErrors(schema, path) : [];
  errors.push(...structural);
  const isStructural = unusable === undefined && structural.length === 0;
  const defaults = isStructural ? defaultErrors(schema as JsonSchema, path, rulesOfDefault) : [];
  errors.push(...defaults);
  // Rules are looked at only when there are types to check them by.
  const rules = isStructural && defaults.length === 0 ? rootScope(schema) : undefined;
  errors.push(...specErrors(schema, path, rules?.scope));
  if (unusable !== undefined && errors.length === 0) errors.push(invalidValue(path, "", unusable));
  errors.push(...(rules?.errors(path) ?? []));
  return errors;
}

/** As an update that changes nothing, and when that is well, as a new value: a default must stand both. */
function rulesOfDefault(schema: JsonSchema, value: unknown, path: string, resource: boolean): FieldError[] {
  const rules = compileRules(schema, { resource });
  const errors = validateRules(rules, value, value, { path, ratchets: false });
  return errors.length > 0 ? errors : validateRules(rules, value, undefined, { path });
}

const rootMembers = [
  "Description",
  "Type",
  "Format",
  "Title",
  "Maximum",
  "ExclusiveMaximum",
  "Minimum",
  "ExclusiveMinimum",
  "MaxLength",
  "MinLength",
  "Pattern",
  "MaxItems",
  "MinItems",
  "UniqueItems",
  "MultipleOf",
  "Required",
  "Items",
  "Properties",
  "ExternalDocs",
  "Example",
  "XPreserveUnknownFields",
  "XValidations",
];

function statusErrors(schema: SchemaProps, path: string): FieldError[] {
  const { type = "" } = schema;
  if (type !== "" && type !== "object")
    return [
      invalidValue(
        child(path, "type"),
        type,
        'only "object" is allowed as the type at the root of the schema if the status subresource is enabled',
      ),
    ];
  const allowed = (name: string): boolean =>
    name === "x-kubernetes-preserve-unknown-fields" ||
    name === "x-kubernetes-validations" ||
    rootMembers.includes(`${name.slice(0, 1).toUpperCase()}${name.slice(1)}`);
  const refused = Object.entries(schema).some(([name, value]) => value !== false && !allowed(name));
  if (!refused) return [];
  const why = `only [${rootMembers.join(" ")}] fields are allowed at the root of the schema if the status subresource is enabled`;
  return [invalidValue(path, schema, why)];
}

/** Members with which no structural schema can be made; the other checks report most of them, but not all. */
function unusableMember(schema: SchemaProps): string | undefined {
  const text = (name: "id" | "$schema" | "$ref"): boolean => (schema[name] ?? "") !== "";
  const filled = (value: object | undefined): boolean => value !== undefined && Object.keys(value).length > 0;
  const not = (name: string): string => `OpenAPIV3Schema '${name}' is not supported`;
  if (text("id")) return not("id");
  if (text("$schema")) return not("schema");
  if (text("$ref")) return not("$ref");
  if (filled(schema.patternProperties)) return not("patternProperties");
  if (filled(schema.dependencies)) return not("dependencies");
  if (schema.additionalItems !== undefined) return not("additionalItems");
  if (filled(schema.definitions)) return not("definitions");
  if (schema["x-kubernetes-preserve-unknown-fields"] === false)
    return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
  if (Array.isArray(schema.items) && schema.items.length > 0)
    return "OpenAPIV3Schema 'items' must be a schema, but is an array";
  return innerSchemas(schema)
    .map(unusableMember)
    .find((problem) => problem !== undefined);
}

function innerSchemas(schema: SchemaProps): SchemaProps[] {
  const { items, additionalProperties, not, allOf = [], anyOf = [], oneOf = [], properties = {} } = schema;
  return [
    ...(items === undefined || Array.isArray(items) ? [] : [items as SchemaProps]),
    ...(typeof additionalProperties === "object" ? [additionalProperties] : []),
    ...(not === undefined ? [] : [not]),
    ...allOf,
    ...anyOf,
    ...oneOf,
    ...Object.values(properties),
  ];
}
