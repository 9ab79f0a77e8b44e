/** Gives every expression its type, or says what is wrong with it in cel-go's words (cel-go, checker). Pure. */
import { qualifiedName } from "./ast.ts";
import type { Call, Comprehension, Expr, Issue, List, MapLiteral, Select } from "./ast.ts";
import { cidrType, formatTypeOf, ipType, quantityType, semverType, urlType } from "./declarations.ts";
import type { Overload } from "./declarations.ts";
import { functions } from "./signatures.ts";
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  errorType,
  formatType,
  intType,
  isDyn,
  isDynOrError,
  isOptional,
  listType,
  mapType,
  nullType,
  optionalType,
  paramType,
  sameType,
  stringType,
  timestampType,
  typeType,
  uintType,
  unwrapped,
} from "./types.ts";
import type { Type } from "./types.ts";
import { mostGeneral, Substitutions } from "./unify.ts";
import { Bytes, Uint } from "./values.ts";

export interface CheckEnv {
  readonly variables: Readonly<Record<string, Type>>;
  /** The type of a field of an object type; `undefined`: it has none of that name. */
  readonly field: (objectType: string, field: string) => Type | undefined;
  /** Object types by name. */
  readonly isObject: (name: string) => boolean;
}

export interface Checked {
  readonly expr: Expr;
  readonly types: ReadonlyMap<number, Type>;
  /** Overloads that a call may turn out to be. */
  readonly overloads: ReadonlyMap<number, readonly string[]>;
  /** Names as resolved, of identifiers and of namespaced functions. */
  readonly references: ReadonlyMap<number, string>;
}

export function check(
  expr: Expr,
  env: CheckEnv,
): { readonly checked: Checked; readonly issues: readonly Issue[] } {
  const checker = new Checker(env);
  const checked = checker.whole(expr);
  return { checked, issues: checker.issues };
}

/** Names of types that may stand in expressions. */
const typeNames: Readonly<Record<string, Type>> = {
  bool: boolType,
  bytes: bytesType,
  double: doubleType,
  duration: durationType,
  int: intType,
  list: listType(dynType),
  map: mapType(dynType, dynType),
  null_type: nullType,
  string: stringType,
  timestamp: timestampType,
  type: typeType(dynType),
  uint: uintType,
  "google.protobuf.Duration": durationType,
  "google.protobuf.Timestamp": timestampType,
  "net.IP": ipType,
  "net.CIDR": cidrType,
  "kubernetes.URL": urlType,
  "kubernetes.Quantity": quantityType,
  "kubernetes.NamedFormat": formatTypeOf,
  "kubernetes.Semver": semverType,
  optional_type: optionalType(paramType("V")),
};

class Checker {
  readonly issues: Issue[] = [];
  readonly #env: CheckEnv;
  readonly #types = new Map<number, Type>();
  readonly #overloads = new Map<number, readonly string[]>();
  readonly #references = new Map<number, string>();
  readonly #subs = new Substitutions();
  readonly #scopes: Map<string, Type>[] = [];
  #freeParams = 0;

  constructor(env: CheckEnv) {
    this.#env = env;
  }

  whole(expr: Expr): Checked {
    this.#check(expr);
    for (const [id, type] of this.#types) this.#types.set(id, this.#subs.apply(type, false));
    return { expr, types: this.#types, overloads: this.#overloads, references: this.#references };
  }

  #issue(at: number, message: string): void {
    this.issues.push({ at, message });
  }

  #typeOf(expr: Expr): Type {
    return this.#types.get(expr.id) ?? errorType;
  }

