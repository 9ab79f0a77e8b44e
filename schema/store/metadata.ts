/** Rules for `metadata` that hold for every type (k8s.io/apimachinery validation). Pure. */
import type { KubeObject, ObjectMeta } from "../object.ts";
import type { ResourceDefinition } from "../resource.ts";
import { isGoType } from "../resources/go-shape.ts";
import { invalid, required, standardFinalizers } from "../resources/names.ts";
import {
  labelProblems,
  labelValueProblems,
  pathSegmentProblems,
  qualifiedNameProblems,
  subdomainProblems,
} from "../structural/name-problems.ts";
import type { FieldError } from "../structural/types.ts";
import { distinctReferences, ownerReferenceErrors } from "./owner-references.ts";

const maxAnnotationBytes = 256 * 1024;

export function metadataErrors(definition: ResourceDefinition, { metadata }: KubeObject): FieldError[] {
  const errors = [...nameErrors(definition, metadata), ...namespaceErrors(definition, metadata)];
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    const problems = typeof value === "string" ? labelValueProblems(value) : ["must be a string"];
    errors.push(
      ...qualifiedNameProblems(key, "valid label key").map((why) => invalid("metadata.labels", key, why)),
      ...problems.map((why) => invalid("metadata.labels", value, why)),
    );
  }
  let size = 0;
  for (const [key, value] of Object.entries(metadata.annotations ?? {})) {
    const problems = qualifiedNameProblems(key.toLowerCase());
    errors.push(...problems.map((why) => invalid("metadata.annotations", key, why)));
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
  return [...errors, ...finalizerErrors(definition, metadata)];
}

const nameProblems = { subdomain: subdomainProblems, label: labelProblems, path: pathProblems } as const;

/** A name that is still to be made must begin as one may: what is cut of it is no problem of its end. */
function nameErrors({ nameForm = "subdomain" }: ResourceDefinition, meta: ObjectMeta): FieldError[] {
  const { name, generateName = "" } = meta;
  const problems = nameProblems[nameForm];
  const begun = generateName.replace(/-$/, "a");
  const errors =
    generateName === ""
      ? []
      : problems(begun).map((why) => invalid("metadata.generateName", generateName, why));
  if (name === "") return [...errors, required("metadata.name", "name or generateName is required")];
  return [...errors, ...problems(name).map((why) => invalid("metadata.name", name, why))];
}

/** Of types whose names are anything that a URL can have. Text that the database cannot hold is none. */
function pathProblems(name: string): string[] {
  const problems = pathSegmentProblems(name);
  // oxlint-disable-next-line no-control-regex -- these are what is refused
  const odd = /[\u0000-\u0020\u007f]/.test(name) || !name.isWellFormed() || name.length > 253;
  if (odd) problems.push("must be at most 253 characters without blanks");
  return problems;
}

function finalizerErrors(definition: ResourceDefinition, { finalizers = [] }: ObjectMeta): FieldError[] {
  const strict = isGoType(definition);
  const errors = finalizers.flatMap((finalizer, index) => [
    ...qualifiedNameProblems(finalizer).map((why) => invalid("metadata.finalizers", finalizer, why)),
    ...(strict && !finalizer.includes("/") && !standardFinalizers.includes(finalizer)
      ? [
          invalid(
            `metadata.finalizers[${index}]`,
            finalizer,
            "name is neither a standard finalizer name nor is it fully qualified",
          ),
        ]
      : []),
  ]);
  if (finalizers.includes("orphan") && finalizers.includes("foregroundDeletion"))
    errors.push(
      invalid(
        "metadata.finalizers",
        finalizers,
        "finalizer orphan and foregroundDeletion cannot be both set",
      ),
    );
  return errors;
}

function namespaceErrors({ scope }: ResourceDefinition, { namespace = "" }: ObjectMeta): FieldError[] {
  if (scope === "Cluster")
    return namespace === "" ? [] : [invalid("metadata.namespace", namespace, "not allowed on this type")];
  if (namespace === "") return [required("metadata.namespace")];
  return labelProblems(namespace).map((why) => invalid("metadata.namespace", namespace, why));
}

/** Empty maps and lists are as good as absent, as in Go. */
function said({ generateName, labels, annotations, finalizers }: ObjectMeta): Partial<ObjectMeta> {
  return {
    ...(generateName === undefined || generateName === "" ? {} : { generateName }),
    ...(labels === undefined || isEmpty(labels) ? {} : { labels }),
    ...(annotations === undefined || isEmpty(annotations) ? {} : { annotations }),
    ...(finalizers === undefined || finalizers.length === 0 ? {} : { finalizers: [...new Set(finalizers)] }),
  };
}

function isEmpty(object: object): boolean {
  for (const _ in object) return false;
  return true;
}

/** Metadata of a new object: what clients may say, and what the server says. */
export function newMetadata(
  definition: ResourceDefinition,
  given: ObjectMeta,
  server: { readonly uid: string; readonly now: Date },
): ObjectMeta {
  const { name, namespace } = given;
  const { generateName, ...more } = said(given);
  const ownerReferences = distinctReferences(given.ownerReferences);
  return {
    name,
    ...(generateName === undefined ? {} : { generateName }),
    ...(namespace === undefined || namespace === "" ? {} : { namespace }),
    uid: server.uid,
    ...(hasGeneration(definition) ? { generation: 1 } : {}),
    creationTimestamp: timestamp(server.now),
    ...more,
    ...(ownerReferences === undefined ? {} : { ownerReferences }),
  };
}

/** Metadata after an update: generateName, labels, annotations, owners and finalizers are the client's, the rest is the server's. */
export function changedMetadata(current: ObjectMeta, given: ObjectMeta): ObjectMeta {
  const {
    generateName: _g,
    labels: _l,
    annotations: _a,
    ownerReferences: _o,
    finalizers: _f,
    ...kept
  } = current;
  const ownerReferences = distinctReferences(given.ownerReferences);
  return { ...kept, ...said(given), ...(ownerReferences === undefined ? {} : { ownerReferences }) };
}

/** Kubernetes' own types that have no spec and status to be told apart count no changes. */
export function hasGeneration(definition: ResourceDefinition): boolean {
  return !isGoType(definition);
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
