/** Text as Go's libraries write it, where clients compare or read it. Pure. */

/** Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols, and the ASCII space. */
const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;

export function isPrintable(character: string): boolean {
  return !unprintable.test(character);
}

/** JSON of a value as encoding/json writes it: sorted members, and what HTML could misread escaped. */
export function jsonText(value: unknown): string {
  return htmlSafe(typeof value === "object" && value !== null ? sortedJson(value) : JSON.stringify(value));
}

/** What HTML could misread, escaped. */
export function htmlSafe(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (character) => unicodeEscape(character));
}

/** A number as Go prints it: exponents have two digits. */
export function goNumber(value: number, text = String(value)): string {
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, item]) => `${JSON.stringify(key)}:${sortedJson(item)}`).join()}}`;
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

const named: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  '"': '\\"',
  "\\": "\\\\",
};

/** `%q` of fmt. */
export function goQuoted(text: string): string {
  let quoted = "";
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (named[character] !== undefined) quoted += named[character];
    else if (isPrintable(character)) quoted += character;
    else if (code < 0x80) quoted += `\\x${code.toString(16).padStart(2, "0")}`;
    else if (code < 0x10000) quoted += `\\u${code.toString(16).padStart(4, "0")}`;
    else quoted += `\\U${code.toString(16).padStart(8, "0")}`;
  }
  return `"${quoted}"`;
}
