/** JSON values as CEL values, by their schema (apiserver, cel/common/valuesunstructured). Read when they are asked for. Pure. */
import { deepEqual, isObject } from "../structural/json.ts";
import type { Json } from "../structural/json.ts";
import { parseGoDuration } from "../structural/go-duration.ts";
import { itemsByKeys, keyOf } from "../structural/correlate.ts";
import type { JsonSchema } from "../structural/types.ts";
import { equalLists, PlainList } from "./collections.ts";
import { equal } from "./compare.ts";
import { escapeName, unescapeName, withResourceMembers } from "./schema-types.ts";
import { parseDay, parseTimestamp } from "./timestamps.ts";
import {
  Bytes,
  CelError,
  Duration,
  isError,
  ListValue,
  MapValue,
  noSuchOverload,
  Preserved,
  Timestamp,
} from "./values.ts";
import type { Result, Value } from "./values.ts";

const invalid = (wanted: string): CelError => new CelError(`invalid data, expected ${wanted}`);

export function schemaValue(value: unknown, schema: JsonSchema): Result {
  if (value === null || value === undefined)
    return schema.nullable === true
      ? null
      : new CelError("invalid data, got null for schema with nullable=false");
  if (schema["x-kubernetes-int-or-string"] === true) {
    if (typeof value === "string") return value;
    if (Number.isInteger(value)) return BigInt(value as number);
    return invalid("XIntOrString value to be either a string or integer");
  }
  switch (schema.type) {
    case "object":
      return isObject(value)
        ? new SchemaMap(
            value,
            schema["x-kubernetes-embedded-resource"] === true ? withResourceMembers(schema) : schema,
          )
        : invalid("a map for the provided schema with type=object");
    case "array":
      if (!Array.isArray(value)) return invalid("an array for the provided schema with type=array");
      return schema.items === undefined
        ? new CelError("invalid array type, expected Items with a non-empty Schema")
        : new SchemaList(value, schema, schema.items);
    case "string":
      return typeof value === "string" ? textValue(value, schema.format) : invalid("string");
    case "number":
      return typeof value === "number" ? value : invalid("float");
    case "integer":
      return Number.isInteger(value) ? BigInt(value as number) : invalid("int");
    case "boolean":
      return typeof value === "boolean" ? value : invalid("bool");
    default:
      return schema["x-kubernetes-preserve-unknown-fields"] === true
        ? new Preserved(value)
        : new CelError("invalid type, expected object, array, number, integer, boolean or string");
  }
}

function textValue(text: string, format: string | undefined): Result {
  switch (format) {
    case "duration": {
      const nanos = parseGoDuration(text) ?? looseDuration(text);
      return nanos === undefined ? new CelError(`Invalid duration ${text}`) : new Duration(nanos);
    }
    case "date": {
      const nanos = parseDay(text);
      return nanos === undefined
        ? new CelError(`Invalid date formatted string ${text}`)
        : new Timestamp(nanos);
    }
    case "date-time": {
      const nanos = parseTimestamp(text.toUpperCase());
      return nanos === undefined
        ? new CelError(`Invalid date-time formatted string ${text}`)
        : new Timestamp(nanos);
    }
    case "byte":
      try {
        return new Bytes(Uint8Array.from(atob(text), (char) => char.charCodeAt(0)));
      } catch {
        return new CelError(`Invalid byte formatted string ${text}`);
      }
    default:
      return text;
  }
}

const units: readonly (readonly [RegExp, bigint])[] = [
  [/^(?:ns|nano.*)$/, 1n],
  [/^(?:us|µs|micro.*)$/, 1000n],
  [/^(?:ms|milli.*)$/, 1_000_000n],
  [/^(?:s|sec.*)$/, 1_000_000_000n],
  [/^(?:m|min.*)$/, 60_000_000_000n],
  [/^(?:h|hr|hour.*)$/, 3_600_000_000_000n],
  [/^(?:d|day.*)$/, 86_400_000_000_000n],
  [/^(?:w|wk|week.*)$/, 604_800_000_000_000n],
];

/** `3 weeks`, which `format: duration` takes besides Go's form. */
function looseDuration(text: string): bigint | undefined {
  let total: bigint | undefined;
  for (const [, amount = "", word = ""] of text.matchAll(/(\d+)\s*([A-Za-zµ]+)/g)) {
    const unit = units.find(([pattern]) => pattern.test(word.toLowerCase()));
    if (unit !== undefined) total = (total ?? 0n) + BigInt(amount) * unit[1];
  }
  return total === undefined ? undefined : BigInt.asIntN(64, total);
}

export class SchemaList extends ListValue {
  readonly schema: JsonSchema;
  readonly raw: readonly unknown[];
  readonly #items: JsonSchema;

