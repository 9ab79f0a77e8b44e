/**
 * What kube-apiserver's JSON decoder makes of a value for which it has a Go struct (sigs.k8s.io/json, metav1.Time): values of
 * another kind are not decoded at all, and null is the zero value. Pure but for the value it changes.
 */
import { isObject, maxDepth, memberSchema, setMember } from "../structural/json.ts";
import type { Json } from "../structural/json.ts";
import type { JsonSchema } from "../structural/types.ts";
import { base64Schema, decodedLength, joinedLines } from "./core/config-data.ts";
import { canonicalMicroTime, canonicalTime, isMicroTime } from "./times.ts";

/**
 * Takes out nulls, in place, and says the first thing that cannot be decoded, in Go's words; `undefined` when all can be.
 * `name`: of the kind, with which paths of fields begin.
 */
export function decodeTyped(schema: JsonSchema, value: unknown, name: string): string | undefined {
  return decode(schema, value, name, 0);
}

function decode(schema: JsonSchema, value: unknown, path: string, depth: number): string | undefined {
  if (depth > maxDepth) return undefined;
  switch (schema.type) {
    case "object":
      return isObject(value) ? decodeMembers(schema, value, path, depth) : mismatch(schema, value, path);
    case "array":
      return Array.isArray(value) ? decodeItems(schema, value, path, depth) : mismatch(schema, value, path);
    case "string":
      return typeof value === "string" ? textProblem(schema, value, path) : mismatch(schema, value, path);
    case "boolean":
      return typeof value === "boolean" ? undefined : mismatch(schema, value, path);
    case "integer":
      return typeof value === "number" && fits(schema, value) ? undefined : mismatch(schema, value, path);
    case "number":
      return typeof value === "number" ? undefined : mismatch(schema, value, path);
    default:
      return undefined;
  }
}

function decodeMembers(schema: JsonSchema, value: Json, path: string, depth: number): string | undefined {
  for (const [key, member] of Object.entries(value)) {
    const inner = memberSchema(schema, key);
    if (inner === undefined) continue;
    const declared = schema.properties !== undefined && Object.hasOwn(schema.properties, key);
    if (member === null) {
      if (declared && inner.type !== undefined) delete value[key];
      else if (!declared) setMember(value, key, zeroOf(inner));
      continue;
    }
    const problem = decode(inner, member, declared ? `${path}.${key}` : path, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function decodeItems(
  { items }: JsonSchema,
  value: unknown[],
  path: string,
  depth: number,
): string | undefined {
  if (items === undefined) return undefined;
  for (const [index, item] of value.entries()) {
    if (item === null) value[index] = zeroOf(items);
    else {
      const problem = decode(items, item, path, depth + 1);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

/** The zero value of a Go type, as it is encoded again. */
export function zeroOf({ type }: JsonSchema): unknown {
  switch (type) {
    case "object":
      return {};
    case "array":
      return [];
    case "string":
      return "";
    case "boolean":
      return false;
    case "integer":
    case "number":
      return 0;
    default:
      return null;
  }
}

function fits({ format }: JsonSchema, value: number): boolean {
  if (!Number.isSafeInteger(value)) return false;
  return format !== "int32" || (value >= -(2 ** 31) && value < 2 ** 31);
}

function textProblem(schema: JsonSchema, value: string, path: string): string | undefined {
  if (schema === base64Schema)
    // Never the value itself: it may be a secret.
    return decodedLength(joinedLines(value)) === undefined ? `illegal base64 data in ${path}` : undefined;
  if (schema.format !== "date-time") return undefined;
  const read = isMicroTime(schema) ? canonicalMicroTime : canonicalTime;
  return read(value) === undefined ? timeProblem(schema, value, path) : undefined;
}

function timeProblem(schema: JsonSchema, value: string, path: string): string {
  const fraction = isMicroTime(schema) ? ".000000" : "";
  return `parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05${fraction}Z07:00": cannot parse ${path}`;
}

function mismatch(schema: JsonSchema, value: unknown, path: string): string {
  return `json: cannot unmarshal ${kindOf(schema, value)} into Go struct field ${path} of type ${goType(schema)}`;
}

function kindOf({ type }: JsonSchema, value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return type === "integer" ? `number ${value}` : "number";
  return typeof value;
}

function goType(schema: JsonSchema): string {
  const { type, format, items, additionalProperties } = schema;
  switch (type) {
    case "object":
      return typeof additionalProperties === "object"
        ? `map[string]${goType(additionalProperties)}`
        : "struct";
    case "array":
      return `[]${goType(items ?? {})}`;
    case "string":
      return schema === base64Schema ? "[]uint8" : "string";
    case "boolean":
      return "bool";
    case "integer":
      return format === "int32" ? "int32" : "int64";
    case "number":
      return "float64";
    default:
      return "any";
  }
}
