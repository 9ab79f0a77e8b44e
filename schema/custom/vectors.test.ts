import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { regex, RegexSyntaxError } from "../re2/regex.ts";
import { applyDefaults, prune } from "../structural/engine.ts";
import { decodeSchema } from "../structural/schema-props.ts";
import type { FieldError, JsonSchema } from "../structural/types.ts";
import { unknownFields } from "../structural/unknown-fields.ts";
import { resourceErrors } from "./resource-errors.ts";
import { customSchemaErrors } from "./schema-errors.ts";

const read = (topic: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, `../../test/vectors-structural/${topic}.json`), "utf8"));

const sorted = (errors: readonly FieldError[]): FieldError[] =>
  errors.toSorted((a, b) => (`${a.field}\0${a.message}` < `${b.field}\0${b.message}` ? -1 : 1));

describe("what Kubernetes says", () => {
  interface Value {
    readonly schema: JsonSchema;
    readonly value: unknown;
    readonly old?: unknown;
    readonly errors: readonly FieldError[];
  }
  it("of values is what we say", () => {
    const wrong = (read("values") as Value[]).flatMap(({ schema, value, old, errors }) => {
      const ours = sorted(resourceErrors(schema, value, old));
      return JSON.stringify(ours) === JSON.stringify(errors) ? [] : [{ schema, value, old, ours, errors }];
    });
    expect(wrong).toEqual([]);
  });

  interface Shape {
    readonly schema: JsonSchema;
    readonly value: unknown;
    readonly defaulted: unknown;
    readonly pruned: unknown;
    readonly prunedResource: unknown;
    readonly unknown: readonly string[];
  }
  it.each(read("shapes") as Shape[])("of defaults and unknown fields is what we say: $value", (vector) => {
    const { schema, value } = vector;
    expect(applyDefaults(schema, structuredClone(value))).toEqual(vector.defaulted);
    expect(prune(schema, structuredClone(value))).toEqual(vector.pruned);
    expect(prune(schema, structuredClone(value), { resource: true })).toEqual(vector.prunedResource);
    expect(unknownFields(schema, value)).toBeDefined();
  });

  interface Schema {
    readonly schema: unknown;
    readonly status?: boolean;
    readonly errors: readonly FieldError[];
  }
  it.each(read("schemas") as Schema[])(
    "of schemas is what we say: $schema",
    ({ schema, status = false, errors }) => {
      const ours = customSchemaErrors(decodeSchema(schema), "spec.validation.openAPIV3Schema", {
        statusSubresource: status,
      });
      expect(sorted(ours)).toEqual(errors);
    },
  );

  interface Patterns {
    readonly texts: readonly string[];
    readonly patterns: readonly { pattern: string; error?: string; matches?: number[][] }[];
  }
  it("of regular expressions is what we say", () => {
    const { texts, patterns } = read("patterns") as Patterns;
    const wrong = patterns.flatMap(({ pattern, error, matches = [] }) => {
      const found = attempt(pattern, texts);
      const wanted = error ?? JSON.stringify(matches);
      return found === wanted ? [] : [{ pattern, found, wanted }];
    });
    expect(wrong).toEqual([]);
  });
});

function attempt(pattern: string, texts: readonly string[]): string {
  try {
    const compiled = regex(pattern);
    return JSON.stringify(
      texts.map((text) => {
        const match = compiled.find(text);
        expect(compiled.test(text)).toBe(match !== undefined);
        const runes = (end: number): number => Array.from(text.slice(0, end)).length;
        return match === undefined ? [] : [runes(match.start), runes(match.end)];
      }),
    );
  } catch (error) {
    if (error instanceof RegexSyntaxError) return error.message;
    throw error;
  }
}
