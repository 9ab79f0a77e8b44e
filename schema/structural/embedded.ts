/**
 * apiVersion, kind and metadata of whole resources inside of others, `x-kubernetes-embedded-resource`
 * (apiextensions-apiserver, objectmeta). Pure.
 */
import { isDnsLabel } from "../resources/names.ts";
import { objectMetaSchema } from "../resources/object-meta.ts";
import { isQualifiedName } from "../resources/qualified-name.ts";
import { child, invalidValue, keyed, requiredValue } from "./field-error.ts";
import { isObject, memberSchema, somewhere } from "./json.ts";
import type { Json } from "./json.ts";
import { labelValueProblems, qualifiedNameProblems } from "./name-problems.ts";
import { prune } from "./prune.ts";
import type { FieldError, JsonSchema } from "./types.ts";

const hasEmbedded = somewhere((schema) => schema["x-kubernetes-embedded-resource"] === true);

/** `resource`: the value itself is a whole resource too. */
export function embeddedErrors(
  schema: JsonSchema,
  value: unknown,
  path = "",
  resource = false,
): FieldError[] {
  const errors: FieldError[] = [];
  if (resource && isObject(value)) errors.push(...resourceErrors(value, path));
  look(schema, value, path, errors, resource);
  return errors;
}

/** Removes from the metadata of resources inside of `value`, in place, what ObjectMeta has not. */
export function trimEmbedded(schema: JsonSchema, value: unknown): void {
  if (!hasEmbedded(schema)) return;
  if (Array.isArray(value)) {
    if (schema.items !== undefined) for (const item of value) trimEmbedded(schema.items, item);
    return;
  }
  if (!isObject(value)) return;
  if (schema["x-kubernetes-embedded-resource"] === true) prune(objectMetaSchema(), value["metadata"]);
  for (const [key, member] of Object.entries(value)) {
    const inner = memberSchema(schema, key);
    if (inner !== undefined) trimEmbedded(inner, member);
  }
}

function look(schema: JsonSchema, value: unknown, path: string, errors: FieldError[], judged: boolean): void {
  if (!hasEmbedded(schema)) return;
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items !== undefined)
      value.forEach((item, index) => look(items, item, keyed(path, index), errors, false));
    return;
  }
  if (!isObject(value)) return;
  if (!judged && schema["x-kubernetes-embedded-resource"] === true)
    errors.push(...resourceErrors(value, path));
  for (const [key, member] of Object.entries(value)) {
    const inner = memberSchema(schema, key);
    if (inner === undefined) continue;
    const declared = Object.hasOwn(schema.properties ?? {}, key);
    look(inner, member, declared ? child(path, key) : keyed(path, key), errors, false);
  }
}

function resourceErrors(value: Json, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const at = (name: string): string => child(path, name);
  for (const name of ["apiVersion", "kind"] as const) {
    if (!Object.hasOwn(value, name)) {
      errors.push(requiredValue(at(name)));
      continue;
    }
    const text = value[name];
    if (typeof text !== "string") errors.push(invalidValue(at(name), text, "must be a string"));
    else if (text === "") errors.push(invalidValue(at(name), text, "must not be empty"));
    else if (name === "apiVersion" && text.split("/").length > 2)
      errors.push(invalidValue(at(name), text, `unexpected GroupVersion string: ${text}`));
    else if (name === "kind" && !/^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text.toLowerCase()))
      errors.push(
        invalidValue(at(name), text, `may have mixed case, but should otherwise match: ${dns1035(text)}`),
      );
  }
  if (Object.hasOwn(value, "metadata")) errors.push(...metadataErrors(value["metadata"], at("metadata")));
  return errors;
}

function dns1035(text: string): string {
  const form =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
  const fits = /^[a-z](?:[a-z0-9-]*[a-z0-9])?$/.test(text.toLowerCase());
  return [...(text.length > 63 ? ["must be no more than 63 bytes"] : []), ...(fits ? [] : [form])].join(",");
}

type Shape = "string" | "integer" | "texts" | "map" | "object" | "objects";

