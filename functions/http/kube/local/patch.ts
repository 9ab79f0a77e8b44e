/** The three patch formats of the Kubernetes API, as functions of the current object. */
import type { KubeObject } from "../../../../schema/object.ts";
import { PatchError } from "../../../../schema/patch/errors.ts";
import { applyJsonPatch } from "../../../../schema/patch/json-patch.ts";
import { applyMergePatch } from "../../../../schema/patch/merge-patch.ts";
import { applyStrategicMergePatch } from "../../../../schema/patch/strategic.ts";
import { isKubernetesType } from "../../../../schema/resource.ts";
import { objectSchema } from "../../../../schema/resources/object-schema.ts";
import { ApiError } from "../../errors.ts";
import type { Call } from "./call.ts";
import { mediaType, readJson, unknownMediaType } from "./request-body.ts";

export interface Patch {
  /** Throws `BadRequest`, `Invalid` for a patch that does not fit the object, `PayloadTooLarge`. */
  readonly apply: (current: KubeObject) => Record<string, unknown>;
  readonly duplicates: readonly string[];
  /** What its operations have that none has, in Kubernetes' words. */
  readonly unknown: readonly string[];
}

const jsonPatch = "application/json-patch+json";
const mergePatch = "application/merge-patch+json";
const strategicMergePatch = "application/strategic-merge-patch+json";
/** Server-side apply: its body may be JSON, which is YAML. */
export const applyPatch = "application/apply-patch+yaml";

/** Throws `UnsupportedMediaType`. Strategic merge is for types that Kubernetes itself has, as there. */
export async function readPatch({ c, definition }: Call): Promise<Patch> {
  const strategic = isKubernetesType(definition);
  const type = mediaType(c.req.raw);
  const accepted = [jsonPatch, mergePatch, ...(strategic ? [strategicMergePatch] : [])];
  if (!accepted.includes(type)) throw unknownMediaType([...accepted, applyPatch]);
  const { value, duplicates } = await readJson(c.req.raw);
  const unknown = type === jsonPatch ? unknownMembers(value) : [];
  return { apply: (current) => judged(() => applied(type, current, value)), duplicates, unknown };

  function applied(format: string, current: KubeObject, patch: unknown): unknown {
    if (format === jsonPatch) return applyJsonPatch(current, patch);
    if (format === mergePatch) return applyMergePatch(current, patch);
    return applyStrategicMergePatch(objectSchema(definition), current, patch);
  }
}

const operationMembers = ["op", "path", "from", "value"];

function unknownMembers(patch: unknown): string[] {
  if (!Array.isArray(patch)) return [];
  return patch.flatMap((operation: unknown, index) =>
    typeof operation !== "object" || operation === null
      ? []
      : Object.keys(operation)
          .filter((name) => !operationMembers.includes(name))
          .map((name) => `json patch unknown field ${JSON.stringify(`[${index}].${name}`)}`),
  );
}

function judged(apply: () => unknown): Record<string, unknown> {
  try {
    const patched = apply();
    if (typeof patched !== "object" || patched === null || Array.isArray(patched))
      throw new ApiError("BadRequest", "the patch does not leave an object");
    return patched as Record<string, unknown>;
  } catch (error) {
    if (!(error instanceof PatchError)) throw error;
    throw new ApiError(
      error.code === "RequestEntityTooLarge" ? "PayloadTooLarge" : error.code,
      error.message,
    );
  }
}
