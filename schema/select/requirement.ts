/** One requirement of a label selector, and what Kubernetes demands of it. */
import { goQuote } from "../structural/go-format.ts";
import { SelectorError } from "./errors.ts";

export interface LabelRequirement {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist" | "GreaterThan" | "LessThan";
  readonly values: readonly string[];
}

const name = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const dnsLabel = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const subdomain = `${dnsLabel}(\\.${dnsLabel})*`;
const namePattern = new RegExp(`^${name}$`);
const valuePattern = new RegExp(`^(${name})?$`);
const subdomainPattern = new RegExp(`^${subdomain}$`);
const maxNameBytes = 63;
const maxPrefixBytes = 253;

const nameRule =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character" +
  ` (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${name}')`;
const valueRule =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and" +
  " end with an alphanumeric character" +
  ` (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${name})?')`;
const subdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and" +
  ` end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomain}')`;

const encoder = new TextEncoder();

/** What is wrong with a label key (apimachinery, content.IsLabelKey); empty when nothing is. */
export function labelKeyProblems(key: string): string[] {
  const parts = key.split("/");
  if (parts.length > 2)
    return [
      `a valid label key ${nameRule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  const local = parts.at(-1) ?? "";
  const problems: string[] = [];
  if (parts.length === 2) {
    const [prefix = ""] = parts;
    if (prefix === "") problems.push("prefix part must be non-empty");
    else {
      if (bytes(prefix) > maxPrefixBytes)
        problems.push(`prefix part must be no more than ${maxPrefixBytes} bytes`);
      if (!subdomainPattern.test(prefix)) problems.push(`prefix part ${subdomainRule}`);
    }
  }
  if (local === "") problems.push("name part must be non-empty");
  else if (bytes(local) > maxNameBytes) problems.push(`name part must be no more than ${maxNameBytes} bytes`);
  if (!namePattern.test(local)) problems.push(`name part ${nameRule}`);
  return problems;
}

/** What is wrong with a label value (apimachinery, content.IsLabelValue); empty when nothing is. */
export function labelValueProblems(value: string): string[] {
  const problems: string[] = [];
  if (bytes(value) > maxNameBytes) problems.push(`must be no more than ${maxNameBytes} bytes`);
  if (!valuePattern.test(value)) problems.push(valueRule);
  return problems;
}

/** The requirement, if it is one. Throws SelectorError as labels.NewRequirement fails. */
export function requirement(
  key: string,
  operator: LabelRequirement["operator"],
  values: readonly string[],
): LabelRequirement {
  const errors = new Set<string>();
  const invalid = (path: string, value: string, why: string): unknown =>
    errors.add(`${path}: Invalid value: ${value}: ${why}`);

  const keyProblems = labelKeyProblems(key);
  if (keyProblems.length > 0) invalid("key", goQuote(key), keyProblems.join("; "));
  // Go prints a list that was never made as null.
  const list = values.length === 0 ? "null" : JSON.stringify(values);
  switch (operator) {
    case "In":
    case "NotIn":
      if (values.length === 0)
        invalid("values", list, "for 'in', 'notin' operators, values set can't be empty");
      break;
    case "Exists":
    case "DoesNotExist":
      if (values.length > 0)
        invalid("values", list, "values set must be empty for exists and does not exist");
      break;
    case "GreaterThan":
    case "LessThan":
      if (values.length !== 1)
        invalid("values", list, "for 'Gt', 'Lt' operators, exactly one value is required");
      values.forEach((value, index) => {
        if (int64(value) === undefined)
          invalid(
            `values[${index}]`,
            goQuote(value),
            "for 'Gt', 'Lt' operators, the value must be an integer",
          );
      });
      break;
    default:
      operator satisfies never;
  }
  values.forEach((value, index) => {
    const problems = labelValueProblems(value);
    if (problems.length > 0) invalid(`values[${index}][${key}]`, goQuote(value), problems.join("; "));
  });

  const [first] = errors;
  if (first !== undefined) throw new SelectorError(errors.size === 1 ? first : `[${[...errors].join(", ")}]`);
  return { key, operator, values };
}

const minInt64 = -(2n ** 63n);
const maxInt64 = 2n ** 63n - 1n;

/** What Go's ParseInt(text, 10, 64) gives; `undefined` where it fails. */
export function int64(text: string): bigint | undefined {
  // Longer digits are out of range or zeros that nobody writes, and BigInt of a long text is slow.
  if (!/^[+-]?\d{1,100}$/.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, ""));
  return value >= minInt64 && value <= maxInt64 ? value : undefined;
}

function bytes(text: string): number {
  return encoder.encode(text).byteLength;
}
