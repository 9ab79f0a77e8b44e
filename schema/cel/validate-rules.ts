/** Asks the rules of a schema about a value (apiextensions-apiserver, schema/cel, Validator). */
import { Correlated, itemsByKeys, keyOf } from "../structural/correlate.ts";
import {
  child,
  duplicateValue,
  forbiddenValue,
  invalidValue,
  keyed,
  noField,
  requiredValue,
} from "../structural/field-error.ts";
import { goQuote } from "../structural/go-format.ts";
import { isObject } from "../structural/json.ts";
import type { Json } from "../structural/json.ts";
import type { FieldError, ValidationRule } from "../structural/types.ts";
import { perCallLimit, runtimeBudget } from "./cost-model.ts";
import type { CompiledRule, CompiledRules } from "./rules.ts";
import { withResourceMembers } from "./schema-types.ts";
import { schemaValue } from "./schema-values.ts";
import { isError, none, Optional } from "./values.ts";
import type { Result } from "./values.ts";

export interface RulesOptions {
  /** Of the value inside of its object, for errors. */
  readonly path?: string;
  /** In cel-go's units, for all rules together. */
  readonly budget?: number;
  /** What did not change may stay wrong, as for updates. Off for a value that is compared with itself. */
  readonly ratchets?: boolean;
}

/**
 * Problems of a value, in Kubernetes' words. `old`: the value that it replaces, `undefined` for a new one. The value is
 * valid by its schema otherwise, and has its defaults. Rules that are left when the budget is spent are not run: that is
 * an error of its own, so that the value is refused.
 */
export function validateRules(
  rules: CompiledRules | undefined,
  value: unknown,
  old?: unknown,
  options: RulesOptions = {},
): FieldError[] {
  if (rules === undefined) return [];
  const run = new Validation(options.budget ?? runtimeBudget);
  const ratchets = old !== undefined && options.ratchets !== false;
  const current = ratchets ? new Correlated(rules.schema, value, old) : undefined;
  run.validate(rules, options.path ?? "", value, old ?? null, { current, nearest: undefined });
  return run.errors;
}

/** What the value has in common with the old object; without `current`, `nearest` is the last thing that had. */
interface Correlation {
  readonly current: Correlated | undefined;
  readonly nearest: Correlated | undefined;
}

class Validation {
  readonly errors: FieldError[] = [];
  #budget: number;

  constructor(budget: number) {
    this.#budget = budget;
  }

