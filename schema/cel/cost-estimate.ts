/** What an expression may cost at most, whatever it is run on (cel-go, checker/cost). Pure. */
import { accumulator } from "./ast.ts";
import type { Call, Comprehension, Expr } from "./ast.ts";
import { callEstimate, regexEstimate } from "./call-estimate.ts";
import type { CallEstimate, EstimatedNode } from "./call-estimate.ts";
import type { Checked } from "./checker.ts";
import { fixed, plus, scaled, times, unbounded, union, unknownSize, zero } from "./cost-range.ts";
import type { Range } from "./cost-range.ts";
import { runeCount } from "../structural/validate-scalars.ts";
import { dynType, unwrapped } from "./types.ts";
import type { Type } from "./types.ts";
import { Bytes } from "./values.ts";

/** Sizes of what the schema bounds, by the path from `self`: names, `@items`, `@keys`, `@values`. */
export type SizeOf = (path: readonly string[]) => Range | undefined;

interface EntrySize {
  readonly container: "list" | "map";
  readonly key: Range;
  readonly value: Range;
}

interface Local {
  readonly path: readonly string[];
  readonly size: Range | undefined;
  readonly entry: EntrySize | undefined;
}

const perChar = 0.1;
const scalars = new Set(["bool", "int", "uint", "double", "timestamp", "duration"]);

export function estimateCost(checked: Checked, sizeOf: SizeOf): Range {
  return new Coster(checked, sizeOf).cost(checked.expr);
}

class Coster {
  readonly #checked: Checked;
  readonly #sizeOf: SizeOf;
  readonly #paths = new Map<number, readonly string[]>();
  readonly #sizes = new Map<number, Range>();
  readonly #entries = new Map<number, EntrySize>();
  readonly #locals = new Map<string, Local[]>();

  constructor(checked: Checked, sizeOf: SizeOf) {
    this.#checked = checked;
    this.#sizeOf = sizeOf;
  }

  cost(expr: Expr): Range {
    switch (expr.kind) {
      case "const":
        return zero;
      case "ident":
        this.#paths.set(expr.id, this.#local(expr.name)?.path ?? [expr.name]);
        return fixed(1);
      case "select": {
        const qualified = this.#checked.references.get(expr.id);
        if (qualified !== undefined) {
          this.#paths.set(expr.id, [qualified]);
          return fixed(1);
        }
        const operand = this.cost(expr.operand);
        if (expr.testOnly) return operand;
        const { kind } = this.#type(expr.operand);
        this.#paths.set(expr.id, [...this.#path(expr.operand), expr.field]);
        return kind === "map" || kind === "object" || kind === "param" ? plus(operand, fixed(1)) : operand;
      }
      case "call":
        return this.#call(expr);
      case "list": {
        const costs = expr.elements.map((element) => this.cost(element));
        this.#entries.set(expr.id, {
          container: "list",
          key: fixed(1),
          value: unionOf(expr.elements.map((element) => this.#sizeOrUnknown(element))),
        });
        return plus(...costs, fixed(10));
      }
      case "map": {
        const costs = expr.entries.flatMap(({ key, value }) => [this.cost(key), this.cost(value)]);
        this.#entries.set(expr.id, {
          container: "map",
          key: unionOf(expr.entries.map(({ key }) => this.#sizeOrUnknown(key))),
          value: unionOf(expr.entries.map(({ value }) => this.#sizeOrUnknown(value))),
        });
        return plus(...costs, fixed(30));
      }
      case "struct":
        return fixed(40);
      case "fold":
        return isBind(expr) ? this.#bind(expr) : this.#fold(expr);
      default:
        return expr satisfies never;
    }
  }

  #type(expr: Expr): Type {
    return this.#checked.types.get(expr.id) ?? dynType;
  }

  #local(name: string): Local | undefined {
    return this.#locals.get(name)?.at(-1);
  }

