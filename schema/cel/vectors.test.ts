import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { customSchemaErrors } from "../custom/schema-errors.ts";
import { decodeSchema } from "../structural/schema-props.ts";
import type { FieldError, JsonSchema } from "../structural/types.ts";
import { perCallLimit } from "./cost-model.ts";
import { compileRules } from "./rules.ts";
import { withResourceMembers } from "./schema-types.ts";
import { schemaValue } from "./schema-values.ts";
import { validateRules } from "./validate-rules.ts";

const read = (topic: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, `../../test/vectors-cel/${topic}.json`), "utf8"));

const sorted = (errors: readonly FieldError[]): FieldError[] =>
  errors.toSorted((a, b) => (`${a.field}\0${a.message}` < `${b.field}\0${b.message}` ? -1 : 1));

interface Expressions {
  readonly schema: JsonSchema;
  readonly value: unknown;
  readonly expressions: readonly {
    readonly rule: string;
    readonly refused?: string;
    readonly maxCost?: number;
    readonly cost?: number;
    readonly errors?: readonly FieldError[];
  }[];
}

describe("what Kubernetes says", () => {
  const { schema, value, expressions } = read("expressions") as Expressions;

  it.each(expressions)("of $rule is what we say, and what it costs", (vector) => {
    const { rule, refused, maxCost = 0, cost, errors = [] } = vector;
    const withRule = { ...schema, "x-kubernetes-validations": [{ rule, message: "m" }] };
    const compiled = compileRules(withRule);
    const [own] = compiled?.rules ?? [];
    // The place of a syntax error is Kubernetes', the words are ANTLR's.
    const error = own?.error?.replace(
      /^(compilation failed: ERROR: <input>:\d+:\d+: Syntax error)[^]*/,
      "$1",
    );
    expect(error).toBe(refused);
    if (refused !== undefined) return;
    expect(own?.program?.maxCost).toBe(maxCost);
    expect(validateRules(compiled, value, value, { ratchets: false })).toEqual(errors);
    if (cost === undefined) return;
    const self = schemaValue(value, withResourceMembers(withRule));
    expect(own?.program?.program.run({ self, oldSelf: self }, perCallLimit).cost).toBe(cost);
  });

  interface Rule {
    readonly schema: JsonSchema;
    readonly value: unknown;
    readonly old?: unknown;
    readonly errors: readonly FieldError[];
  }
  it.each(read("rules") as Rule[])("of objects by their rules is what we say: $value $old", (vector) => {
    const { schema: ruled, value: given, old, errors } = vector;
    expect(sorted(validateRules(compileRules(ruled), given, old))).toEqual(errors);
  });

  interface Schema {
    readonly schema: unknown;
    readonly errors: readonly FieldError[];
  }
  it.each(read("schemas") as Schema[])("of schemas with rules is what we say: $schema", (vector) => {
    const ours = customSchemaErrors(decodeSchema(vector.schema), "spec.validation.openAPIV3Schema");
    expect(sorted(ours)).toEqual(vector.errors);
  });
});
