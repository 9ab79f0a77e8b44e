/** Table cells of custom resources' columns: JSON values as kube-apiserver, a Go program, prints them. Pure. */
import { Since } from "./column.ts";

export type ColumnType = "string" | "integer" | "number" | "boolean" | "date";

/** What is missing, or does not fit the column's type, is null; a string column shows values of every type; a date is a `Since`. */
export function cellOf(type: ColumnType, found: readonly unknown[] | undefined): unknown {
  if (found === undefined || found.length === 0) return null;
  const [value] = found;
  switch (type) {
    case "string":
      return goText(value);
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : null;
    case "number":
      return typeof value === "number" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "date":
      return typeof value === "string" ? new Since(value) : null;
    default:
      return type satisfies never;
  }
}

function goText(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
      return goNumber(value);
    case "boolean":
      return String(value);
    default:
      return value === null ? "<no value>" : goJson(value);
  }
}

/** Go's `%v`: a float64 has an exponent below 1e-4 and, unlike an integer, from a million on. */
function goNumber(value: number): string {
  if (Number.isSafeInteger(value)) return String(value);
  const [mantissa = "", exponent = ""] = value.toExponential().split("e");
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  return `${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

/** encoding/json: members in the order of their keys, nothing in the text that HTML would read as markup. */
function goJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([key, member]) => `${goJson(key)}:${goJson(member)}`).join(",")}}`;
  }
  return JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
