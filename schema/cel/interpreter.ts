/** Runs a checked expression, and counts what that costs as cel-go does. */
import type { Call, Comprehension, Expr, List, MapLiteral, Select } from "./ast.ts";
import type { Checked } from "./checker.ts";
import { PlainList, PlainMap } from "./collections.ts";
import { listHas } from "./compare.ts";
import { constantsOf } from "./constants.ts";
import type { Constants } from "./constants.ts";
import { callCost, CostLimitExceeded, CostMeter, listCost, mapCost } from "./cost-model.ts";
import { call } from "./functions.ts";
import { qualify } from "./qualify.ts";
import {
  CelError,
  isError,
  ListValue,
  MapValue,
  none,
  noSuchOverload,
  Optional,
  typeName,
} from "./values.ts";
import type { Result, Value } from "./values.ts";

export interface Program {
  /** `variables`: what there is none of is an error when it is asked for. */
  run(
    variables: Readonly<Record<string, Result>>,
    costLimit: number,
  ): { readonly result: Result; readonly cost: number };
}

/** An error when a constant part cannot be computed. */
export function plan(checked: Checked): Program | CelError {
  const constants = constantsOf(checked);
  if (isError(constants as Result | Constants as Result)) return constants as CelError;
  return {
    run: (variables, costLimit) => {
      const meter = new CostMeter(costLimit);
      try {
        const run = new Run(checked, constants as Constants, meter);
        return {
          result: run.evaluate(checked.expr, { names: variables, outer: undefined }),
          cost: meter.total,
        };
      } catch (error) {
        if (error instanceof CostLimitExceeded) return { result: error.error, cost: meter.total };
        throw error;
      }
    },
  };
}

interface Scope {
  readonly names: Readonly<Record<string, Result>>;
  readonly outer: Scope | undefined;
}

interface Qualifier {
  readonly key: string | Expr;
  readonly optional: boolean;
}

class Run {
  readonly #checked: Checked;
  readonly #constants: Constants;
  readonly #meter: CostMeter;

  constructor(checked: Checked, constants: Constants, meter: CostMeter) {
    this.#checked = checked;
    this.#constants = constants;
    this.#meter = meter;
  }

  evaluate(expr: Expr, scope: Scope): Result {
    const constant = this.#constants.get(expr);
    if (constant !== undefined) return constant;
    if (isAttribute(expr)) {
      const result = this.#attribute(expr, scope);
      // Choosing costs nothing of its own, nor does asking for presence.
      const free = isTernary(baseOf(expr)) || (expr.kind === "select" && expr.testOnly);
      this.#meter.add(free ? 0 : 1);
      return result;
    }
    switch (expr.kind) {
      case "const":
        return expr.value;
      case "call":
        return this.#call(expr, scope);
      case "list":
        return this.#list(expr, scope);
      case "map":
        return this.#map(expr, scope);
      case "fold":
        return this.#fold(expr, scope);
      default:
        return new CelError(`unexpected expression: ${expr.kind}`);
    }
  }

