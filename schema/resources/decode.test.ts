import { describe, expect, it } from "vitest";
import { decodeTyped } from "./decode.ts";
import { microTimeSchema, timeSchema } from "./times.ts";
import type { JsonSchema } from "../structural/types.ts";

const text = { type: "string" } as const;
const schema: JsonSchema = {
  type: "object",
  properties: {
    text,
    count: { type: "integer", format: "int32" },
    long: { type: "integer", format: "int64" },
    time: timeSchema,
    micro: microTimeSchema,
    texts: { type: "array", items: text },
    map: { type: "object", additionalProperties: text },
    parts: { type: "array", items: { type: "object", properties: { flag: { type: "boolean" } } } },
    any: { "x-kubernetes-preserve-unknown-fields": true },
  },
};

/** The value as it is afterwards, or what is wrong with it. */
const decoded = (value: object): unknown => decodeTyped(schema, value, "Thing") ?? value;

// Go's own words, of which test/e2e/local-bodies.e2e.test.ts compares codes with a real kube-apiserver.
describe("decodeTyped", () => {
  it("makes zero values of nulls, as Go does", () => {
    const nulls = {
      text: null,
      map: { a: null },
      texts: [null, "b"],
      parts: [null],
      any: null,
      unknown: null,
    };
    expect(decoded(nulls)).toEqual({
      map: { a: "" },
      texts: ["", "b"],
      parts: [{}],
      any: null,
      unknown: null,
    });
  });

  it("keeps a member called __proto__ a member", () => {
    const value = JSON.parse('{"map":{"__proto__":null}}') as { map: object };
    decoded(value);
    expect(Object.keys(value.map)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(value.map)).toBe(Object.prototype);
  });

  it.each<[object, string]>([
    [{ text: 1 }, "cannot unmarshal number into Go struct field Thing.text of type string"],
    [{ map: [] }, "cannot unmarshal array into Go struct field Thing.map of type map[string]string"],
    [{ map: { a: {} } }, "cannot unmarshal object into Go struct field Thing.map of type string"],
    [{ texts: "x" }, "cannot unmarshal string into Go struct field Thing.texts of type []string"],
    [
      { parts: [{ flag: "x" }] },
      "cannot unmarshal string into Go struct field Thing.parts.flag of type bool",
    ],
    [{ count: 1.5 }, "cannot unmarshal number 1.5 into Go struct field Thing.count of type int32"],
    [{ count: 2 ** 31 }, "cannot unmarshal number 2147483648 into Go struct field Thing.count of type int32"],
    [{ long: true }, "cannot unmarshal bool into Go struct field Thing.long of type int64"],
  ])("refuses %j", (value, problem) => {
    expect(decoded(value)).toBe(`json: ${problem}`);
  });

  it("reads times as Go does: of a MicroTime, six digits", () => {
    expect(decoded({ time: "x" })).toContain('parsing time "x"');
    expect(decoded({ micro: "2020-01-01T00:00:00Z" })).toContain("Thing.micro");
    const good = { time: "2020-01-01T00:00:00Z", micro: "2020-01-01T00:00:00.000000Z" };
    expect(decoded(good)).toBe(good);
  });
});
