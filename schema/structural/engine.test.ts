import { describe, expect, it } from "vitest";
import { applyDefaults, maxDepth, prune, validate } from "./engine.ts";
import type { JsonSchema } from "./types.ts";

const parse = (text: string): unknown => JSON.parse(text) as unknown;
const problems = (schema: JsonSchema, value: unknown): string[] =>
  validate(schema, value).map(({ reason, field }) => `${reason} ${field}`);

describe("applyDefaults", () => {
  const schema: JsonSchema = {
    type: "object",
    properties: {
      a: { type: "string", default: "x" },
      n: { type: "string", nullable: true, default: "y" },
      deep: { type: "object", default: {}, properties: { b: { type: "integer", default: 1 } } },
      list: {
        type: "array",
        items: { type: "object", properties: { c: { type: "boolean", default: true } } },
      },
    },
    additionalProperties: false,
  };

  it("fills in what is absent, inside of defaults and lists too, and keeps what is there", () => {
    expect(applyDefaults(schema, { list: [{}, { c: false }] })).toEqual({
      a: "x",
      n: "y",
      deep: { b: 1 },
      list: [{ c: true }, { c: false }],
    });
    expect(applyDefaults(schema, { a: "", deep: { b: 0 } })).toMatchObject({ a: "", deep: { b: 0 } });
  });

  it("takes null for absent, except where null is allowed", () => {
    expect(applyDefaults(schema, { a: null, n: null })).toMatchObject({ a: "x", n: null });
  });

  it("never shares a default between objects", () => {
    const one = applyDefaults(schema, {}) as { deep?: object };
    const two = applyDefaults(schema, {}) as { deep?: object };
    expect(one.deep).not.toBe(two.deep);
  });
});

describe("prune", () => {
  const schema: JsonSchema = {
    type: "object",
    properties: {
      known: { type: "object", properties: { a: { type: "string" } } },
      open: {
        type: "object",
        "x-kubernetes-preserve-unknown-fields": true,
        properties: { a: { type: "object" } },
      },
      map: {
        type: "object",
        additionalProperties: { type: "object", properties: { a: { type: "string" } } },
      },
      list: { type: "array", items: { type: "object", properties: { a: { type: "string" } } } },
    },
  };

  it("removes what the schema does not know, at every level, but in objects that keep it", () => {
    const value = {
      x: 1,
      known: { a: "a", x: 1 },
      open: { x: 1, a: { x: 1 } },
      map: { any: { a: "a", x: 1 } },
      list: [{ a: "a", x: 1 }],
    };
    expect(prune(schema, value)).toEqual({
      known: { a: "a" },
      open: { x: 1, a: {} },
      map: { any: { a: "a" } },
      list: [{ a: "a" }],
    });
  });

  it("takes members called like those of every object for what they are: unknown", () => {
    const value = parse(
      '{"__proto__":{"polluted":1},"constructor":{"x":1},"toString":1,"known":{"__proto__":1}}',
    );
    const pruned = prune(schema, value) as object;
    expect(Object.keys(pruned)).toEqual(["known"]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(problems({ type: "object", required: ["toString"] }, {})).toEqual(["FieldValueRequired toString"]);
  });
});

describe("validate", () => {
  it.each<[JsonSchema, unknown, unknown]>([
    [{ type: "string" }, "", 1],
    [{ type: "integer" }, 1, 1.5],
    [{ type: "integer" }, -(2 ** 53) + 1, 2 ** 53],
    [{ type: "number" }, 1.5, "1.5"],
    [{ type: "boolean" }, false, 0],
    [{ type: "array" }, [], {}],
    [{ type: "object" }, {}, []],
    [{ type: "string", nullable: true }, null, 5],
    [{ "x-kubernetes-int-or-string": true }, "50%", true],
    [{ "x-kubernetes-int-or-string": true }, 5, 5.5],
  ])("of %j takes %j and not %j", (schema, good, bad) => {
    expect(problems(schema, good)).toEqual([]);
    expect(problems(schema, bad)).toContain("FieldValueTypeInvalid <nil>");
  });

  it.each<[JsonSchema, unknown, unknown]>([
    [{ enum: ["a", { b: 1, c: 2 }] }, { c: 2, b: 1 }, "b"],
    [{ minLength: 2, maxLength: 2 }, "\u{1f600}\u{1f600}", "\u{1f600}"],
    [{ maxLength: 2 }, "\u{1f600}\u{1f600}", "abc"],
    [{ pattern: "^a+$" }, "aa", "b"],
    [{ pattern: "(" }, 1, "anything"],
    [{ minimum: 1, maximum: 2 }, 2, 3],
    [{ minItems: 1, maxItems: 2 }, [1], []],
    [
      { uniqueItems: true },
      [{ a: 1 }, { a: 2 }],
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
    ],
    [{ type: "integer", format: "int32" }, 2 ** 31 - 1, 2 ** 31],
    [{ format: "date-time" }, "2026-01-01T00:00:00Z", "2026-13-01T00:00:00Z"],
    [{ format: "byte" }, "YQ==", "YQ="],
    [{ format: "never heard of" }, "x", undefined],
  ])("of %j takes %j and not %j", (schema, good, bad) => {
    expect(problems(schema, good)).toEqual([]);
    if (bad !== undefined) expect(problems(schema, bad)).toHaveLength(1);
  });

  it("names every wrong field by its path", () => {
    const schema: JsonSchema = {
      type: "object",
      required: ["need"],
      properties: {
        list: { type: "array", items: { type: "object", properties: { n: { type: "integer" } } } },
        map: { type: "object", additionalProperties: { type: "string" } },
      },
    };
    expect(problems(schema, { list: [{ n: 1 }, { n: "x" }], map: { "a.b/c": 1, ok: "" } })).toEqual([
      "FieldValueTypeInvalid list[1].n",
      "FieldValueTypeInvalid map.a.b/c",
      "FieldValueRequired need",
    ]);
  });

  it("refuses what is nested too deep, however deep, and gives at most about a hundred errors", () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    expect(problems({}, deep)).toEqual(["FieldValueInvalid <nil>"]);
    let allowed: unknown = 1;
    for (let depth = 0; depth < maxDepth; depth++) allowed = [allowed];
    expect(problems({}, allowed)).toEqual([]);
    const many = Array.from({ length: 10_000 }, () => 1);
    expect(problems({ type: "array", items: { type: "string" } }, many)).toHaveLength(100);
  });
});
