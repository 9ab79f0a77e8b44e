/** What a kube-apiserver says of patches that make what cannot be read, and of finalizers that it would rather not see. Pure. */
import type { KubeObject } from "../../../../schema/object.ts";
import { isKubernetesType } from "../../../../schema/resource.ts";
import type { ResourceDefinition } from "../../../../schema/resource.ts";
import { ApiError } from "../../errors.ts";

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
