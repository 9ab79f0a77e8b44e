import { describe, expect, it } from "vitest";
import { canonical, vectors } from "../../test/vectors/vectors.ts";
import { JsonSyntaxError, parseStrictJson } from "./strict-parse.ts";

interface Vector {
  text: string;
  error?: true;
  /** JSON text with sorted keys. */
  value?: string;
  duplicates?: string[];
}
const all = (vectors("strict-json") as Vector[]).map(
  (vector) => [JSON.stringify(vector.text), vector] as const,
);

function offsetOf(text: string): number | undefined {
  try {
    parseStrictJson(text);
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error.offset;
    throw error;
  }
  return undefined;
}

describe("parseStrictJson", () => {
  it.each(all.filter(([, { error }]) => error === undefined))(
    "reads %s as Kubernetes does",
    (_text, { text, value, duplicates = [] }) => {
      const parsed = parseStrictJson(text);
      expect(canonical(parsed.value)).toBe(value);
      expect(parsed.duplicates).toEqual(duplicates);
    },
  );

  it.each(all.filter(([, { error }]) => error !== undefined))("refuses %s", (_text, { text }) => {
    expect(() => parseStrictJson(text)).toThrow(JsonSyntaxError);
  });

  it("reads an escaped key as what it says, whatever was parsed before", () => {
    parseStrictJson('{"a":1,"\\\\":2}');
    expect(parseStrictJson('{"a":1,"\\u0062":2}').value).toEqual({ a: 1, b: 2 });
    expect(parseStrictJson('{"a":1,"\\"":2}').value).toEqual({ a: 1, '"': 2 });
  });

  it.each([
    ['{"a":1,}', 7, "invalid character '}' looking for beginning of object key string"],
    ['{"a" 1}', 5, "invalid character '1' after object key"],
    ['{"a":1 "b"}', 7, "invalid character '\"' after object key:value pair"],
    ["[1 2]", 3, "invalid character '2' after array element"],
    ["{} x", 3, "invalid character 'x' after top-level value"],
    ["trux", 3, "invalid character 'x' in literal true (expecting 'e')"],
    ['"\\x"', 2, "invalid character 'x' in string escape code"],
    ['"\\u00g0"', 5, "invalid character 'g' in \\u hexadecimal character escape"],
    ["-x", 1, "invalid character 'x' in numeric literal"],
    ["1.x", 2, "invalid character 'x' after decimal point in numeric literal"],
    ["1ex", 2, "invalid character 'x' in exponent of numeric literal"],
    ["\ufeff{}", 0, "invalid character '\\ufeff' looking for beginning of value"],
    ['{"a":', 5, "unexpected end of JSON input"],
    ['"a', 2, "unexpected end of JSON input"],
  ])("says where and why %s is no JSON", (text, offset, message) => {
    expect(() => parseStrictJson(text)).toThrow(message);
    expect(offsetOf(text)).toBe(offset);
  });

  it.each(["9007199254740992", "-9007199254740992", "9007199254740993", "12345678901234567890123"])(
    "refuses the integer %s, which a double would round",
    (number) => {
      expect(offsetOf(`{"a":["9007199254740993",${number}]}`)).toBe(25);
    },
  );

  it("keeps integers up to 2^53-1 and every number with a fraction or an exponent", () => {
    const text = "[9007199254740991,-9007199254740991,9007199254740993.0,1e20,1.7976931348623157e308,-0.0]";
    expect(parseStrictJson(text).value).toEqual(JSON.parse(text));
  });

  it.each(["1e309", "-1e309", `${"9".repeat(310)}.5`])("refuses %s, which no double holds", (number) => {
    expect(offsetOf(`[${number}]`)).toBe(1);
  });

  it("reads 64 levels and refuses the 65th, arrays and objects alike", () => {
    const arrays = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
    const objects = (depth: number): string => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
    for (const nested of [arrays, objects]) {
      expect(parseStrictJson(nested(64)).value).toEqual(JSON.parse(nested(64)));
      expect(() => parseStrictJson(nested(65))).toThrow("JSON nests deeper than 64 levels");
    }
    expect(offsetOf(arrays(65))).toBe(64);
  });

  it("refuses nesting that never ends without running out of stack", () => {
    expect(offsetOf("[".repeat(3_000_000))).toBe(64);
    expect(offsetOf(`${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}`)).toBe(64);
  });

  it("makes __proto__ an own member and changes no prototype", () => {
    const { value } = parseStrictJson('{"__proto__":{"polluted":true},"constructor":1}');
    expect(Object.keys(value as object)).toEqual(["__proto__", "constructor"]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect("polluted" in {}).toBe(false);
  });

  it("keeps lone surrogates as they are", () => {
    expect(parseStrictJson('"\\ud800"').value).toBe("\ud800");
    expect(parseStrictJson('"\ud800"').value).toBe("\ud800");
  });

  it("lets the last of equal members win and names its path once", () => {
    const text = '{"spec":{"list":[{},{"b":1,"b":2,"b":{"c":3}}]},"metadata":{"labels":{"a":"x","a":"y"}}}';
    expect(parseStrictJson(text)).toEqual({
      value: { spec: { list: [{}, { b: { c: 3 } }] }, metadata: { labels: { a: "y" } } },
      duplicates: ["spec.list[1].b", "metadata.labels.a"],
    });
  });

  it("reports at most 100 duplicates", () => {
    const members = Array.from({ length: 150 }, (_, index) => `"k${index}":1,"k${index}":2`);
    expect(parseStrictJson(`{${members.join()}}`).duplicates).toHaveLength(100);
  });

  it("is not deceived by quotes, colons and braces in text", () => {
    const value = { 'a":{': '\\", "a": {[', "\\": ':"', b: "\\\\\\", c: "-99999999999999999999", d: '"' };
    expect(parseStrictJson(JSON.stringify(value))).toEqual({ value, duplicates: [] });
  });
});
