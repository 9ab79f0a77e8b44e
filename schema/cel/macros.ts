/** Expands macros as cel-go does: the standard ones, optMap and optFlatMap, comprehensions of two variables, sortBy. Pure. */
import { accumulator } from "./ast.ts";
import type { Call, Expr, Ident, Literal } from "./ast.ts";
import { SyntaxIssue } from "./lexer.ts";

/** A call that is no macro comes back as it is. Throws `SyntaxIssue`. */
export function expand(call: Call, id: () => number): Expr {
  const style = call.target === undefined ? "global" : "member";
  const name = `${style} ${call.fn} ${call.args.length}`;
  const macro = macros.get(name);
  return macro === undefined ? call : macro(new Builder(call, id));
}

/** Makes parts of an expansion; errors about them point at the macro's call. */
class Builder {
  readonly call: Call;
  readonly #id: () => number;

  constructor(call: Call, id: () => number) {
    this.call = call;
    this.#id = id;
  }

  #base(): { id: number; at: number } {
    return { id: this.#id(), at: this.call.at };
  }

  get target(): Expr {
    if (this.call.target === undefined) throw new TypeError("a macro without target");
    return this.call.target;
  }

  arg(index: number): Expr {
    const arg = this.call.args[index];
    if (arg === undefined) throw new TypeError("a macro with too few arguments");
    return arg;
  }