  constructor(raw: readonly unknown[], schema: JsonSchema, items: JsonSchema) {
    super();
    this.raw = raw;
    this.schema = schema;
    this.#items = items;
  }

  get size(): number {
    return this.raw.length;
  }

  get(index: number): Result {
    return schemaValue(this.raw[index], this.#items);
  }

  get #listType(): string | undefined {
    return this.schema["x-kubernetes-list-type"];
  }

  /** Sets and map-lists are equal in any order. */
  equals(other: ListValue): Result {
    const type = this.#listType;
    if ((type !== "set" && type !== "map") || !(other instanceof SchemaList)) return equalLists(this, other);
    if (this.size !== other.size) return false;
    if (type === "set") return other.raw.every((item) => this.raw.some((one) => deepEqual(one, item)));
    const byKeys = itemsByKeys(this.schema, this.raw);
    for (const [index, item] of other.raw.entries()) {
      const key = isObject(item) ? keyOf(this.schema, item) : undefined;
      const mine = key === undefined ? undefined : byKeys.get(key);
      if (mine === undefined) return false;
      const [a, b] = [schemaValue(mine, this.#items), other.get(index)];
      if (isError(a)) return a;
      if (isError(b)) return b;
      const same = equal(a, b);
      if (same !== true) return same;
    }
    return true;
  }

  /** Sets become their union, and in map-lists items of the other replace those with the same keys. */
  add(other: ListValue): Result {
    if (!(other instanceof SchemaList)) return this.#plainly(other);
    const type = this.#listType;
    if (type === "set") {
      const news = other.raw.filter((item) => !this.raw.some((one) => deepEqual(one, item)));
      return new SchemaList([...this.raw, ...news], this.schema, this.#items);
    }
    if (type !== "map") return new SchemaList([...this.raw, ...other.raw], this.schema, this.#items);
    const merged = [...this.raw];
    const positions = new Map<string, number>();
    const text = (item: unknown): string => (isObject(item) ? (keyOf(this.schema, item) ?? "") : "");
    merged.forEach((item, index) => positions.set(text(item), index));
    for (const item of other.raw) {
      const at = positions.get(text(item));
      if (at === undefined) merged.push(item);
      else merged[at] = item;
    }
    return new SchemaList(merged, this.schema, this.#items);
  }

  #plainly(other: ListValue): Result {
    const items: Value[] = [];
    for (const list of [this, other]) {
      for (const item of list) {
        if (isError(item)) return item;
        items.push(item);
      }
    }
    return new PlainList(items);
  }
}

export class SchemaMap extends MapValue {
  readonly schema: JsonSchema;
  readonly raw: Json;

  constructor(raw: Json, schema: JsonSchema) {
    super();
    this.raw = raw;
    this.schema = schema;
  }

  get #isObject(): boolean {
    return this.schema.properties !== undefined && Object.keys(this.schema.properties).length > 0;
  }

  #member(name: string): JsonSchema | undefined {
    const { properties, additionalProperties } = this.schema;
    if (this.#isObject) return Object.hasOwn(properties ?? {}, name) ? properties?.[name] : undefined;
    return typeof additionalProperties === "object" ? additionalProperties : undefined;
  }

  get size(): number {
    return Object.keys(this.raw).length;
  }

  find(key: Value): Result | undefined {
    if (typeof key !== "string") return noSuchOverload();
    const name = this.#isObject ? unescapeName(key) : key;
    if (name === undefined || !Object.hasOwn(this.raw, name)) return undefined;
    const value = this.raw[name];
    // A nullable property that is null is as good as absent.
    if (this.#isObject && value === null) return undefined;
    const schema = this.#member(name);
    return schema === undefined ? undefined : schemaValue(value, schema);
  }

  keys(): readonly Value[] {
    return Object.keys(this.raw)
      .filter((key) => this.#member(key) !== undefined)
      .map((key) => (this.#isObject ? (escapeName(key) ?? key) : key));
  }

  equals(other: MapValue): Result {
    if (this.size !== other.size) return false;
    for (const [key, value] of Object.entries(this.raw)) {
      if (this.#member(key) === undefined) {
        if (!(other instanceof SchemaMap)) return noSuchOverload();
        if (Object.hasOwn(other.raw, key) && !deepEqual(value, other.raw[key])) return false;
        continue;
      }
      const [a, b] = [this.find(key), other.find(key)];
      if ((a === undefined) !== (b === undefined)) return false;
      if (a === undefined || b === undefined) continue;
      if (isError(a)) return a;
      if (isError(b)) return b;
      const same = equal(a, b);
      if (same !== true) return same;
    }
    return true;
  }
}