  /** A variable, or the result of anything, and the fields and elements asked of it. */
  #attribute(expr: Expr, scope: Scope): Result {
    const base = baseOf(expr);
    let value = this.#base(base, scope);
    if (isError(value) || base === expr) return value;
    let optional = false;
    if (value instanceof Optional) {
      if (value.value === undefined) return this.#absent(expr);
      optional = true;
      value = value.value;
    }
    const testOnly = expr.kind === "select" && expr.testOnly;
    const qualifiers = qualifiersOf(expr, base);
    for (const [index, qualifier] of qualifiers.entries()) {
      const last = index === qualifiers.length - 1;
      optional ||= qualifier.optional;
      const key = this.#key(qualifier.key, scope);
      if (isError(key.value)) {
        this.#meter.add(1);
        return key.value;
      }
      const presence = testOnly && last;
      const found = qualify(value, key.value, optional || presence);
      if (found === undefined && !presence) return none;
      this.#meter.add(key.cost);
      if (presence) return found !== undefined && isError(found) ? found : found !== undefined;
      if (found === undefined || isError(found)) return found ?? none;
      value = found;
    }
    return optional ? new Optional(value) : value;
  }

  #absent(expr: Expr): Result {
    return expr.kind === "select" && expr.testOnly ? false : none;
  }

  #base(expr: Expr, scope: Scope): Result {
    const constant = this.#constants.get(expr);
    if (constant !== undefined) return constant;
    if (expr.kind === "ident" || (expr.kind === "select" && this.#checked.references.has(expr.id)))
      return lookup(this.#checked.references.get(expr.id) ?? "", scope);
    if (!isTernary(expr)) return this.evaluate(expr, scope);
    const [condition, then, otherwise] = expr.args;
    if (condition === undefined || then === undefined || otherwise === undefined) return noSuchOverload();
    const chosen = this.evaluate(condition, scope);
    if (typeof chosen !== "boolean") return isError(chosen) ? chosen : noSuchOverload();
    const branch = chosen ? then : otherwise;
    // As part of the choice an attribute does not cost the unit that it does by itself.
    return isAttribute(branch) && !this.#constants.has(branch)
      ? this.#attribute(branch, scope)
      : this.evaluate(branch, scope);
  }

  #key(key: string | Expr, scope: Scope): { readonly value: Result; readonly cost: number } {
    if (typeof key === "string") return { value: key, cost: 1 };
    const constant = this.#constants.get(key);
    if (constant !== undefined) return { value: constant, cost: 1 };
    if (!isAttribute(key)) return { value: this.evaluate(key, scope), cost: 1 };
    return { value: this.#attribute(key, scope), cost: 1 };
  }

  #call(expr: Call, scope: Scope): Result {
    const { fn } = expr;
    if (fn === "_&&_" || fn === "_||_") return this.#logical(expr, scope, fn === "_||_");
    const namespaced = this.#checked.references.get(expr.id);
    const name = namespaced ?? fn;
    const args =
      expr.target === undefined || namespaced !== undefined ? expr.args : [expr.target, ...expr.args];
    const overloads = this.#checked.overloads.get(expr.id) ?? [];
    if (overloads[0] === "optional_or_optional" || overloads[0] === "optional_orValue_value")
      return this.#optionalOr(args, scope, overloads[0] === "optional_orValue_value");
    if (name === "@in" && overloads.length === 1 && overloads[0] === "in_list") {
      const member = this.#constantMembership(args, scope);
      if (member !== undefined) return member;
    }
    return this.#apply(name, overloads, args, scope);
  }

  #apply(name: string, overloads: readonly string[], args: readonly Expr[], scope: Scope): Result {
    const results: Result[] = [];
    for (const arg of args) {
      const value = this.evaluate(arg, scope);
      results.push(value);
      // With three arguments and more, cel-go stops at the first that fails, and counts nothing.
      if (isError(value) && args.length > 2) return value;
    }
    const failed = results.find(isError);
    const result =
      name === "@not_strictly_false" ? results[0] !== false : (failed ?? call(name, results as Value[]));
    this.#meter.add(callCost(name, overloads, results, result));
    return result;
  }

  /** `x in [1, 2]`: cel-go makes a set of the list, and looking it up costs nothing. */
  #constantMembership(args: readonly Expr[], scope: Scope): Result | undefined {
    const [value, list] = args;
    const items = list === undefined ? undefined : this.#constants.get(list);
    if (value === undefined || !(items instanceof PlainList)) return undefined;
    if (items.size === 0) return false;
    if (!items.items.every((item) => ["string", "bigint", "number", "boolean"].includes(typeof item)))
      return undefined;
    const result = this.evaluate(value, scope);
    return isError(result) ? result : listHas(items, result);
  }

  #logical(expr: Call, scope: Scope, or: boolean): Result {
    let failed: Result | undefined;
    for (const arg of expr.args) {
      const value = this.evaluate(arg, scope);
      if (value === or) return or;
      if (typeof value !== "boolean") failed ??= isError(value) ? value : noSuchOverload();
    }
    return failed ?? !or;
  }

  #optionalOr(args: readonly Expr[], scope: Scope, toValue: boolean): Result {
    const [first, second] = args;
    if (first === undefined || second === undefined) return noSuchOverload();
    const value = this.evaluate(first, scope);
    if (isError(value)) return value;
    if (!(value instanceof Optional)) return noSuchOverload();
    if (value.value !== undefined) return toValue ? value.value : value;
    return this.evaluate(second, scope);
  }

  #list(expr: List, scope: Scope): Result {
    const items: Value[] = [];
    for (const [index, element] of expr.elements.entries()) {
      const value = this.evaluate(element, scope);
      if (isError(value)) return this.#made(value, listCost);
      if (!expr.optional.has(index)) items.push(value);
      else if (!(value instanceof Optional)) return this.#made(notOptional(value), listCost);
      else if (value.value !== undefined) items.push(value.value);
    }
    return this.#made(new PlainList(items), listCost);
  }

  #map(expr: MapLiteral, scope: Scope): Result {
    const pairs: [Value, Value][] = [];
    for (const entry of expr.entries) {
      const key = this.evaluate(entry.key, scope);
      if (isError(key)) return this.#made(key, mapCost);
      const value = this.evaluate(entry.value, scope);
      if (isError(value)) return this.#made(value, mapCost);
      if (!entry.optional) pairs.push([key, value]);
      else if (!(value instanceof Optional)) return this.#made(notOptional(value), mapCost);
      else if (value.value !== undefined) pairs.push([key, value.value]);
    }
    return this.#made(PlainMap.of(pairs), mapCost);
  }

  #made(result: Result, cost: number): Result {
    this.#meter.add(cost);
    return result;
  }

  #fold(expr: Comprehension, scope: Scope): Result {
    const range = this.evaluate(expr.range, scope);
    if (isError(range)) return range;
    if (!(range instanceof ListValue || range instanceof MapValue)) {
      const name = `types.${goTypeName(range)}`;
      return new CelError(
        expr.iterVar2 === undefined
          ? `got '${name}', expected iterable type`
          : `unsupported comprehension range type: ${name}`,
      );
    }
    // The accumulator is computed when it is first asked for: without an element, by the result.
    const accu: Record<string, Result> = {};
    const inner: Scope = {
      names: lazily(accu, expr.accuVar, () => this.evaluate(expr.accuInit, scope)),
      outer: scope,
    };
    for (const [first, second] of entriesOf(range, expr.iterVar2 !== undefined)) {
      const names: Record<string, Result> = { [expr.iterVar]: first };
      if (expr.iterVar2 !== undefined) names[expr.iterVar2] = second;
      const iteration: Scope = { names, outer: inner };
      if (this.evaluate(expr.condition, iteration) === false) break;
      accu[expr.accuVar] = this.evaluate(expr.step, iteration);
    }
    return this.evaluate(expr.result, inner);
  }
}

