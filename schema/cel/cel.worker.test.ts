import { expect, it } from "vitest";
import { customSchemaErrors } from "../custom/schema-errors.ts";
import { decodeSchema } from "../structural/schema-props.ts";
import type { JsonSchema } from "../structural/types.ts";
import { compileRules } from "./rules.ts";
import { validateRules } from "./validate-rules.ts";

it("compiles and runs rules inside workerd, which allows no eval", () => {
  const schema: JsonSchema = {
    type: "object",
    properties: {
      s: { type: "string", pattern: "(?i)^h", maxLength: 20 },
      t: { type: "string", format: "date-time" },
    },
    "x-kubernetes-validations": [
      { rule: "self.s.matches('(?i)^HEL+O$') && self.t.getHours('Europe/Berlin') == 4" },
      { rule: "self.s.size() > 10", messageExpression: "'too short: %s'.format([self.s])" },
    ],
  };
  expect(customSchemaErrors(decodeSchema(schema), "schema")).toEqual([]);
  const value = { s: "hello", t: "2026-01-02T03:04:05Z" };
  expect(validateRules(compileRules(schema), value)).toEqual([
    { reason: "FieldValueInvalid", field: "<nil>", message: "Invalid value: too short: hello" },
  ]);
});