  #push(name: string, local: Local): void {
    const stack = this.#locals.get(name);
    if (stack === undefined) this.#locals.set(name, [local]);
    else stack.push(local);
  }

  #pop(name: string): void {
    this.#locals.get(name)?.pop();
  }

  #path(expr: Expr): readonly string[] {
    if (expr.kind === "ident") {
      const local = this.#local(expr.name);
      if (local !== undefined) return local.path;
    }
    return this.#paths.get(expr.id) ?? [];
  }

  #size(expr: Expr): Range | undefined {
    const known = this.#sizes.get(expr.id) ?? literalSize(expr);
    if (known !== undefined) return known;
    const path = this.#path(expr);
    const given = path.length === 0 ? undefined : this.#sizeOf(path);
    if (given !== undefined) {
      this.#sizes.set(expr.id, given);
      return given;
    }
    if (scalars.has(unwrapped(this.#type(expr)).kind)) return fixed(1);
    return expr.kind === "ident" ? this.#local(expr.name)?.size : undefined;
  }

  #sizeOrUnknown(expr: Expr): Range {
    return this.#size(expr) ?? unknownSize;
  }

  #entry(expr: Expr): EntrySize | undefined {
    return this.#entries.get(expr.id) ?? (expr.kind === "ident" ? this.#local(expr.name)?.entry : undefined);
  }

  #node(expr: Expr): EstimatedNode {
    const type = this.#type(expr);
    const path = this.#path(expr);
    const given = path[0] === accumulator ? [] : path;
    return {
      expr,
      type,
      size: this.#sizeOrUnknown(expr),
      element: () => {
        const [item] = type.params;
        if (item === undefined) return undefined;
        const size = given.length === 0 ? undefined : this.#sizeOf([...given, "@items"]);
        return { expr: undefined, type: item, size: size ?? unknownSize, element: () => undefined };
      },
    };
  }

  #call(expr: Call): Range {
    if (expr.fn === "dyn" && expr.args[0] !== undefined) {
      const [arg] = expr.args;
      const cost = plus(fixed(1), this.cost(arg));
      this.#copy(expr, arg);
      return cost;
    }
    const args = expr.args.map((arg) => ({ cost: this.cost(arg), node: this.#node(arg) }));
    const overloads = this.#checked.overloads.get(expr.id) ?? [];
    if (overloads.length === 0) return zero;
    const namespaced = this.#checked.references.get(expr.id);
    const targetExpr = namespaced === undefined ? expr.target : undefined;
    const targetCost = targetExpr === undefined ? zero : this.cost(targetExpr);
    const target = targetExpr === undefined ? undefined : this.#node(targetExpr);
    let total: Range | undefined;
    let size: Range | undefined;
    for (const overload of overloads) {
      const estimate = this.#overload(expr, namespaced ?? expr.fn, overload, target, args);
      total = total === undefined ? estimate.cost : union(total, estimate.cost);
      if (estimate.size !== undefined) size = size === undefined ? estimate.size : union(size, estimate.size);
      const [container] = expr.args;
      if (container !== undefined && (overload === "index_list" || overload === "index_map")) {
        size = this.#entry(container)?.value;
        this.#paths.set(expr.id, [
          ...this.#path(container),
          overload === "index_list" ? "@items" : "@values",
        ]);
      }
      size ??= this.#size(expr);
    }
    if (size !== undefined) this.#sizes.set(expr.id, size);
    return plus(targetCost, total ?? zero);
  }

  #overload(
    expr: Call,
    fn: string,
    overload: string,
    target: EstimatedNode | undefined,
    args: readonly { readonly cost: Range; readonly node: EstimatedNode }[],
  ): CallEstimate {
    const nodes = args.map(({ node }) => node);
    const sum = plus(...args.map(({ cost }) => cost));
    const estimate = callEstimate(fn, overload, target, nodes);
    if (estimate !== undefined) return { ...estimate, cost: plus(estimate.cost, sum) };
    const [first, second, third] = args;
    if (first !== undefined && second !== undefined) {
      if (fn === "_&&_" || fn === "_||_")
        return { cost: { min: first.cost.min, max: plus(first.cost, second.cost).max } };
      if (third !== undefined && fn === "_?_:_") return this.#ternary(expr, [first, second, third]);
      const added = addition(overload, first.node.size, second.node.size);
      if (added !== undefined) {
        this.#setEntry(
          expr,
          unionEntries(this.#entry(expr.args[0] ?? expr), this.#entry(expr.args[1] ?? expr)),
        );
        return { ...added, cost: plus(added.cost, sum) };
      }
    }
    const own = ownEstimate(fn, overload, target, nodes) ?? { cost: fixed(1) };
    return { ...own, cost: plus(own.cost, sum) };
  }

  #ternary(
    expr: Call,
    [condition, then, otherwise]: readonly [
      { cost: Range; node: EstimatedNode },
      { cost: Range; node: EstimatedNode },
      { cost: Range; node: EstimatedNode },
    ],
  ): CallEstimate {
    const [, a, b] = expr.args;
    if (a !== undefined && b !== undefined)
      this.#setEntry(expr, unionEntries(this.#entry(a), this.#entry(b)));
    return {
      cost: plus(condition.cost, union(then.cost, otherwise.cost)),
      size: union(then.node.size, otherwise.node.size),
    };
  }

  #setEntry(expr: Expr, entry: EntrySize | undefined): void {
    if (entry !== undefined) this.#entries.set(expr.id, entry);
  }

  #copy(to: Expr, from: Expr): void {
    const size = this.#size(from);
    if (size !== undefined) this.#sizes.set(to.id, size);
    this.#setEntry(to, this.#entry(from));
  }

  #bind(expr: Comprehension): Range {
    const costs = [this.cost(expr.range), this.cost(expr.accuInit)];
    this.#pushValue(expr.accuVar, expr.accuInit);
    costs.push(this.cost(expr.result));
    this.#pop(expr.accuVar);
    this.#copy(expr, expr.result);
    return plus(...costs);
  }

  #pushValue(name: string, expr: Expr): void {
    this.#push(name, { path: this.#path(expr), size: this.#size(expr), entry: this.#entry(expr) });
  }

  #fold(expr: Comprehension): Range {
    const costs = [this.cost(expr.range), this.cost(expr.accuInit)];
    this.#pushValue(expr.accuVar, expr.accuInit);
    this.#pushIterated(expr);
    const loop = this.cost(expr.condition);
    const step = this.cost(expr.step);
    this.#pop(expr.iterVar);
    if (expr.iterVar2 !== undefined) this.#pop(expr.iterVar2);
    costs.push(this.cost(expr.result));
    this.#pop(expr.accuVar);
    const count = this.#sizeOrUnknown(expr.range);
    costs.push(times(count, plus(step, loop)));
    if (expr.accuInit.kind === "const") {
      const size = this.#size(expr.accuInit);
      if (size !== undefined) this.#sizes.set(expr.id, size);
    } else if (expr.accuInit.kind === "list" || expr.accuInit.kind === "map") {
      this.#sizes.set(expr.id, count);
      this.#setEntry(expr, this.#entry(expr.step));
    }
    return plus(...costs);
  }

  #pushIterated(expr: Comprehension): void {
    const entry = this.#entry(expr.range);
    const path = this.#path(expr.range);
    const isList = (entry?.container ?? this.#type(expr.range).kind) === "list";
    const key: Local = { path: [...path, isList ? "@indices" : "@keys"], size: entry?.key, entry: undefined };
    const value: Local = {
      path: [...path, isList ? "@items" : "@values"],
      size: entry?.value,
      entry: undefined,
    };
    if (expr.iterVar2 !== undefined) {
      this.#push(expr.iterVar, key);
      this.#push(expr.iterVar2, value);
    } else this.#push(expr.iterVar, isList ? value : key);
  }
}

