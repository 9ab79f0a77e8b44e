/** From a request body to an object: what POST makes and what PUT changes (norman-v3.md 1.8, 1.9). Pure. */
import type { NormanField } from "../../../schema/norman.ts";
import type { KubeObject } from "../../../schema/object.ts";
import { apiVersionOf } from "../../../schema/resource.ts";
import type { NormanDefinition } from "../../../schema/resources/registry.ts";
import type { JsonSchema } from "../../../schema/structural/types.ts";
import { convertField, failure } from "./convert.ts";
import { isObject, readPath, withPath } from "./object-path.ts";

export type Body = Readonly<Record<string, unknown>>;

/** Accepted values by field name; null = none. Unknown keys and those that may not be written are not in it. */
export type Input = ReadonlyMap<string, unknown>;

type Fields = Readonly<Record<string, NormanField>>;

export function readCreateInput(fields: Fields, body: Body): Input {
  const input = new Map<string, unknown>();
  for (const [name, one] of Object.entries(fields)) {
    if (one.create !== true) continue;
    const value = Object.hasOwn(body, name) ? convertField(name, one, body[name]) : null;
    const chosen = value === null || value === "" ? (one.default ?? value) : value;
    const absent = chosen === null || chosen === "" || (Array.isArray(chosen) && chosen.length === 0);
    if (one.required === true && absent) throw failure("MissingRequired", name);
    if (chosen !== null) input.set(name, chosen);
  }
  return input;
}

/** `replace`: updatable fields that the body lacks are cleared (`_replace=true`); labels and annotations are not. */
export function readUpdateInput(fields: Fields, body: Body, replace: boolean): Input {
  const input = new Map<string, unknown>();
  for (const [name, one] of Object.entries(fields)) {
    if (one.update !== true) continue;
    if (Object.hasOwn(body, name)) input.set(name, convertField(name, one, body[name]));
    else if (replace && one.path !== undefined) input.set(name, null);
  }
  return input;
}

/** A new object. `name` and `namespace` as decided by the caller. */
export function newObject(
  definition: NormanDefinition,
  fields: Fields,
  input: Input,
  { name, namespace }: { readonly name: string; readonly namespace?: string },
): KubeObject {
  let object: KubeObject = {
    apiVersion: apiVersionOf(definition),
    kind: definition.kind,
    metadata: { name },
  };
  for (const [key, value] of input) {
    const path = fields[key]?.path;
    if (path !== undefined && path !== "metadata.name") object = withPath(object, path, value);
  }
  object = withMarks(object, input);
  return namespace === undefined ? object : { ...object, metadata: { ...object.metadata, namespace } };
}

/** The object after a PUT: known structs are merged, arrays and maps replaced, nulls removed. */
export function changedObject<T extends KubeObject>(
  definition: NormanDefinition,
  fields: Fields,
  input: Input,
  current: T,
): T {
  let object = current;
  for (const [key, value] of input) {
    const path = fields[key]?.path;
    if (path === undefined) continue;
    object = withPath(
      object,
      path,
      merged(schemaAt(definition.schema(), path), readPath(object, path), value),
    );
  }
  return withMarks(object, input);
}

function merged(schema: JsonSchema | undefined, old: unknown, value: unknown): unknown {
  if (!isObject(value) || !isObject(old) || schema?.properties === undefined) return value;
  const result = new Map(Object.entries(old));
  for (const [key, member] of Object.entries(value)) {
    const known = Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
    if (member === null) result.delete(key);
    else result.set(key, merged(known, result.get(key), member));
  }
  return Object.fromEntries(result);
}

function schemaAt(schema: JsonSchema, path: string): JsonSchema | undefined {
  let at: JsonSchema | undefined = schema;
  for (const key of path.split(".")) at = at?.properties?.[key];
  return at;
}

/** Labels and annotations: a map that is given replaces all keys that are the client's; the server's stay (norman-v3.md 1.8). */
function withMarks<T extends KubeObject>(object: T, input: Input): T {
  const changes = (["labels", "annotations"] as const).flatMap((name): [string, Record<string, string>][] => {
    const given = input.get(name);
    if (!isObject(given)) return [];
    const kept = Object.entries(object.metadata[name] ?? {}).filter(([key]) => isProtected(key));
    const added = Object.entries(given).filter(([key]) => !isProtected(key));
    return [
      [
        name,
        Object.fromEntries([...kept, ...added.map(([key, value]): [string, string] => [key, String(value)])]),
      ],
    ];
  });
  return changes.length === 0
    ? object
    : { ...object, metadata: { ...object.metadata, ...Object.fromEntries(changes) } };
}

function isProtected(key: string): boolean {
  if (key.startsWith("field.cattle.io/")) return key === "field.cattle.io/creatorId";
  return key.includes("cattle.io/") || key.includes("drover.io/");
}
