/** Judges the rules of a schema when its CustomResourceDefinition is written: that they compile, and what they may cost. */
import { child, forbiddenValue, internalError, invalidValue, keyed } from "../structural/field-error.ts";
import type { SchemaProps } from "../structural/schema-props.ts";
import type { RuleScope } from "../structural/spec-errors.ts";
import type { FieldError, JsonSchema, ValidationRule } from "../structural/types.ts";
import { unbounded } from "./cost-range.ts";
import { compileOwn } from "./rules.ts";
import type { CompiledRule } from "./rules.ts";
import { declTypeOf } from "./schema-types.ts";

/** Kubernetes' limits for one expression and for all of a schema. */
const expressionLimit = 10_000_000;
const schemaLimit = 100_000_000;

/** What the expressions of a schema may cost together. */
class TotalCost {
  #total = 0;
  #expensive: { readonly path: string; readonly cost: number }[] = [];

  observe(path: string, cost: number): void {
    this.#total = Math.min(this.#total + cost, unbounded);
    if (cost < schemaLimit / 100) return;
    this.#expensive.push({ path, cost });
    this.#expensive = this.#expensive.toSorted((a, b) => b.cost - a.cost).slice(0, 4);
  }

  errors(path: string): FieldError[] {
    if (this.#total <= schemaLimit) return [];
    const why = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
    const name = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
    return [
      ...this.#expensive.map((one) => forbiddenValue(one.path, why)),
      forbiddenValue(path, costMessage(name, this.#total, schemaLimit)),
    ];
  }
}

function costMessage(name: string, cost: number, limit: number): string {
  const factor = cost / limit;
  const shown =
    factor > 100 ? "more than 100x" : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`;
  return `${name} exceeds budget by factor of ${shown} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}

/** The scope of a whole resource's schema; `errors` are those of all of it, once it has been walked. */
export function rootScope(schema: SchemaProps): {
  readonly scope: RuleScope;
  readonly errors: (path: string) => FieldError[];
} {
  const total = new TotalCost();
  return { scope: scopeOf(schema, true, 1, total), errors: (path) => total.errors(path) };
}

/** `cardinality`: how often values of the schema may stand in an object; `undefined`: without bound. */
function scopeOf(
  schema: SchemaProps,
  resource: boolean,
  cardinality: number | undefined,
  total: TotalCost,
): RuleScope {
  const factor = elementsOf(schema);
  const inner =
    cardinality === undefined || factor === undefined ? undefined : Math.min(cardinality * factor, unbounded);
  const deeper = (part: SchemaProps): RuleScope =>
    scopeOf(part, part["x-kubernetes-embedded-resource"] === true, inner, total);
  return {
    property: (_, part) => deeper(part),
    items: deeper,
    values: deeper,
    errors: (path, uncorrelated) => ruleErrors(schema, resource, { path, uncorrelated, cardinality, total }),
  };
}

/** By how much a schema multiplies what stands in it. */
function elementsOf(schema: SchemaProps): number | undefined {
  if (schema.type === "object" && schema.additionalProperties !== undefined)
    return schema.maxProperties === undefined ? undefined : Math.max(0, schema.maxProperties);
  if (schema.type !== "array") return 1;
  return schema.maxItems === undefined ? undefined : Math.max(0, schema.maxItems);
}

interface Place {
  readonly path: string;
  readonly uncorrelated: string | undefined;
  readonly cardinality: number | undefined;
  readonly total: TotalCost;
}

function ruleErrors(schema: SchemaProps, resource: boolean, place: Place): FieldError[] {
  const { path } = place;
  const at = child(path, "x-kubernetes-validations");
  // The schema has no errors otherwise, so that it is structural.
  const structural = schema as JsonSchema;
  const decl = declTypeOf(structural, resource);
  if (decl === undefined)
    return [
      internalError(
        at,
        "internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations",
      ),
    ];
  return compileOwn(structural, decl).flatMap((rule, index) => errorsOf(rule, keyed(at, index), place));
}

function errorsOf(compiled: CompiledRule, path: string, place: Place): FieldError[] {
  const { rule } = compiled;
  const errors: FieldError[] = [];
  const rulePath = child(path, "rule");
  const messagePath = child(path, "messageExpression");
  const cost = Math.min(
    (compiled.program?.maxCost ?? 0) * (place.cardinality ?? compiled.maxCardinality),
    unbounded,
  );
  if (cost > expressionLimit)
    errors.push(forbiddenValue(rulePath, costMessage("estimated rule cost", cost, expressionLimit)));
  place.total.observe(rulePath, cost);
  if (compiled.error !== undefined) errors.push(invalidRule(rulePath, rule, compiled.error));
  if (compiled.messageError !== undefined) errors.push(invalidRule(messagePath, rule, compiled.messageError));
  else if (compiled.messageProgram !== undefined) {
    const messageCost = compiled.messageProgram.maxCost;
    if (messageCost > expressionLimit)
      errors.push(
        forbiddenValue(
          messagePath,
          costMessage("estimated messageExpression cost", messageCost, expressionLimit),
        ),
      );
    place.total.observe(messagePath, messageCost);
  }
  if (compiled.usesOldSelf && place.uncorrelated !== undefined)
    errors.push(
      invalidValue(
        rulePath,
        rule.rule ?? "",
        `oldSelf cannot be used on the uncorrelatable portion of the schema within ${place.uncorrelated}`,
      ),
    );
  else if (!compiled.usesOldSelf && rule.optionalOldSelf !== undefined)
    errors.push(
      invalidValue(
        child(path, "optionalOldSelf"),
        rule.optionalOldSelf,
        "may not be set if oldSelf is not used in rule",
      ),
    );
  return errors;
}

/** Kubernetes shows the whole rule, by the names of its own type. */
function invalidRule(path: string, rule: ValidationRule, detail: string): FieldError {
  const { rule: text = "", message = "", messageExpression = "", fieldPath = "" } = rule;
  const { reason = null, optionalOldSelf = null } = rule;
  const shown = JSON.stringify({
    Rule: text,
    Message: message,
    MessageExpression: messageExpression,
    Reason: reason,
    FieldPath: fieldPath,
    OptionalOldSelf: optionalOldSelf,
  }).replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return { reason: "FieldValueInvalid", field: path, message: `Invalid value: ${shown}: ${detail}` };
}
