/** Members of a value that its schema does not know: what `prune` would remove, as dotted paths. Pure. */
import { maxDepth } from "./engine.ts";
import { objectMetaSchema } from "../resources/object-meta.ts";
import { resourceMembers } from "./prune.ts";
import type { JsonSchema } from "./types.ts";

/** A hostile object must not make an answer of a million paths. */
const maxPaths = 100;

/** Paths as Kubernetes prints them in strict decoding errors: `spec.foo`, `spec.list[0].bar`. At most 100. */
export function unknownFields(schema: JsonSchema, value: unknown, path = ""): string[] {
  const found: string[] = [];
  look(schema, value, path, found, 0);
  return found;
}

function look(schema: JsonSchema, value: unknown, path: string, found: string[], depth: number): void {
  if (depth > maxDepth || found.length >= maxPaths || typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items !== undefined)
      value.forEach((item, index) => look(items, item, `${path}[${index}]`, found, depth + 1));
    return;
  }
  const { properties = {}, additionalProperties } = schema;
  const keeps =
    schema["x-kubernetes-preserve-unknown-fields"] === true ||
    additionalProperties === true ||
    // A schema that says nothing of members, such as that of a quantity, has none to miss.
    schema.type !== "object";
  for (const [key, member] of Object.entries(value)) {
    const at = path === "" ? key : `${path}.${key}`;
    if (schema["x-kubernetes-embedded-resource"] === true && resourceMembers.has(key)) {
      if (key === "metadata") look(objectMetaSchema(), member, at, found, depth + 1);
      continue;
    }
    const known = Object.hasOwn(properties, key) ? properties[key] : additionalProperties;
    if (typeof known === "object") look(known, member, at, found, depth + 1);
    else if (!keeps && found.length < maxPaths) found.push(at);
  }
}