function lazily(
  accu: Record<string, Result>,
  name: string,
  init: () => Result,
): Readonly<Record<string, Result>> {
  return {
    get [name](): Result {
      return (accu[name] ??= init());
    },
  };
}

function* entriesOf(range: ListValue | MapValue, withValues: boolean): Generator<readonly [Result, Result]> {
  if (range instanceof ListValue) {
    let index = 0n;
    for (const item of range) yield withValues ? [index++, item] : [item, null];
    return;
  }
  for (const key of range.keys()) yield [key, withValues ? (range.find(key) ?? null) : null];
}

/** What cel-go calls the Go types of its values. */
function goTypeName(value: Value): string {
  const name = typeName(value).replace(/^.*\./, "").replace("null_type", "null");
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}

function lookup(name: string, scope: Scope): Result {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    if (Object.hasOwn(at.names, name)) return at.names[name] ?? null;
  }
  return new CelError(`no such attribute(s): ${name}`);
}

function notOptional(value: Value): CelError {
  return new CelError(`cannot initialize optional list element from non-optional value ${typeName(value)}`);
}

function isIndex(expr: Expr): expr is Call {
  return expr.kind === "call" && (expr.fn === "_[_]" || expr.fn === "_[?_]" || expr.fn === "_?._");
}

function isTernary(expr: Expr): expr is Call {
  return expr.kind === "call" && expr.fn === "_?_:_";
}

function isAttribute(expr: Expr): expr is Expr & { kind: "ident" | "select" | "call" } {
  return expr.kind === "ident" || expr.kind === "select" || isIndex(expr) || isTernary(expr);
}

function operandOf(expr: Select | Call): Expr | undefined {
  return expr.kind === "select" ? expr.operand : expr.args[0];
}

/** What fields and elements are asked of. */
function baseOf(expr: Expr): Expr {
  let at = expr;
  while (at.kind === "select" || isIndex(at)) {
    const operand = operandOf(at);
    // A test for presence is a whole of its own.
    if (operand === undefined || (at !== expr && at.kind === "select" && at.testOnly)) return at;
    at = operand;
  }
  return at;
}

function qualifiersOf(expr: Expr, base: Expr): readonly Qualifier[] {
  const found: Qualifier[] = [];
  for (let at = expr; at !== base;) {
    if (at.kind !== "select" && !isIndex(at)) break;
    const key = at.kind === "select" ? at.field : at.args[1];
    if (key !== undefined) found.unshift({ key, optional: at.kind === "call" && at.fn !== "_[_]" });
    const operand = operandOf(at);
    if (operand === undefined) break;
    at = operand;
  }
  return found;
}
