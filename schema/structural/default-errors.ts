/** Whether the defaults that a schema gives are valid by it and pruned (apiextensions-apiserver, defaulting). Pure. */
import { embeddedErrors, metadataShapeProblem } from "./embedded.ts";
import { child, invalidValue, keyed } from "./field-error.ts";
import { deepEqual, isObject } from "./json.ts";
import { prune } from "./prune.ts";
import type { FieldError, JsonSchema } from "./types.ts";
import { validate } from "./validate.ts";

/** What rules in CEL say of a default, as if it were the value of a new object; `resource`: it is a whole resource. */
export type RulesOfDefault = (
  schema: JsonSchema,
  value: unknown,
  path: string,
  resource: boolean,
) => FieldError[];

/** The schema must be structural: nothing else is followed. */
export function defaultErrors(schema: JsonSchema, path: string, rules: RulesOfDefault): FieldError[] {
  const errors: FieldError[] = [];
  look({ ...schema, "x-kubernetes-embedded-resource": true }, path, rules, errors, undefined);
  return errors;
}

/** `metadata`: the names from the nearest whole resource down to here, when that is inside of its metadata. */
function look(
  schema: JsonSchema,
  path: string,
  rules: RulesOfDefault,
  errors: FieldError[],
  metadata: readonly string[] | undefined,
): void {
  const resource = schema["x-kubernetes-embedded-resource"] === true;
  const inside = resource ? undefined : metadata;
  if (schema.default !== undefined) errors.push(...judge(schema, child(path, "default"), rules, inside));
  const { items, properties = {} } = schema;
  if (items !== undefined) look(items, child(path, "items"), rules, errors, inside);
  for (const [name, property] of Object.entries(properties)) {
    const enters = resource && ["metadata", "apiVersion", "kind"].includes(name);
    const deeper = enters ? [name] : inside === undefined ? undefined : [...inside, name];
    look(property, keyed(child(path, "properties"), name), rules, errors, deeper);
  }
}

function judge(
  schema: JsonSchema,
  path: string,
  rules: RulesOfDefault,
  metadata: readonly string[] | undefined,
): FieldError[] {
  const value = schema.default;
  const resource = schema["x-kubernetes-embedded-resource"] === true;
  const errors: FieldError[] = [];
  if (metadata === undefined) {
    if (!deepEqual(prune(schema, structuredClone(value)), value))
      errors.push(invalidValue(path, value, "must not have unknown fields"));
    const found = embeddedErrors(schema, value, path);
    if (found.length > 0) return [...errors, ...found];
  } else {
    const problem = metadataProblem(metadata, value);
    if (problem !== undefined)
      return [invalidValue(path, value, `must result in valid metadata: ${problem}`)];
  }
  const invalid = validate(schema, value, { path });
  return [...errors, ...(invalid.length > 0 ? invalid : rules(schema, value, path, resource))];
}

/** What is wrong with a resource that has the default where the names lead to. */
function metadataProblem(names: readonly string[], value: unknown): string | undefined {
  const built = names.reduceRight((inner: unknown, name) => ({ [name]: inner }), structuredClone(value));
  const object = { apiVersion: "validation/v1", kind: "Validation", ...(isObject(built) ? built : {}) };
  const shape = isObject(built) ? metadataShapeProblem(built["metadata"] ?? {}) : undefined;
  if (shape !== undefined) return `metadata: Invalid value: ${JSON.stringify(object)}: ${shape}`;
  const [first] = embeddedErrors({}, object, "", true);
  return first === undefined ? undefined : `${first.field}: ${first.message}`;
}