  literal(value: Literal): Expr {
    return { ...this.#base(), kind: "const", value };
  }

  name(name: string): Ident {
    return { ...this.#base(), kind: "ident", name };
  }

  accu(): Ident {
    return this.name(accumulator);
  }

  list(...elements: Expr[]): Expr {
    return { ...this.#base(), kind: "list", elements, optional: new Set() };
  }

  map(): Expr {
    return { ...this.#base(), kind: "map", entries: [] };
  }

  apply(fn: string, ...args: Expr[]): Expr {
    return { ...this.#base(), kind: "call", fn, target: undefined, args };
  }

  member(fn: string, target: Expr, ...args: Expr[]): Expr {
    return { ...this.#base(), kind: "call", fn, target, args };
  }

  has(operand: Expr, field: string): Expr {
    return { ...this.#base(), kind: "select", operand, field, testOnly: true };
  }

  fold(
    vars: readonly string[],
    init: Expr,
    condition: Expr,
    step: Expr,
    result: Expr,
    range = this.target,
  ): Expr {
    const [iterVar = "", iterVar2] = vars;
    const accuVar = accumulator;
    return {
      ...this.#base(),
      kind: "fold",
      range,
      iterVar,
      iterVar2,
      accuVar,
      accuInit: init,
      condition,
      step,
      result,
    };
  }

  /** `name` stands for `init` in `result`. */
  bind(name: string, init: Expr, result: Expr): Expr {
    return {
      ...this.#base(),
      kind: "fold",
      range: this.list(),
      iterVar: "#unused",
      iterVar2: undefined,
      accuVar: name,
      accuInit: init,
      condition: this.literal(false),
      step: this.name(name),
      result,
    };
  }

  /** The names that the first arguments are. */
  variables(count: number, why = "argument must be a simple name"): string[] {
    const names: string[] = [];
    for (let index = 0; index < count; index++) {
      const arg = this.arg(index);
      if (arg.kind !== "ident" || arg.name.startsWith(".")) throw new SyntaxIssue(arg.at, why);
      if (names.includes(arg.name)) throw new SyntaxIssue(arg.at, `duplicate variable name: ${arg.name}`);
      if (arg.name === accumulator || arg.name === "__result__")
        throw new SyntaxIssue(arg.at, "iteration variable overwrites accumulator variable");
      names.push(arg.name);
    }
    return names;
  }
}

const all =
  (count: number) =>
  (b: Builder): Expr =>
    b.fold(
      b.variables(count),
      b.literal(true),
      b.apply("@not_strictly_false", b.accu()),
      b.apply("_&&_", b.accu(), b.arg(count)),
      b.accu(),
    );

const exists =
  (count: number) =>
  (b: Builder): Expr =>
    b.fold(
      b.variables(count),
      b.literal(false),
      b.apply("@not_strictly_false", b.apply("!_", b.accu())),
      b.apply("_||_", b.accu(), b.arg(count)),
      b.accu(),
    );

const existsOne =
  (count: number) =>
  (b: Builder): Expr =>
    b.fold(
      b.variables(count),
      b.literal(0n),
      b.literal(true),
      b.apply("_?_:_", b.arg(count), b.apply("_+_", b.accu(), b.literal(1n)), b.accu()),
      b.apply("_==_", b.accu(), b.literal(1n)),
    );

/** `init` grows by `step` for each element, or for each that `filter` takes. */
function gather(b: Builder, count: number, filter: Expr | undefined, init: Expr, step: Expr): Expr {
  const taken = filter === undefined ? step : b.apply("_?_:_", filter, step, b.accu());
  return b.fold(gathered(b, count), init, b.literal(true), taken, b.accu());
}

function gathered(b: Builder, count: number): string[] {
  return b.variables(count, count === 1 ? "argument is not an identifier" : undefined);
}

const transform =
  (count: number, filtered: boolean, kind: "list" | "map" | "entries") =>
  (b: Builder): Expr => {
    const filter = filtered ? b.arg(count) : undefined;
    const value = b.arg(filtered ? count + 1 : count);
    const [key = ""] = gathered(b, count);
    const insert = "cel.@mapInsert";
    if (kind === "list") return gather(b, count, filter, b.list(), b.apply("_+_", b.accu(), b.list(value)));
    const step =
      kind === "map" ? b.apply(insert, b.accu(), b.name(key), value) : b.apply(insert, b.accu(), value);
    return gather(b, count, filter, b.map(), step);
  };

function filterMacro(b: Builder): Expr {
  const [name = ""] = gathered(b, 1);
  return gather(
    b,
    1,
    b.arg(1),
    b.list(),
    b.apply("_+_", b.accu(), b.list({ ...b.arg(0), kind: "ident", name })),
  );
}

function hasMacro(b: Builder): Expr {
  const arg = b.arg(0);
  if (arg.kind !== "select" || arg.testOnly) throw new SyntaxIssue(arg.at, "invalid argument to has() macro");
  return b.has(arg.operand, arg.field);
}

function optMap(b: Builder, flat: boolean): Expr {
  const name = b.arg(0);
  if (name.kind !== "ident")
    throw new SyntaxIssue(
      name.at,
      `${flat ? "optFlatMap" : "optMap"}() variable name must be a simple identifier`,
    );
  const bound = b.bind(name.name, b.member("value", b.target), b.arg(1));
  return b.apply(
    "_?_:_",
    b.member("hasValue", b.target),
    flat ? bound : b.apply("optional.of", bound),
    b.apply("optional.none"),
  );
}

/** Sorts by what an expression says of each element: keys first, then the elements by them. */
function sortBy(b: Builder): Expr {
  const { target } = b;
  const name = b.arg(0);
  if (name.kind !== "ident")
    throw new SyntaxIssue(
      name.at,
      "sortBy can only be applied to a list, identifier, comprehension, call or select expression",
    );
  const keys = b.fold(
    [name.name],
    b.list(),
    b.literal(true),
    b.apply("_+_", b.accu(), b.list(b.arg(1))),
    b.accu(),
    b.name("@__sortBy_input__"),
  );
  return b.bind(
    "@__sortBy_input__",
    target,
    b.member("@sortByAssociatedKeys", b.name("@__sortBy_input__"), keys),
  );
}

const macros: ReadonlyMap<string, (builder: Builder) => Expr> = new Map([
  ["global has 1", hasMacro],
  ["member all 2", all(1)],
  ["member all 3", all(2)],
  ["member exists 2", exists(1)],
  ["member exists 3", exists(2)],
  ["member exists_one 2", existsOne(1)],
  ["member exists_one 3", existsOne(2)],
  ["member existsOne 3", existsOne(2)],
  ["member map 2", transform(1, false, "list")],
  ["member map 3", transform(1, true, "list")],
  ["member filter 2", filterMacro],
  ["member optMap 2", (b) => optMap(b, false)],
  ["member optFlatMap 2", (b) => optMap(b, true)],
  ["member transformList 3", transform(2, false, "list")],
  ["member transformList 4", transform(2, true, "list")],
  ["member transformMap 3", transform(2, false, "map")],
  ["member transformMap 4", transform(2, true, "map")],
  ["member transformMapEntry 3", transform(2, false, "entries")],
  ["member transformMapEntry 4", transform(2, true, "entries")],
  ["member sortBy 2", sortBy],
]);
