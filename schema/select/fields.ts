/** Field selectors as fields.ParseSelector of k8s.io/apimachinery reads them, and matching. Pure. */
import { SelectorError } from "./errors.ts";

export interface FieldRequirement {
  readonly field: string;
  readonly operator: "=" | "!=";
  readonly value: string;
}

/** All must hold; `[]` matches everything. */
export type FieldSelector = readonly FieldRequirement[];

/** Whether every requirement holds. `valueOf` gives "" for a field that is absent, as Kubernetes does. */
export function matchesFields(selector: FieldSelector, valueOf: (field: string) => string): boolean {
  return selector.every(({ field, operator, value }) => (valueOf(field) === value) === (operator === "="));
}

/**
 * `a=b,c==d,e!=f`. In values `\\`, `\,` and `\=` stand for the character; nothing is escaped in field names. Empty terms
 * are skipped. Terms come sorted, as in Kubernetes. Throws SelectorError.
 */
export function parseFieldSelector(text: string): FieldSelector {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text).sort()) {
    if (term === "") continue;
    const found = /!=|==?/.exec(term);
    if (found === null) throw new SelectorError(`invalid selector: '${text}'; can't understand '${term}'`);
    const field = term.slice(0, found.index);
    const value = unescapeValue(term.slice(found.index + found[0].length));
    // A requirement without field and value restricts nothing in Kubernetes.
    if (field !== "" || value !== "")
      requirements.push({ field, operator: found[0] === "!=" ? "!=" : "=", value });
  }
  return requirements;
}

/** The text that `parseFieldSelector` reads so. */
export function formatFieldSelector(selector: FieldSelector): string {
  return selector
    .map(({ field, operator, value }) => `${field}${operator}${value.replaceAll(/[\\,=]/g, "\\$&")}`)
    .join(",");
}

/** Terms between commas; an escaped comma belongs to its term, which keeps the backslash. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === ",") {
      terms.push(text.slice(start, at));
      start = at + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function unescapeValue(text: string): string {
  return text.replace(/\\([^]?)|[,=]/gu, (found, escaped: string | undefined) => {
    // Go prints the rune as a number.
    if (escaped === undefined)
      throw new SelectorError(
        `invalid field selector: unescaped character in value: ${found.codePointAt(0)}`,
      );
    if (escaped !== "\\" && escaped !== "," && escaped !== "=")
      throw new SelectorError(`invalid field selector: invalid escape sequence: ${found}`);
    return escaped;
  });
}

/** The value at a dotted path of an object; what is absent is the empty string, as in Kubernetes, what is no text its JSON. */
export function fieldOf(object: unknown, path: string): string {
  let value = object;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return "";
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : JSON.stringify(value);
}