function isBind(expr: Comprehension): boolean {
  return (
    expr.range.kind === "list" &&
    expr.range.elements.length === 0 &&
    expr.condition.kind === "const" &&
    expr.condition.value === false
  );
}

function unionOf(ranges: readonly Range[]): Range {
  return ranges.length === 0 ? zero : ranges.reduce(union);
}

function unionEntries(a: EntrySize | undefined, b: EntrySize | undefined): EntrySize | undefined {
  if (a === undefined || b === undefined) return undefined;
  return { container: a.container, key: union(a.key, b.key), value: union(a.value, b.value) };
}

function literalSize(expr: Expr): Range | undefined {
  if (expr.kind === "list") return fixed(expr.elements.length);
  if (expr.kind === "map") return fixed(expr.entries.length);
  if (expr.kind !== "const") return undefined;
  if (typeof expr.value === "string") return fixed(runeCount(expr.value));
  return fixed(expr.value instanceof Bytes ? expr.value.value.length : 1);
}

function addition(overload: string, a: Range, b: Range): CallEstimate | undefined {
  const size = plus(a, b);
  if (overload === "add_list") return { cost: fixed(1), size };
  return overload === "add_string" || overload === "add_bytes"
    ? { cost: scaled(size, perChar), size }
    : undefined;
}

const compared = /^(?:less|less_equals|greater|greater_equals)_(?:string|bytes)$/;

/** CEL's own functions. */
function ownEstimate(
  fn: string,
  overload: string,
  target: EstimatedNode | undefined,
  args: readonly EstimatedNode[],
): CallEstimate | undefined {
  const [first, second] = args;
  if (overload === "string_format" && target !== undefined) return { cost: scaled(target.size, perChar) };
  if (first === undefined) return undefined;
  const { min, max } = first.size;
  switch (overload) {
    case "string_to_bytes":
      return { cost: scaled(first.size, perChar), size: { min, max: Math.min(max * 4, unbounded) } };
    case "bytes_to_string":
      return { cost: scaled(first.size, perChar), size: { min: Math.floor(min / 4), max } };
    case "strings_quote":
      return {
        cost: scaled(first.size, perChar),
        size: { min: min + 2, max: Math.min(max * 2 + 2, unbounded) },
      };
    case "starts_with_string":
    case "ends_with_string":
      return { cost: scaled(first.size, perChar) };
    case "in_list":
      return second === undefined ? undefined : { cost: second.size };
    case "matches_string":
      return target === undefined ? undefined : { cost: regexEstimate(target.size, first.size) };
    case "contains_string":
      return target === undefined
        ? undefined
        : { cost: times(scaled(target.size, perChar), scaled(first.size, perChar)) };
    default:
      break;
  }
  if (second === undefined || !(fn === "_==_" || fn === "_!=_" || compared.test(overload))) return undefined;
  const smallest = Math.min(max, second.size.max);
  return { cost: scaled({ min: smallest > 0 ? 1 : 0, max: smallest }, perChar) };
}