  get #isOver(): boolean {
    return this.#budget < 0;
  }

  validate(rules: CompiledRules, path: string, value: unknown, old: unknown, correlation: Correlation): void {
    if (value === null || value === undefined || this.#isOver) return;
    this.#own(rules, path, value, old, correlation);
    if (this.#isOver) return;
    if (Array.isArray(value)) this.#items(rules, path, value, old, correlation);
    else if (isObject(value)) this.#members(rules, path, value, isObject(old) ? old : {}, correlation);
  }

  #members(rules: CompiledRules, path: string, value: Json, old: Json, correlation: Correlation): void {
    const { values, properties } = rules;
    if (values === undefined && properties.size === 0) return;
    for (const [key, member] of Object.entries(value)) {
      if (this.#isOver) return;
      const before = Object.hasOwn(old, key) ? old[key] : null;
      if (values !== undefined)
        this.validate(values, keyed(path, key), member, before, inner(correlation, key));
      const property = properties.get(key);
      if (property !== undefined)
        this.validate(property, child(path, key), member, before, inner(correlation, key));
    }
  }

  #items(
    rules: CompiledRules,
    path: string,
    value: readonly unknown[],
    old: unknown,
    correlation: Correlation,
  ): void {
    const { items, schema } = rules;
    if (items === undefined) return;
    const isMapList = schema["x-kubernetes-list-type"] === "map" && Array.isArray(old);
    const before = isMapList ? itemsByKeys(schema, old) : new Map<string, unknown>();
    for (const [index, item] of value.entries()) {
      if (this.#isOver) return;
      const key = isMapList && isObject(item) ? keyOf(schema, item) : undefined;
      const was = key === undefined ? null : (before.get(key) ?? null);
      this.validate(items, keyed(path, index), item, was, innerItem(correlation, index));
    }
  }

  #own(rules: CompiledRules, path: string, value: unknown, old: unknown, correlation: Correlation): void {
    if (rules.rules.length === 0) return;
    const type = rules.schema.type ?? "";
    if (this.#budget <= 0) return this.#spent(path, type);
    const schema = rules.resource ? withResourceMembers(rules.schema) : rules.schema;
    const self = schemaValue(value, schema);
    const before = old === null || old === undefined ? undefined : schemaValue(old, schema);
    for (const compiled of rules.rules) {
      this.#rule(compiled, { path, type, value, self, before, correlation });
      if (this.#isOver) return;
    }
  }

  #spent(path: string, type: string): void {
    this.errors.push(
      invalidValue(
        path,
        type,
        "validation failed due to running out of cost budget, no further validation rules will be run",
      ),
    );
    this.#budget = -1;
  }

  #rule(compiled: CompiledRule, at: Subject): void {
    const { rule, program } = compiled;
    if (compiled.error !== undefined) {
      this.errors.push(invalidValue(at.path, at.type, `rule compile error: ${compiled.error}`));
      return;
    }
    if (program === undefined) return;
    const optional = rule.optionalOldSelf === true;
    if (compiled.usesOldSelf && at.before === undefined && !optional) return;
    const variables = variablesOf(at, optional);
    const { result, cost } = program.program.run(variables, perCallLimit);
    if (cost > this.#budget) return this.#spent(at.path, at.type);
    this.#budget -= cost;
    if (result === true) return;
    if (isError(result)) return this.#failed(result.message, rule, at);
    this.#refuse(compiled, at);
  }

  #failed(message: string, rule: ValidationRule, { path, type }: Subject): void {
    const text = ruleText(rule);
    if (message.startsWith("no such overload"))
      this.errors.push(
        invalidValue(
          path,
          type,
          `'${message}': call arguments did not match a supported operator, function or macro signature for rule: ${text}`,
        ),
      );
    else if (message.startsWith("operation cancelled: actual cost limit exceeded")) {
      this.errors.push(
        invalidValue(
          path,
          type,
          `'${message}': no further validation rules will be run due to call cost exceeds limit for rule: ${text}`,
        ),
      );
      this.#budget = -1;
    } else this.errors.push(invalidValue(path, type, `${message} evaluating rule: ${text}`));
  }

  #refuse(compiled: CompiledRule, at: Subject): void {
    const { rule } = compiled;
    const path = compiled.fieldPath === "" ? at.path : child(at.path, compiled.fieldPath);
    const add = (error: FieldError): void => {
      if (compiled.usesOldSelf || !isUnchanged(at.correlation)) this.errors.push(error);
    };
    let detail: string | undefined;
    if (compiled.messageProgram !== undefined) {
      const message = this.#message(compiled, variablesOf(at, false));
      if (typeof message === "object") {
        add(invalidValue(path, at.type, message.fatal));
        this.#budget = -1;
        return;
      }
      detail = message;
    }
    detail ??= (rule.message ?? "") === "" ? `failed rule: ${ruleText(rule)}` : (rule.message ?? "").trim();
    add(refusal(path, at, detail, rule.reason));
  }

  /** `undefined`: it gave none that may be used. */
  #message(
    { messageProgram, rule }: CompiledRule,
    variables: Readonly<Record<string, Result>>,
  ): string | { readonly fatal: string } | undefined {
    if (messageProgram === undefined) return undefined;
    const { result, cost } = messageProgram.program.run(variables, perCallLimit);
    if (cost > this.#budget)
      return {
        fatal:
          "messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run",
      };
    if (isError(result) && result.message.startsWith("operation cancelled: actual cost limit exceeded"))
      return {
        fatal: `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${goQuote(rule.messageExpression ?? "")}`,
      };
    this.#budget -= cost;
    if (typeof result !== "string") return undefined;
    const text = result.trim();
    const fits = new TextEncoder().encode(text).length <= maxMessageBytes;
    return text === "" || text.includes("\n") || !fits ? undefined : text;
  }
}

const maxMessageBytes = 5 * 1024;

interface Subject {
  readonly path: string;
  readonly type: string;
  readonly value: unknown;
  readonly self: Result;
  readonly before: Result | undefined;
  readonly correlation: Correlation;
}

function variablesOf({ self, before }: Subject, optional: boolean): Readonly<Record<string, Result>> {
  if (!optional) return before === undefined ? { self } : { self, oldSelf: before };
  return { self, oldSelf: before === undefined ? none : isError(before) ? before : new Optional(before) };
}

function inner({ current, nearest }: Correlation, key: string): Correlation {
  if (current === undefined) return { current, nearest };
  // Versions are converted, so that a changed apiVersion or kind would not be seen.
  if (nearest === undefined && (key === "apiVersion" || key === "kind"))
    return { current: undefined, nearest: undefined };
  return { current: current.member(key), nearest: current };
}

function innerItem({ current, nearest }: Correlation, index: number): Correlation {
  return current === undefined ? { current, nearest } : { current: current.item(index), nearest: current };
}

function isUnchanged({ current, nearest }: Correlation): boolean {
  return (current ?? nearest)?.unchanged === true;
}

function ruleText({ rule = "", message = "" }: ValidationRule): string {
  return (message === "" ? rule : message).trim();
}

function refusal(
  path: string,
  { type, value }: Subject,
  detail: string,
  reason: string | undefined,
): FieldError {
  const omitted = type === "object" || type === "array";
  if (reason === "FieldValueForbidden") return forbiddenValue(path, detail);
  if (reason === "FieldValueRequired") return requiredValue(path, detail);
  const field = path === "" ? noField : path;
  if (reason === "FieldValueDuplicate")
    return omitted
      ? { reason: "FieldValueDuplicate", field, message: "Duplicate value" }
      : duplicateValue(path, value);
  return omitted
    ? {
        reason: "FieldValueInvalid",
        field,
        message: detail === "" ? "Invalid value" : `Invalid value: ${detail}`,
      }
    : invalidValue(path, value, detail);
}