/** Members of ObjectMeta that clients write, and how Go's decoder names their types. */
const shapes: Readonly<Record<string, readonly [Shape, string]>> = {
  name: ["string", "string"],
  generateName: ["string", "string"],
  namespace: ["string", "string"],
  selfLink: ["string", "string"],
  uid: ["string", "types.UID"],
  resourceVersion: ["string", "string"],
  generation: ["integer", "int64"],
  labels: ["map", "map[string]string"],
  annotations: ["map", "map[string]string"],
  finalizers: ["texts", "[]string"],
  ownerReferences: ["objects", "[]v1.OwnerReference"],
  managedFields: ["objects", "[]v1.ManagedFieldsEntry"],
};

function goKind(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}

/** Why ObjectMeta could not be decoded from it, in the words of Go's decoder. */
export function metadataShapeProblem(metadata: unknown): string | undefined {
  const fail = (value: unknown, field: string, type: string): string =>
    `json: cannot unmarshal ${goKind(value)} into Go struct field ObjectMeta.${field} of type ${type}`;
  if (metadata === null) return undefined;
  if (!isObject(metadata))
    return `json: cannot unmarshal ${goKind(metadata)} into Go value of type v1.ObjectMeta`;
  for (const [name, value] of Object.entries(metadata)) {
    const [shape, type] = (Object.hasOwn(shapes, name) ? shapes[name] : undefined) ?? [];
    if (shape === undefined || type === undefined || value === null) continue;
    if (shape === "string" && typeof value !== "string") return fail(value, name, type);
    if (shape === "integer" && !Number.isSafeInteger(value)) return fail(value, name, type);
    if ((shape === "texts" || shape === "objects") && !Array.isArray(value)) return fail(value, name, type);
    if (shape === "map" && !isObject(value)) return fail(value, name, type);
    const inner = shape === "map" || shape === "texts" ? Object.values(value as object) : [];
    const odd: unknown = inner.find((item) => typeof item !== "string" && item !== null);
    if (odd !== undefined) return fail(odd, name, "string");
  }
  return undefined;
}

function metadataErrors(metadata: unknown, path: string): FieldError[] {
  const problem = metadataShapeProblem(metadata);
  if (problem !== undefined) return [invalidValue(path, metadata, problem)];
  if (!isObject(metadata)) return [];
  const errors: FieldError[] = [];
  const { name, namespace, labels, annotations, finalizers } = metadata;
  if (typeof name === "string" && name !== "") {
    if (name === "." || name === "..")
      errors.push(invalidValue(child(path, "name"), name, `may not be '${name}'`));
    for (const char of ["/", "%"])
      if (name.includes(char))
        errors.push(invalidValue(child(path, "name"), name, `may not contain '${char}'`));
  }
  if (typeof namespace === "string" && namespace !== "" && !isDnsLabel(namespace))
    errors.push(
      invalidValue(
        child(path, "namespace"),
        namespace,
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      ),
    );
  for (const [key, value] of Object.entries(isObject(labels) ? labels : {})) {
    const at = child(path, "labels");
    if (!isQualifiedName(key))
      errors.push(invalidValue(at, key, qualifiedNameProblems(key, "valid label key").join("; ")));
    if (typeof value === "string" && !/^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/.test(value))
      errors.push(invalidValue(at, value, labelValueProblems(value).join("; ")));
  }
  for (const key of Object.keys(isObject(annotations) ? annotations : {})) {
    if (!isQualifiedName(key.toLowerCase()))
      errors.push(
        invalidValue(child(path, "annotations"), key, qualifiedNameProblems(key.toLowerCase()).join("; ")),
      );
  }
  for (const [index, finalizer] of (Array.isArray(finalizers) ? finalizers : []).entries()) {
    if (typeof finalizer === "string" && !isQualifiedName(finalizer))
      errors.push(
        invalidValue(
          keyed(child(path, "finalizers"), index),
          finalizer,
          qualifiedNameProblems(finalizer).join("; "),
        ),
      );
  }
  return errors;
}