  #set(expr: Expr, type: Type): void {
    this.#types.set(expr.id, type);
  }

  #check(expr: Expr): void {
    switch (expr.kind) {
      case "const":
        return this.#set(expr, literalType(expr.value));
      case "ident": {
        const type = this.#lookup(expr.name);
        if (type === undefined) this.#undeclared(expr.at, expr.name);
        else this.#references.set(expr.id, withoutDot(expr.name));
        return this.#set(expr, type ?? errorType);
      }
      case "select":
        return this.#select(expr);
      case "call":
        return this.#call(expr);
      case "list":
        return this.#list(expr);
      case "map":
        return this.#map(expr);
      case "struct":
        // Nothing that rules may know can be made so.
        this.#undeclared(expr.at, expr.type);
        return this.#set(expr, errorType);
      case "fold":
        return this.#fold(expr);
      default:
        return expr satisfies never;
    }
  }

  #undeclared(at: number, name: string): void {
    this.#issue(at, `undeclared reference to '${name}' (in container '')`);
  }

  #lookup(name: string): Type | undefined {
    const plain = withoutDot(name);
    for (let depth = this.#scopes.length - 1; depth >= 0; depth--) {
      const type = this.#scopes[depth]?.get(plain);
      if (type !== undefined) return type;
    }
    const { variables } = this.#env;
    if (Object.hasOwn(variables, plain)) return variables[plain];
    const named = Object.hasOwn(typeNames, plain) ? typeNames[plain] : undefined;
    return named === undefined ? undefined : typeType(named);
  }

  #select(expr: Select): void {
    const name = expr.testOnly ? undefined : qualifiedName(expr);
    const known = name === undefined ? undefined : this.#lookup(name);
    if (name !== undefined && known !== undefined) {
      this.#references.set(expr.id, withoutDot(name));
      return this.#set(expr, known);
    }
    const type = this.#selectField(expr, expr.operand, expr.field, false);
    this.#set(expr, expr.testOnly ? boolType : this.#subs.apply(type, true));
  }

  #selectField(expr: Expr, operand: Expr, field: string, optional: boolean): Type {
    this.#check(operand);
    const operandType = this.#subs.apply(this.#typeOf(operand), true);
    const target = unwrapped(operandType);
    let result: Type = errorType;
    switch (target.kind) {
      case "map":
        result = target.params[1] ?? dynType;
        break;
      case "object": {
        const found = this.#env.field(target.name, field);
        if (found === undefined) this.#issue(expr.at, `undefined field '${field}'`);
        else result = found;
        break;
      }
      case "param":
        this.#subs.assignable(dynType, target);
        result = dynType;
        break;
      default:
        if (!isDynOrError(target))
          this.#issue(expr.at, `type '${formatType(target)}' does not support field selection`);
        result = dynType;
    }
    return isOptional(operandType) || optional ? optionalType(result) : result;
  }

  #call(expr: Call): void {
    if (expr.fn === "_?._") return this.#optionalSelect(expr);
    for (const arg of expr.args) this.#check(arg);
    const { target } = expr;
    const prefix = target === undefined ? undefined : qualifiedName(target);
    const namespaced = prefix === undefined ? undefined : `${withoutDot(prefix)}.${expr.fn}`;
    const namespace = namespaced === undefined ? undefined : functions().get(namespaced);
    if (namespaced !== undefined && namespace !== undefined) {
      this.#references.set(expr.id, namespaced);
      return this.#resolve(expr, namespaced, namespace, undefined);
    }
    if (target !== undefined) this.#check(target);
    const overloads = functions().get(withoutDot(expr.fn));
    if (overloads === undefined) {
      this.#undeclared(expr.at, expr.fn);
      return this.#set(expr, errorType);
    }
    this.#resolve(expr, withoutDot(expr.fn), overloads, target);
  }

  #optionalSelect(expr: Call): void {
    const [operand, field] = expr.args;
    if (operand === undefined || field?.kind !== "const" || typeof field.value !== "string") return;
    const type = this.#selectField(expr, operand, field.value, true);
    this.#set(expr, this.#subs.apply(type, true));
    this.#overloads.set(expr.id, ["select_optional_field"]);
  }

  #resolve(expr: Call, name: string, overloads: readonly Overload[], target: Expr | undefined): void {
    const args = target === undefined ? expr.args : [target, ...expr.args];
    if (name === "_&&_" || name === "_||_") return this.#logical(expr, name, args);
    const types = args.map((arg) => this.#typeOf(arg));
    const found: string[] = [];
    let result: Type | undefined;
    for (const overload of overloads) {
      if (overload.member !== (target !== undefined)) continue;
      const fresh = this.#fresh(overload);
      if (!this.#subs.allAssignable(types, fresh.args)) continue;
      found.push(overload.id);
      const returned = this.#subs.apply(fresh.result, true);
      if (result === undefined) result = returned;
      else if (!isDyn(result) && !sameType(result, returned)) result = dynType;
    }
    if (result === undefined) {
      const shown = types.map((type) => formatType(this.#subs.apply(type, false)));
      const signature =
        target === undefined ? `(${shown.join(", ")})` : `${shown[0] ?? ""}.(${shown.slice(1).join(", ")})`;
      this.#issue(expr.at, `found no matching overload for '${name}' applied to '${signature}'`);
      return this.#set(expr, errorType);
    }
    this.#overloads.set(expr.id, found);
    this.#set(expr, result);
  }

  #logical(expr: Call, name: string, args: readonly Expr[]): void {
    let good = true;
    for (const arg of args) {
      const type = this.#typeOf(arg);
      if (this.#subs.assignable(type, boolType)) continue;
      this.#mismatch(arg, boolType, type);
      good = false;
    }
    if (good) this.#overloads.set(expr.id, [name === "_&&_" ? "logical_and" : "logical_or"]);
    this.#set(expr, good ? boolType : errorType);
  }

  /** The overload with parameters that nothing else knows. */
  #fresh({ args, result, params }: Overload): { args: readonly Type[]; result: Type } {
    if (params.length === 0) return { args, result };
    const renamed = new Map(params.map((param) => [param, this.#freeParam()]));
    const replace = (type: Type): Type =>
      type.kind === "param"
        ? (renamed.get(type.name) ?? type)
        : { ...type, params: type.params.map(replace) };
    return { args: args.map(replace), result: replace(result) };
  }

  #freeParam(): Type {
    return paramType(`_var${this.#freeParams++}`);
  }

  #mismatch(expr: Expr, expected: Type, actual: Type): void {
    this.#issue(expr.at, `expected type '${formatType(expected)}' but found '${formatType(actual)}'`);
  }

  #joined(before: Type | undefined, type: Type): Type {
    if (before === undefined) return type;
    if (this.#subs.assignable(before, type)) return mostGeneral(before, type);
    // That literals hold one type only is judged when all is well otherwise.
    return dynType;
  }

  #optionalElement(expr: Expr, optional: boolean): Type {
    const type = this.#typeOf(expr);
    if (!optional) return type;
    if (!isOptional(type) && !isDyn(type)) this.#mismatch(expr, optionalType(type), type);
    return unwrapped(type);
  }

  #list(expr: List): void {
    let type: Type | undefined;
    for (const [index, element] of expr.elements.entries()) {
      this.#check(element);
      type = this.#joined(type, this.#optionalElement(element, expr.optional.has(index)));
    }
    this.#set(expr, listType(type ?? this.#freeParam()));
  }

  #map(expr: MapLiteral): void {
    let key: Type | undefined;
    let value: Type | undefined;
    for (const entry of expr.entries) {
      this.#check(entry.key);
      key = this.#joined(key, this.#typeOf(entry.key));
      this.#check(entry.value);
      value = this.#joined(value, this.#optionalElement(entry.value, entry.optional));
    }
    this.#set(expr, mapType(key ?? this.#freeParam(), value ?? this.#freeParam()));
  }

  #fold(expr: Comprehension): void {
    this.#check(expr.range);
    this.#check(expr.accuInit);
    const range = this.#subs.apply(this.#typeOf(expr.range), true);
    const accu = this.#typeOf(expr.accuInit);
    this.#scopes.push(new Map([[expr.accuVar, accu]]));
    const [first, second] = this.#iterated(expr, range);
    const names = new Map([[expr.iterVar, first]]);
    if (expr.iterVar2 !== undefined) names.set(expr.iterVar2, second);
    this.#scopes.push(names);
    this.#check(expr.condition);
    this.#assert(expr.condition, boolType);
    this.#check(expr.step);
    this.#assert(expr.step, accu);
    this.#scopes.pop();
    this.#check(expr.result);
    this.#scopes.pop();
    this.#set(expr, this.#subs.apply(this.#typeOf(expr.result), true));
  }

  #iterated(expr: Comprehension, range: Type): readonly [Type, Type] {
    const [first = dynType, second = dynType] = range.params;
    switch (range.kind) {
      case "list":
        return expr.iterVar2 === undefined ? [first, first] : [intType, first];
      case "map":
        return [first, second];
      case "dyn":
      case "error":
      case "param":
        this.#subs.assignable(dynType, range);
        return [dynType, dynType];
      default:
        this.#issue(
          expr.range.at,
          `expression of type '${formatType(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
        );
        return [errorType, errorType];
    }
  }

  #assert(expr: Expr, type: Type): void {
    const actual = this.#typeOf(expr);
    if (!this.#subs.assignable(type, actual)) this.#mismatch(expr, type, actual);
  }
}

function withoutDot(name: string): string {
  return name.startsWith(".") ? name.slice(1) : name;
}

function literalType(value: unknown): Type {
  switch (typeof value) {
    case "boolean":
      return boolType;
    case "bigint":
      return intType;
    case "number":
      return doubleType;
    case "string":
      return stringType;
    default:
      if (value === null) return nullType;
      return value instanceof Uint ? uintType : value instanceof Bytes ? bytesType : dynType;
  }
}
