/** Rules for `metadata` that hold for every type (k8s.io/apimachinery validation). Pure. */
import type { KubeObject, ObjectMeta } from "../object.ts";
import type { ResourceDefinition } from "../resource.ts";
import { invalid, isDnsLabel, isDnsSubdomain, required } from "../resources/names.ts";
import type { FieldError } from "../structural/types.ts";
import { distinctReferences, ownerReferenceErrors } from "./owner-references.ts";

const maxAnnotationBytes = 256 * 1024;
/** A label's name, and its value when it has one. */
const labelName = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;

export function metadataErrors(definition: ResourceDefinition, { metadata }: KubeObject): FieldError[] {
  const errors = [...nameErrors(metadata.name), ...namespaceErrors(definition, metadata)];
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    if (!isQualifiedName(key))
      errors.push(invalid("metadata.labels", key, "name part or prefix is malformed"));
    if (typeof value !== "string" || (value !== "" && !labelName.test(value)))
      errors.push(
        invalid(`metadata.labels[${key}]`, value, "must be at most 63 letters, digits, '-', '_' or '.'"),
      );
  }
  let size = 0;
  for (const [key, value] of Object.entries(metadata.annotations ?? {})) {
    if (!isQualifiedName(key.toLowerCase()))
      errors.push(invalid("metadata.annotations", key, "name part or prefix is malformed"));
    if (typeof value !== "string")
      errors.push(invalid(`metadata.annotations[${key}]`, value, "must be a string"));
    else size += key.length + value.length;
  }
  if (size > maxAnnotationBytes)
    errors.push({
      reason: "FieldValueTooLong",
      field: "metadata.annotations",
      message: `Too long: may not be more than ${maxAnnotationBytes} bytes`,
    });
  errors.push(...ownerReferenceErrors(metadata));
  for (const finalizer of metadata.finalizers ?? []) {
    if (!isQualifiedName(finalizer))
      errors.push(invalid("metadata.finalizers", finalizer, "must be a qualified name"));
  }
  return errors;
}

/** What may stand in a URL's path segment; types say more in their own `validate`. */
function nameErrors(name: string): FieldError[] {
  if (name === "") return [required("metadata.name", "name or generateName is required")];
  // oxlint-disable-next-line no-control-regex -- these are what is refused
  const odd = /[/%\u0000-\u0020\u007f]/.test(name) || !name.isWellFormed();
  if (name === "." || name === ".." || odd || name.length > 253)
    return [invalid("metadata.name", name, "must be at most 253 characters, without '/', '%' or blanks")];
  return [];
}

function namespaceErrors({ scope }: ResourceDefinition, { namespace = "" }: ObjectMeta): FieldError[] {
  if (scope === "Cluster")
    return namespace === "" ? [] : [invalid("metadata.namespace", namespace, "not allowed on this type")];
  if (namespace === "") return [required("metadata.namespace")];
  return isDnsLabel(namespace) ? [] : [invalid("metadata.namespace", namespace, "must be a DNS label")];
}

function isQualifiedName(key: string): boolean {
  const [prefix, name, ...rest] = key.includes("/") ? key.split("/") : [undefined, key];
  if (rest.length > 0 || name === undefined || !labelName.test(name)) return false;
  return prefix === undefined || isDnsSubdomain(prefix);
}

/** Metadata of a new object: what clients may say, and what the server says. */
export function newMetadata(
  given: ObjectMeta,
  server: { readonly uid: string; readonly now: Date },
): ObjectMeta {
  const { name, namespace, generateName, labels, annotations, finalizers } = given;
  const ownerReferences = distinctReferences(given.ownerReferences);
  return {
    name,
    ...(generateName === undefined ? {} : { generateName }),
    ...(namespace === undefined || namespace === "" ? {} : { namespace }),
    uid: server.uid,
    generation: 1,
    creationTimestamp: timestamp(server.now),
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(ownerReferences === undefined ? {} : { ownerReferences }),
    ...(finalizers === undefined ? {} : { finalizers: [...new Set(finalizers)] }),
  };
}

/** Metadata after an update: labels, annotations, owners and finalizers are the client's, the rest is the server's. */
export function changedMetadata(current: ObjectMeta, given: ObjectMeta): ObjectMeta {
  const { labels: _l, annotations: _a, ownerReferences: _o, finalizers: _f, ...kept } = current;
  const { labels, annotations, finalizers } = given;
  const ownerReferences = distinctReferences(given.ownerReferences);
  return {
    ...kept,
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(ownerReferences === undefined ? {} : { ownerReferences }),
    ...(finalizers === undefined || finalizers.length === 0 ? {} : { finalizers: [...new Set(finalizers)] }),
  };
}

/** What no update may set: only a deletion does, once. What an update leaves out stays as it is. */
export function movedTimes(current: ObjectMeta, given: Partial<ObjectMeta>): FieldError[] {
  return (["deletionTimestamp", "deletionGracePeriodSeconds"] as const)
    .filter((field) => (given[field] ?? current[field]) !== current[field])
    .map((field) => invalid(`metadata.${field}`, given[field], "field is immutable"));
}

/** RFC 3339 in whole seconds, as Kubernetes writes times. */
export function timestamp(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}
