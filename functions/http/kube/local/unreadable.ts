/** What a kube-apiserver says of bodies that cannot be read as what they should be, and of finalizers that it would rather not see. Pure. */
import type { KubeObject, ObjectMeta } from "../../../../schema/object.ts";
import { isKubernetesType } from "../../../../schema/resource.ts";
import type { ResourceDefinition } from "../../../../schema/resource.ts";
import { isGoType } from "../../../../schema/resources/go-shape.ts";
import { isStoreError } from "../../../../schema/store/errors.ts";
import { ApiError } from "../../errors.ts";
import { unreadable } from "./write-options.ts";

/** What Go could not read as an object of Kubernetes' own types is a bad request there, and no invalid object. */
export function decoded<T>(definition: ResourceDefinition, write: Promise<T>): Promise<T> {
  if (!isGoType(definition)) return write;
  return write.catch((error: unknown) => {
    const cause = isStoreError(error, "Invalid") ? error.causes?.find(isUnreadable) : undefined;
    if (cause === undefined) throw error;
    throw unreadable(definition, `${cause.field}: ${cause.message}`);
  });
}

function isUnreadable({ reason, message }: { readonly reason: string; readonly message: string }): boolean {
  return reason === "FieldValueTypeInvalid" || /: must be (?:base64$|an RFC 3339 time)/.test(message);
}

/** What a patch makes and nobody can read is the fault of the patch. Its value is not shown: it may be a Secret. */
export function ofPatch<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "BadRequest" || isPlace(error)) throw error;
    const message = `Invalid value: "…": ${error.message}`;
    throw new ApiError("Invalid", ` "" is invalid: patch: ${message}`, {
      causes: [{ reason: "FieldValueInvalid", field: "patch", message }],
    });
  }
}

/** Where the object is is a matter of the request. */
function isPlace({ message }: ApiError): boolean {
  return message.startsWith("the namespace of the provided object");
}

/** Kubernetes' own types cannot be read as others; of custom ones it is told after reading. */
export function otherKind(definition: ResourceDefinition, kind: string, metadata: object): ApiError {
  if (isKubernetesType(definition))
    return unreadable(
      definition,
      `the kind in the data (${kind}) does not match the expected kind (${definition.kind})`,
    );
  const { name = "" } = metadata as Partial<ObjectMeta>;
  const message = `Invalid value: ${JSON.stringify(kind)}: must be ${definition.kind}`;
  const subject = { definition: { ...definition, kind }, name };
  return new ApiError("Invalid", `${kind}.${definition.group} "${name}" is invalid: kind: ${message}`, {
    causes: [{ reason: "FieldValueInvalid", field: "kind", message }],
    subject,
  });
}

/** Kubernetes' own types refuse them. */
export function finalizerWarnings(definition: ResourceDefinition, { metadata }: KubeObject): string[] {
  if (isKubernetesType(definition)) return [];
  return (metadata.finalizers ?? [])
    .filter((name) => !name.includes("/") && name !== "orphan" && name !== "foregroundDeletion")
    .map(
      (name) =>
        `metadata.finalizers: ${JSON.stringify(name)}: prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers`,
    );
}
