/** Removes what a schema does not know (apiextensions-apiserver, pruning). Pure but for the value it changes. */
import { isObject, maxDepth } from "./json.ts";
import type { Json } from "./json.ts";
import type { JsonSchema } from "./types.ts";

/** What every resource has, whether its schema speaks of it or not. */
export const resourceMembers: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata"]);
/** The schema of what stands under `additionalProperties: true`: members stay, what they hold is unknown. */
const unknown: JsonSchema = {};

export interface PruneOptions {
  /** The value is a whole resource: apiVersion, kind and metadata are not the schema's business. */
  readonly resource?: boolean;
}

/** Removes members that the schema does not know, in place, unless it preserves them; returns the value. */
export function prune<T>(schema: JsonSchema, value: T, { resource = false }: PruneOptions = {}): T {
  pruneIn(schema, value, 0, resource);
  return value;
}

function pruneIn(schema: JsonSchema, value: unknown, depth: number, resource: boolean, inKept = false): void {
  if (depth > maxDepth) return;
  const keeps = inKept || schema["x-kubernetes-preserve-unknown-fields"] === true;
  if (Array.isArray(value)) {
    if (schema.items === undefined && keeps) return;
    // Items of a list that keeps what is unknown keep it too.
    for (const item of value) pruneIn(schema.items ?? unknown, item, depth + 1, false, keeps);
    return;
  }
  if (isObject(value)) pruneMembers(schema, value, depth, keeps, resource);
}

function pruneMembers(
  schema: JsonSchema,
  value: Json,
  depth: number,
  keeps: boolean,
  resource: boolean,
): void {
  const { properties, additionalProperties } = schema;
  const isResource = resource || schema["x-kubernetes-embedded-resource"] === true;
  for (const key of Object.keys(value)) {
    if (isResource && resourceMembers.has(key)) continue;
    const property = properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (property !== undefined) pruneIn(property, value[key], depth + 1, false);
    else if (additionalProperties !== undefined) {
      const inner = typeof additionalProperties === "object" ? additionalProperties : unknown;
      pruneIn(inner, value[key], depth + 1, false);
    } else if (!keeps) delete value[key];
  }
}
