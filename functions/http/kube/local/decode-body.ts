/** Bodies of types for which kube-apiserver has Go structs: what does not fit them is no such object at all. */
import type { ObjectMeta } from "../../../../schema/object.ts";
import { apiVersionOf, isKubernetesType } from "../../../../schema/resource.ts";
import type { ResourceDefinition } from "../../../../schema/resource.ts";
import { extension } from "../../../../schema/resources/ext.cattle.io/group.ts";
import { decodeTyped } from "../../../../schema/resources/decode.ts";
import { invalid } from "../../../../schema/resources/names.ts";
import { objectMetaSchema } from "../../../../schema/resources/object-meta.ts";
import { objectSchema } from "../../../../schema/resources/object-schema.ts";
import { invalidObject } from "../../../../schema/store/errors.ts";
import { ApiError } from "../../errors.ts";
import { unreadable } from "./write-options.ts";

type Type = Pick<ResourceDefinition, "group" | "version" | "kind" | "schema" | "custom" | "undecoded">;

/**
 * Takes the nulls out of a body, in place. Throws `BadRequest` for values of another kind than their fields. Of a custom type
 * only metadata is decoded: its schema judges the rest (422).
 */
export function decodeBody(definition: Type, value: Record<string, unknown>): void {
  const problem = decodingProblem(definition, value);
  if (problem !== undefined) throw unreadable(definition, problem);
}

/** Throws `BadRequest` or, as kube-apiserver does of a custom type, `Invalid` where the body says that it is something else. */
export function requireType(definition: Type, value: Record<string, unknown>): void {
  const apiVersion = textOf(definition, value, "apiVersion");
  const kind = textOf(definition, value, "kind");
  const wanted = apiVersionOf(definition);
  // A user's type is known by it.
  const isImplied = apiVersion === "" && definition.custom === undefined;
  if (apiVersion !== wanted && !isImplied)
    throw new ApiError(
      "BadRequest",
      `the API version in the data (${apiVersion}) does not match the expected API version (${wanted})`,
    );
  if (kind === definition.kind) return;
  if (isTyped(definition)) {
    if (kind === "") return;
    throw unreadable(
      definition,
      `the kind in the data (${kind}) does not match the expected kind (${definition.kind})`,
    );
  }
  if (kind === "") throw unrecognized(definition, "Object 'Kind' is missing");
  const { name } = (value["metadata"] ?? {}) as Partial<ObjectMeta>;
  throw invalidObject({ ...definition, plural: "", kind }, name ?? "", [
    invalid("kind", kind, `must be ${definition.kind}`),
  ]);
}

/** Throws `BadRequest` where a body names another object than its path, or none. */
export function requireName(given: unknown, name: string): void {
  if (given === name) return;
  throw new ApiError(
    "BadRequest",
    (given ?? "") === ""
      ? `the name of the object (${name} based on URL) was undeterminable: name must be provided`
      : `the name of the object (${String(given)}) does not match the name on the URL (${name})`,
  );
}

function textOf(definition: Type, value: Record<string, unknown>, field: string): string {
  const text = value[field] ?? "";
  if (typeof text === "string") return text;
  throw unrecognized(definition, `${field} must be a string, not ${JSON.stringify(text).slice(0, 40)}`);
}

function unrecognized({ kind }: Type, why: string): ApiError {
  return new ApiError("BadRequest", `the object provided is unrecognized (must be of type ${kind}): ${why}`);
}

/** Not of Kubernetes' own groups, and yet decoded into structs: Scale, whosever type it is of, and what is no custom resource. */
const typedGroups: readonly string[] = ["autoscaling", extension.group];

function isTyped({ group, custom }: Type): boolean {
  return (
    isKubernetesType({ group, ...(custom && { custom }) }) ||
    (typedGroups.includes(group) && custom === undefined)
  );
}

function decodingProblem(definition: Type, value: Record<string, unknown>): string | undefined {
  if (isTyped(definition))
    return (
      decodeTyped(objectSchema(definition), value, definition.kind) ?? definition.undecoded?.(value).problem
    );
  if (value["metadata"] === null) delete value["metadata"];
  const { metadata } = value;
  return metadata === undefined ? undefined : decodeTyped(objectMetaSchema(), metadata, "ObjectMeta");
}
