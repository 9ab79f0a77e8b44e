/** One decoder for every described message: wire format in, the JSON that Go's types would write out. */
import { JsonSyntaxError, parseStrictJson } from "../json/strict-parse.ts";
import { toBase64 } from "../seal/keys.ts";
import { maxDepth } from "../structural/engine.ts";
import { isScalar } from "./descriptor.ts";
import type { Field, How, Messages, Scalar } from "./descriptor.ts";
import { ProtobufError, malformed } from "./error.ts";
import { wellKnown } from "./well-known.ts";
import { WireReader, wireTypes } from "./wire.ts";

/**
 * Scalars, messages and map entries of one body, an entry with a value counted twice. An object of 1.5 MiB has far fewer;
 * two bytes of protobuf can make an object of a hundred.
 */
const maxValues = 200_000;

/** What has been read of a message, by the position of the field in its description; a message that comes twice is merged. */
type Values = unknown[];

/**
 * The JSON value of a message of type `name`. Unknown fields are skipped. Throws `ProtobufError`. A name that `messages`
 * and well-known.ts lack is a mistake in the descriptors and throws `TypeError`.
 */
export function decodeMessage(messages: Messages, name: string, bytes: Uint8Array): unknown {
  const decoder = new MessageDecoder(messages);
  const values: Values = [];
  decoder.read(name, new WireReader(bytes), values, 0);
  return decoder.toJson(name, values);
}

class MessageDecoder {
  readonly #messages: Messages;
  #count = 0;

  constructor(messages: Messages) {
    this.#messages = messages;
  }

  read(name: string, reader: WireReader, values: Values, depth: number): void {
    if (depth > maxDepth) throw malformed(`the message nests deeper than ${maxDepth}`);
    const fields = this.#fieldsOf(name);
    while (!reader.done) {
      const { number, wireType } = reader.tag();
      const at = fields.findIndex((field) => field[0] === number);
      const field = fields[at];
      if (field === undefined) reader.skip(wireType);
      else values[at] = this.#readField(field, wireType, reader, values[at], depth);
    }
  }

  /** `before`: what an earlier occurrence of the field has left. */
  #readField(field: Field, wireType: number, reader: WireReader, before: unknown, depth: number): unknown {
    const [, name, type, how] = field;
    if (isMap(how)) {
      expect(name, wireType, wireTypes.bytes);
      return this.#readEntry(type, reader.nested(), (before as Map<string, unknown>) ?? new Map(), depth);
    }
    if (!isList(how)) {
      expect(name, wireType, wireTypeOf(type));
      return this.#readValue(type, reader, before, depth);
    }
    const list = (before as unknown[]) ?? [];
    if (wireType === wireTypes.bytes && wireTypeOf(type) !== wireTypes.bytes) {
      const packed = reader.nested();
      while (!packed.done) list.push(this.#readValue(type, packed, undefined, depth));
      return list;
    }
    expect(name, wireType, wireTypeOf(type));
    list.push(this.#readValue(type, reader, undefined, depth));
    return list;
  }

  #readEntry(
    type: string,
    reader: WireReader,
    map: Map<string, unknown>,
    depth: number,
  ): Map<string, unknown> {
    let key = "";
    let value: unknown;
    while (!reader.done) {
      const { number, wireType } = reader.tag();
      if (number === 1) {
        expect("key of a map entry", wireType, wireTypes.bytes);
        key = reader.string();
      } else if (number === 2) {
        expect("value of a map entry", wireType, wireTypeOf(type));
        value = this.#readValue(type, reader, undefined, depth);
      } else reader.skip(wireType);
    }
    this.#countOne();
    // An entry without a value has the zero value: for lists and bytes the empty one.
    return map.set(key, value ?? (type === "bytes" ? "" : isScalar(type) ? zeroOf(type) : []));
  }

  /** A scalar in its JSON form; of a message its values. */
  #readValue(type: string, reader: WireReader, before: unknown, depth: number): unknown {
    this.#countOne();
    switch (type as Scalar) {
      case "string":
        return reader.string();
      case "bytes":
        return toBase64(reader.bytes());
      case "json":
        return parseJson(reader.string());
      case "bool":
        return reader.bool();
      case "int32":
        return reader.int32();
      case "int64":
        return reader.int64();
      case "double":
        return reader.double();
      default: {
        const values = (before as Values) ?? [];
        this.read(type, reader.nested(), values, depth + 1);
        return values;
      }
    }
  }

  /** `values`: what `read` has left of the message; an empty list for one that was absent. */
  toJson(name: string, values: Values): unknown {
    const special = wellKnown.get(name);
    if (special !== undefined) return special.toJson(values, (type, value) => this.#valueJson(type, value));
    const members: [string, unknown][] = [];
    this.#fieldsOf(name).forEach(([, key, type, how], at) => {
      const member = this.#memberJson(type, how, values[at]);
      if (member !== undefined) members.push([key, member]);
    });
    return Object.fromEntries(members);
  }

  /** `undefined`: the JSON leaves it out. */
  #memberJson(type: string, how: How | undefined, value: unknown): unknown {
    const always = how?.endsWith("!") === true;
    if (isMap(how)) {
      if (value === undefined) return always ? null : undefined;
      const entries = Array.from(value as Map<string, unknown>, ([key, item]): [string, unknown] => [
        key,
        this.#valueJson(type, item),
      ]);
      return Object.fromEntries(entries);
    }
    if (isList(how)) {
      if (value === undefined) return always ? null : undefined;
      return (value as unknown[]).map((item) => this.#valueJson(type, item));
    }
    if (how?.startsWith("?") === true) {
      if (value === undefined) return always ? null : undefined;
      return this.#valueJson(type, value);
    }
    const json = isScalar(type) ? (value ?? zeroOf(type)) : this.#valueJson(type, value ?? []);
    return always || !isZero(json) ? json : undefined;
  }

  #valueJson(type: string, value: unknown): unknown {
    return isScalar(type) ? value : this.toJson(type, value as Values);
  }

  #fieldsOf(name: string): readonly Field[] {
    const fields =
      wellKnown.get(name)?.fields ?? (Object.hasOwn(this.#messages, name) ? this.#messages[name] : undefined);
    if (fields === undefined) throw new TypeError(`no message ${name} is described`);
    return fields;
  }

  #countOne(): void {
    if (++this.#count > maxValues)
      throw new ProtobufError("too-large", `the message has more than ${maxValues} values`);
  }
}

function isList(how: How | undefined): boolean {
  return how?.startsWith("[]") === true;
}

function isMap(how: How | undefined): boolean {
  return how?.startsWith("{}") === true;
}

function wireTypeOf(type: string): number {
  if (type === "double") return wireTypes.fixed64;
  return type === "bool" || type === "int32" || type === "int64" ? wireTypes.varint : wireTypes.bytes;
}

function expect(name: string, wireType: number, wanted: number): void {
  if (wireType !== wanted) throw malformed(`wrong wire type ${wireType} of ${name}`);
}

/** Of a value that is not there but must be in the JSON. */
function zeroOf(type: Scalar): unknown {
  switch (type) {
    case "string":
      return "";
    case "bool":
      return false;
    case "int32":
    case "int64":
    case "double":
      return 0;
    case "bytes":
    case "json":
      return null;
    default:
      return type satisfies never;
  }
}

function isZero(json: unknown): boolean {
  return json === "" || json === false || json === 0 || json === null;
}

function parseJson(text: string): unknown {
  try {
    return parseStrictJson(text).value;
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw malformed(`JSON in the message: ${error.message}`);
    throw error;
  }
}
