import { describe, expect, it } from "vitest";
import type { FieldError, JsonSchema } from "../structural/types.ts";
import { compileRules } from "./rules.ts";
import { validateRules } from "./validate-rules.ts";

function messages(rule: string, value: unknown, schema: JsonSchema = { type: "string" }): string[] {
  const rules = compileRules({ ...schema, "x-kubernetes-validations": [{ rule }] }, { resource: false });
  return validateRules(rules, value).map(({ message }: FieldError) => message);
}

describe("a hostile rule", () => {
  it("is refused when it is too long or nests too deep, however deep", () => {
    const [long] = messages(`self == '${"x".repeat(100_001)}'`, "x");
    expect(long).toContain("expression code point size exceeds limit");
    for (const deep of [
      "(".repeat(20_000),
      "!(".repeat(300),
      "[".repeat(20_000),
      `self${".a".repeat(20_000)}`,
      `1${"+1".repeat(20_000)} == 1`,
    ])
      expect(messages(deep, "x")[0]).toContain("recursion limit exceeded");
  });

  it("runs no longer than the cost that it may have", () => {
    const loop = "[1,2,3,4,5,6,7,8,9,10]";
    const nested = `${loop}.all(a, ${loop}.all(b, ${loop}.all(c, ${loop}.all(d, ${loop}.all(e, ${loop}.all(f, true))))))`;
    expect(messages(nested, "x")[0]).toContain("actual cost limit exceeded");
    expect(messages("lists.range(1000000000000).size() > 0", "x")[0]).toContain("cost limit exceeded");
  });

  it("makes no text or list that memory could not hold", () => {
    const value = "a".repeat(20_000);
    const exploding = "self.replace('a', self).replace('a', self).size() > 0";
    expect(messages(exploding, value)[0]).toContain("cost limit exceeded");
    expect(messages("self.split('').join(self).size() > 0", value)[0]).toContain("cost limit exceeded");
  });

  it("matches patterns in linear time", () => {
    expect(messages("self.matches('^(a+)+$')", `${"a".repeat(30_000)}!`)).toHaveLength(1);
  });
});

describe("values", () => {
  it("called like members of every object are what they are", () => {
    const schema: JsonSchema = { type: "object", additionalProperties: { type: "string" } };
    const value: unknown = JSON.parse('{"__proto__":"a","constructor":"b"}');
    expect(messages("self.all(k, self[k] in ['a', 'b']) && 'constructor' in self", value, schema)).toEqual(
      [],
    );
    expect(messages("'toString' in self", value, schema)).toHaveLength(1);
    expect(messages("dyn({'constructor': 1})['constructor'] == 1", value, schema)).toEqual([]);
  });

  it("are whole numbers of 64 bits where the schema says so", () => {
    const schema: JsonSchema = { type: "integer" };
    expect(messages("self + 9223372036854775800 == 9223372036854775807", 7, schema)).toEqual([]);
    expect(messages("self + 9223372036854775807 > 0", 7, schema)[0]).toContain("integer overflow");
    expect(messages("type(self) == double && self == 7.0", 7, { type: "number" })).toEqual([]);
  });
});

describe("rules", () => {
  it("are compiled once for a schema", () => {
    const schema: JsonSchema = { type: "string", "x-kubernetes-validations": [{ rule: "self != ''" }] };
    expect(compileRules(schema)?.rules).toBe(compileRules(schema)?.rules);
    expect(compileRules({ type: "string" })).toBeUndefined();
  });
});
