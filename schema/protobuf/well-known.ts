/** Messages whose JSON is not an object of their fields (k8s.io/apimachinery: meta/v1, util/intstr, api/resource; apiextensions-apiserver). */
import type { Field } from "./descriptor.ts";
import { malformed } from "./error.ts";

export interface WellKnown {
  readonly fields: readonly Field[];
  /**
   * Of the values read, by position in `fields`; `undefined` for those that were absent. `json` gives the JSON of a value
   * that is a message.
   */
  readonly toJson: (values: readonly unknown[], json: (type: string, value: unknown) => unknown) => unknown;
}

/** 0001-01-01T00:00:00Z: Go's zero time, which is null in JSON. */
const zeroTime = -62135596800;
/** Years 0000 and 9999: RFC 3339 has no others. */
const firstSecond = -62167219200;
const lastSecond = 253402300799;

const schemaProps = "apiextensions.v1.JSONSchemaProps";

const timestamp: readonly Field[] = [
  [1, "seconds", "int64"],
  [2, "nanos", "int32"],
];

export const wellKnown: ReadonlyMap<string, WellKnown> = new Map<string, WellKnown>([
  // Whole seconds: nanos are ignored, as by Kubernetes.
  ["Time", { fields: timestamp, toJson: (values) => timeText(values, false) }],
  ["MicroTime", { fields: timestamp, toJson: (values) => timeText(values, true) }],
  ["FieldsV1", { fields: [[1, "Raw", "json"]], toJson: ([raw = null]) => raw }],
  // authentication.k8s.io and authorization.k8s.io: a list that may be null.
  ["ExtraValue", { fields: [[1, "items", "string", "[]"]], toJson: ([items = []]) => items }],
  // apiextensions.k8s.io: any JSON, and a schema or something else.
  ["JSON", { fields: [[1, "raw", "json"]], toJson: ([raw = null]) => raw }],
  [
    "JSONSchemaPropsOrArray",
    {
      fields: [
        [1, "schema", schemaProps, "?"],
        [2, "jSONSchemas", schemaProps, "[]"],
      ],
      toJson: ([schema, schemas = []], json) => {
        const list = schemas as readonly unknown[];
        if (list.length > 0) return list.map((one) => json(schemaProps, one));
        return schema === undefined ? null : json(schemaProps, schema);
      },
    },
  ],
  [
    "JSONSchemaPropsOrBool",
    {
      fields: [
        [1, "allows", "bool"],
        [2, "schema", schemaProps, "?"],
      ],
      toJson: ([allows = false, schema], json) => (schema === undefined ? allows : json(schemaProps, schema)),
    },
  ],
  [
    "JSONSchemaPropsOrStringArray",
    {
      fields: [
        [1, "schema", schemaProps, "?"],
        [2, "property", "string", "[]"],
      ],
      toJson: ([schema, property = []], json) => {
        if ((property as readonly unknown[]).length > 0) return property;
        return schema === undefined ? null : json(schemaProps, schema);
      },
    },
  ],
  [
    "IntOrString",
    {
      fields: [
        [1, "type", "int64"],
        [2, "intVal", "int32"],
        [3, "strVal", "string"],
      ],
      toJson: ([type = 0, number = 0, text = ""]) => {
        if (type !== 0 && type !== 1) throw malformed("an IntOrString is neither");
        return type === 0 ? number : text;
      },
    },
  ],
  [
    "Quantity",
    {
      fields: [[1, "string", "string"]],
      // As it was sent: neither does a quantity in JSON get another form.
      toJson: ([text = "0"]) => {
        if (!quantity.test(String(text))) throw malformed("a quantity is malformed");
        return text;
      },
    },
  ],
]);

const quantity = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;

function timeText([seconds, nanos]: readonly unknown[], withMicros: boolean): string | null {
  if (seconds === undefined && nanos === undefined) return null;
  const micros = withMicros ? Math.trunc(integer(nanos) / 1000) : 0;
  // Any number of nanos is allowed: they carry.
  const carry = Math.floor(micros / 1e6);
  const second = integer(seconds) + carry;
  const fraction = micros - carry * 1e6;
  if (second === zeroTime && fraction === 0) return null;
  if (second < firstSecond || second > lastSecond)
    throw malformed("a time is outside of the years 0 to 9999");
  const text = new Date(second * 1000).toISOString().slice(0, "0000-00-00T00:00:00".length);
  return withMicros ? `${text}.${String(fraction).padStart(6, "0")}Z` : `${text}Z`;
}

function integer(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
