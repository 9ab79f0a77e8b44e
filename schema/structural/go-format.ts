/** Values as Go prints them in error messages: `%v` of numbers, `%q` of strings, JSON of the rest. Pure. */

/** `%v` of a number from JSON: whole ones are int64, others float64. */
export function goNumber(value: number): string {
  return Number.isInteger(value) && Math.abs(value) <= 2 ** 63 ? String(BigInt(value)) : goFloat(value);
}

/** `%v` of a float64: the shortest digits, with an exponent below 1e-4 and from 1e6 on. */
export function goFloat(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (Object.is(value, -0)) return "-0";
  const [digits = "", exponent = "0"] = value.toExponential().split("e");
  const power = Number(exponent);
  if (value === 0 || (power >= -4 && power < 6)) return plainNumber(value);
  const size = Math.abs(power);
  return `${digits}e${power < 0 ? "-" : "+"}${size < 10 ? "0" : ""}${size}`;
}

/** All digits, never an exponent (`strconv.FormatFloat(value, 'f', -1, 64)`). */
export function plainNumber(value: number): string {
  const text = String(value);
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign = "", first = "", rest = "", power = "0"] = match;
  const digits = first + rest;
  const point = 1 + Number(power);
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return point >= digits.length
    ? sign + digits.padEnd(point, "0")
    : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** What a Go string literal escapes by a letter. */
export const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
};
// oxlint-disable-next-line no-control-regex -- these are what is escaped
const plainText = /^[ !#-[\]-~]*$/;
const unprintable = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

/** Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols, and the ASCII space. */
export function isPrintable(character: string): boolean {
  return !unprintable.test(character);
}

/** `%q`: a Go string literal. */
export function goQuote(text: string): string {
  if (plainText.test(text)) return `"${text}"`;
  let out = '"';
  for (const char of text) {
    const short = shortEscapes[char];
    const code = char.codePointAt(0) ?? 0;
    if (short !== undefined) out += short;
    else if (code >= 0xd800 && code <= 0xdfff) out += "\\ufffd";
    else if (isPrintable(char)) out += char;
    else if (code < 0x80) out += `\\x${code.toString(16).padStart(2, "0")}`;
    else if (code < 0x10000) out += `\\u${code.toString(16).padStart(4, "0")}`;
    else out += `\\U${code.toString(16).padStart(8, "0")}`;
  }
  return `${out}"`;
}

const jsonEscapes: Readonly<Record<string, string>> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

/** `json.Marshal` of a JSON value: maps have their keys sorted, and `<`, `>` and `&` are escaped. */
export function goJson(value: unknown): string {
  return htmlSafe(sortedJson(value));
}

/** JSON text with what HTML could misread escaped, as encoding/json writes it. */
export function htmlSafe(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (char) => jsonEscapes[char] ?? char);
}

/** JSON with sorted keys: equal for equal values. */
export function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value).filter(([, item]) => item !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, item]) => `${JSON.stringify(key)}:${sortedJson(item)}`).join()}}`;
}

/** A value in an error's body: numbers and booleans plain, strings quoted, the rest as JSON. */
export function goValue(value: unknown): string {
  if (typeof value === "number") return goNumber(value);
  if (typeof value === "string") return goQuote(value);
  return typeof value === "boolean" ? String(value) : goJson(value);
}
