/** core/v1 ConfigMap. */
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { forbidden, invalid } from "../names.ts";
import { base64Schema, configKeyProblem, decodedLength, joinedLines, maxDataBytes } from "./config-data.ts";

const schema = once(
  () =>
    ({
      type: "object",
      properties: {
        immutable: { type: "boolean" },
        data: { type: "object", additionalProperties: { type: "string" } },
        binaryData: { type: "object", additionalProperties: base64Schema },
      },
    }) as const satisfies JsonSchema,
);

export type ConfigMap = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const configMaps: ResourceDefinition<ConfigMap> = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  singular: "configmap",
  shortNames: ["cm"],
  scope: "Namespaced",
  schema,
  mutate: ({ object }) => {
    if (object.binaryData === undefined) return object;
    const joined = Object.entries(object.binaryData).map(
      ([key, value]) => [key, joinedLines(value)] as const,
    );
    return { ...object, binaryData: Object.fromEntries(joined) };
  },
  validate: ({ operation, object, old }) => {
    if (operation === "DELETE") return [];
    return [...immutableErrors(object, old), ...dataErrors(object)];
  },
};

const utf8 = new TextEncoder();

function dataErrors({ data = {}, binaryData = {} }: ConfigMap): FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  for (const [key, value] of Object.entries(data)) {
    const problem = configKeyProblem(key);
    if (problem !== undefined) errors.push(invalid(`data[${key}]`, key, problem));
    if (Object.hasOwn(binaryData, key))
      errors.push(invalid(`data[${key}]`, key, "duplicate of key present in binaryData"));
    size += utf8.encode(value).length;
  }
  for (const [key, value] of Object.entries(binaryData)) {
    const problem = configKeyProblem(key);
    if (problem !== undefined) errors.push(invalid(`binaryData[${key}]`, key, problem));
    const bytes = decodedLength(value);
    if (bytes === undefined) errors.push(invalid(`binaryData[${key}]`, "…", "must be base64"));
    size += bytes ?? 0;
  }
  if (size > maxDataBytes)
    errors.push({
      reason: "FieldValueTooLong",
      field: "",
      message: `Too long: may not be more than ${maxDataBytes} bytes`,
    });
  return errors;
}

function immutableErrors(object: ConfigMap, old: AdmissionContext<ConfigMap>["old"]): FieldError[] {
  if (old?.immutable !== true) return [];
  const changed = [
    ...(object.immutable === true ? [] : ["immutable"]),
    ...(sameEntries(object.data, old.data) ? [] : ["data"]),
    ...(sameEntries(object.binaryData, old.binaryData) ? [] : ["binaryData"]),
  ];
  return changed.map((name) => forbidden(name, "field is immutable when `immutable` is set"));
}

/** In whatever order. */
function sameEntries(one: Record<string, string> = {}, other: Record<string, string> = {}): boolean {
  const entries = Object.entries(one);
  return (
    entries.length === Object.keys(other).length &&
    entries.every(([key, value]) => Object.hasOwn(other, key) && other[key] === value)
  );
}
