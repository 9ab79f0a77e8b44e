/** Label selectors: from a query parameter (labels.Parse) or a LabelSelector object, and matching. Pure. */
import { goQuote } from "../structural/go-format.ts";
import { SelectorError } from "./errors.ts";
import { scan } from "./label-tokens.ts";
import type { Token } from "./label-tokens.ts";
import { int64, labelKeyProblems, requirement } from "./requirement.ts";
import type { LabelRequirement } from "./requirement.ts";

export type { LabelRequirement } from "./requirement.ts";

/** All must hold; `[]` matches everything. */
export type LabelSelector = readonly LabelRequirement[];

/** Whether every requirement holds. An absent label is NotIn any set; Gt and Lt compare integers of 64 bits only. */
export function matchesLabels(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  return selector.every((wanted) => matches(wanted, labels));
}

function matches(
  { key, operator, values }: LabelRequirement,
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "GreaterThan":
    case "LessThan": {
      const [bound] = values;
      if (value === undefined || bound === undefined) return false;
      const [have, limit] = [int64(value), int64(bound)];
      if (have === undefined || limit === undefined) return false;
      return operator === "GreaterThan" ? have > limit : have < limit;
    }
    default:
      return operator satisfies never;
  }
}

/**
 * A selector as clients write it: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1,m<2`. Requirements come sorted by key, their
 * values sorted and each once, as labels.Parse gives them. Throws SelectorError.
 */
export function parseLabelSelector(text: string): LabelSelector {
  return new Parser(scan(text)).parse();
}

/**
 * A metav1.LabelSelector object: `{matchLabels, matchExpressions}`. As in Kubernetes an absent one (`undefined`, `null`)
 * matches nothing, an empty one everything. Throws SelectorError.
 */
export function labelSelectorOf(object: unknown): LabelSelector {
  if (object === undefined || object === null) return nothing;
  const { matchLabels, matchExpressions } = fields(object, "the label selector");
  const all: LabelRequirement[] = [];
  for (const [key, value] of Object.entries(fields(matchLabels ?? {}, "matchLabels")))
    all.push(requirement(key, "In", [text(value, `matchLabels[${key}]`)]));
  for (const expression of list(matchExpressions, "matchExpressions")) {
    const { key, operator, values } = fields(expression, "an element of matchExpressions");
    all.push(
      requirement(
        text(key ?? "", "key"),
        expressionOperator(operator ?? ""),
        list(values, "values").map((value) => text(value, "an element of values")),
      ),
    );
  }
  return sortedByKey(all);
}

/** In the empty set: no label is. */
const nothing: LabelSelector = [{ key: "", operator: "In", values: [] }];

function expressionOperator(operator: unknown): "In" | "NotIn" | "Exists" | "DoesNotExist" {
  switch (operator) {
    case "In":
    case "NotIn":
    case "Exists":
    case "DoesNotExist":
      return operator;
    default:
      throw new SelectorError(
        `${goQuote(text(operator, "operator"))} is not a valid label selector operator`,
      );
  }
}

function fields(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new SelectorError(`${what} must be an object`);
  // Without a prototype, a member that is absent is `undefined` whatever its name.
  return Object.assign(Object.create(null) as Record<string, unknown>, value);
}

function list(value: unknown, what: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new SelectorError(`${what} must be a list`);
  return value;
}

function text(value: unknown, what: string): string {
  if (typeof value !== "string") throw new SelectorError(`${what} must be a string`);
  return value;
}

function sortedByKey(requirements: readonly LabelRequirement[]): LabelSelector {
  return requirements.toSorted((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
}

type Operator = "in" | "notin" | "=" | "==" | "!=" | ">" | "<";
const operatorOf = {
  in: "In",
  notin: "NotIn",
  "=": "In",
  "==": "In",
  "!=": "NotIn",
  ">": "GreaterThan",
  "<": "LessThan",
} as const satisfies Record<Operator, LabelRequirement["operator"]>;

/** The grammar of labels.Parse, with its error texts. The last token is always `end`, and none is read beyond it. */
class Parser {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): LabelSelector {
    const requirements: LabelRequirement[] = [];
    if (this.#peek().kind === "end") return requirements;
    if (!this.#startsRequirement()) throw this.#unexpected("expected: !, identifier, or 'end of string'");
    for (;;) {
      requirements.push(this.#requirement());
      const { kind } = this.#peek();
      if (kind === "end") return sortedByKey(requirements);
      if (kind !== ",") throw this.#unexpected("expected: ',' or 'end of string'");
      this.#take();
      if (!this.#startsRequirement()) throw this.#unexpected("expected: identifier after ','");
    }
  }

  #requirement(): LabelRequirement {
    try {
      return this.#readRequirement();
    } catch (error) {
      if (error instanceof SelectorError)
        throw new SelectorError(`unable to parse requirement: ${error.message}`);
      throw error;
    }
  }

  #readRequirement(): LabelRequirement {
    const negated = this.#peek().kind === "!";
    if (negated) this.#take();
    if (!this.#isWord()) throw this.#unexpected("expected: identifier");
    const key = this.#take().text;
    const problems = labelKeyProblems(key);
    if (problems.length > 0)
      throw new SelectorError(`<nil>: Invalid value: ${goQuote(key)}: ${problems.join("; ")}`);
    if (negated) return requirement(key, "DoesNotExist", []);
    const { kind } = this.#peek();
    if (kind === "end" || kind === ",") return requirement(key, "Exists", []);
    if (!isOperator(kind)) throw this.#unexpected("expected: in, notin, =, ==, !=, gt, lt");
    this.#take();
    const values = kind === "in" || kind === "notin" ? this.#set() : [this.#exactValue()];
    return requirement(key, operatorOf[kind], values);
  }

  #exactValue(): string {
    const { kind } = this.#peek();
    if (kind === "end" || kind === ",") return "";
    if (!this.#isWord()) throw this.#unexpected("expected: identifier");
    return this.#take().text;
  }

  /** `(a,b)`; an empty value wherever nothing stands before or after a comma. */
  #set(): string[] {
    if (this.#peek().kind !== "(") throw new SelectorError(`found '${this.#peek().text}' expected: '('`);
    this.#take();
    const values = new Set<string>();
    if (this.#peek().kind === ")") values.add("");
    else if (!this.#isWord() && this.#peek().kind !== ",")
      throw this.#unexpected("expected: ',', ')' or identifier");
    while (this.#peek().kind !== ")") {
      if (this.#isWord()) {
        values.add(this.#take().text);
        const { kind } = this.#peek();
        if (kind !== "," && kind !== ")") throw this.#unexpected("expected: ',' or ')'");
      } else if (this.#peek().kind === ",") {
        this.#take();
        const { kind } = this.#peek();
        if (values.size === 0 || kind === "," || kind === ")") values.add("");
      } else throw this.#unexpected("expected: ',', or identifier");
    }
    this.#take();
    return [...values].sort();
  }

  #startsRequirement(): boolean {
    return this.#isWord() || this.#peek().kind === "!";
  }

  /** `in` and `notin` are words too where no operator can stand. */
  #isWord(): boolean {
    const { kind } = this.#peek();
    return kind === "word" || kind === "in" || kind === "notin";
  }

  #peek(): Token {
    return this.#tokens[this.#position] ?? { kind: "end", text: "" };
  }

  #take(): Token {
    const token = this.#peek();
    this.#position++;
    return token;
  }

  #unexpected(expected: string): SelectorError {
    return new SelectorError(`found '${this.#peek().text}', ${expected}`);
  }
}

function isOperator(kind: string): kind is Operator {
  return Object.hasOwn(operatorOf, kind);
}
