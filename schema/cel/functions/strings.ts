/** Functions of strings: CEL's, cel-go's extension of version 2, Kubernetes' find and findAll. Positions count characters. Pure. */
import { regex, RegexSyntaxError } from "../../re2/regex.ts";
import type { Regex } from "../../re2/regex.ts";
import { shortEscapes } from "../../structural/go-format.ts";
import { itemsOf, PlainList } from "../collections.ts";
import { CelError, isError, ListValue } from "../values.ts";
import type { Result, Value } from "../values.ts";
import { formatText } from "./format-text.ts";
import { checkedLength } from "./text-limit.ts";

type Args = readonly Value[];

function outOfRange(index: bigint | number): CelError {
  return new CelError(`index out of range: ${index}`);
}

function compiled(pattern: string, prefix = ""): Regex | CelError {
  try {
    return regex(pattern);
  } catch (error) {
    if (error instanceof RegexSyntaxError) return new CelError(`${prefix}${error.message}`);
    throw error;
  }
}

function test(apply: (text: string, other: string) => boolean): (args: Args) => Result | undefined {
  return ([text, other]) =>
    typeof text === "string" && typeof other === "string" ? apply(text, other) : undefined;
}

function charAt([text, index]: Args): Result | undefined {
  if (typeof text !== "string" || typeof index !== "bigint") return undefined;
  const chars = Array.from(text);
  if (index < 0n || index > chars.length) return outOfRange(index);
  return chars[Number(index)] ?? "";
}

export function textIndexOf([text, wanted, offset]: Args, last: boolean): Result | undefined {
  if (typeof text !== "string" || typeof wanted !== "string") return undefined;
  if (offset !== undefined && typeof offset !== "bigint") return undefined;
  const chars = Array.from(text);
  const sought = Array.from(wanted);
  if (offset !== undefined && (offset < 0n || offset >= chars.length)) {
    // As in cel-go an empty text is everywhere, and nothing is far behind the end.
    if (wanted === "") return offset;
    return offset < 0n ? outOfRange(offset) : -1n;
  }
  const matches = (at: number): boolean => sought.every((char, i) => chars[at + i] === char);
  const end = chars.length - sought.length;
  if (last) {
    for (let at = offset === undefined ? end : Math.min(Number(offset), end); at >= 0; at--)
      if (matches(at)) return BigInt(at);
  } else for (let at = Number(offset ?? 0n); at <= end; at++) if (matches(at)) return BigInt(at);
  return -1n;
}

function substring([text, start, end]: Args): Result | undefined {
  if (typeof text !== "string" || typeof start !== "bigint") return undefined;
  const chars = Array.from(text);
  if (end !== undefined && typeof end !== "bigint") return undefined;
  if (end !== undefined && start > end)
    return new CelError(`invalid substring range. start: ${start}, end: ${end}`);
  if (start < 0n || start > chars.length) return outOfRange(start);
  if (end !== undefined && (end < 0n || end > chars.length)) return outOfRange(end);
  return chars.slice(Number(start), end === undefined ? undefined : Number(end)).join("");
}

function replace([text, from, to, limit]: Args): Result | undefined {
  if (typeof text !== "string" || typeof from !== "string" || typeof to !== "string") return undefined;
  if (limit !== undefined && typeof limit !== "bigint") return undefined;
  const pieces = from === "" ? ["", ...Array.from(text), ""] : text.split(from);
  const most = limit === undefined || limit < 0n ? pieces.length : Math.min(Number(limit), pieces.length);
  const count = Math.min(most, from === "" ? pieces.length - 1 : pieces.length - 1);
  return checkedLength(text.length + count * to.length, () => {
    if (from !== "")
      return (
        pieces.slice(0, count + 1).join(to) +
        pieces
          .slice(count + 1)
          .map((piece) => from + piece)
          .join("")
      );
    return pieces.slice(0, count + 1).join(to) + pieces.slice(count + 1).join("");
  });
}

function split([text, separator, limit]: Args): Result | undefined {
  if (typeof text !== "string" || typeof separator !== "string") return undefined;
  if (limit !== undefined && typeof limit !== "bigint") return undefined;
  if (limit === 0n) return new PlainList([]);
  const parts = separator === "" ? Array.from(text) : text.split(separator);
  if (limit === undefined || limit < 0n || parts.length <= limit) return new PlainList(parts);
  const kept = Number(limit) - 1;
  return new PlainList([...parts.slice(0, kept), parts.slice(kept).join(separator)]);
}

function join([list, separator = ""]: Args): Result | undefined {
  if (!(list instanceof ListValue) || typeof separator !== "string") return undefined;
  const items = itemsOf(list);
  if (isError(items as Result)) return items as CelError;
  const texts = (items as readonly Value[]).filter((item) => typeof item === "string");
  if (texts.length !== list.size) return undefined;
  const length = texts.reduce((sum, text) => sum + text.length, 0) + separator.length * texts.length;
  return checkedLength(length, () => texts.join(separator));
}

function find([text, pattern]: Args): Result | undefined {
  if (typeof text !== "string" || typeof pattern !== "string") return undefined;
  const program = compiled(pattern, "Illegal regex: ");
  if (program instanceof CelError) return program;
  const match = program.find(text);
  return match === undefined ? "" : text.slice(match.start, match.end);
}

function findAll([text, pattern, limit = -1n]: Args): Result | undefined {
  if (typeof text !== "string" || typeof pattern !== "string" || typeof limit !== "bigint") return undefined;
  const program = compiled(pattern, "Illegal regex: ");
  if (program instanceof CelError) return program;
  const found: string[] = [];
  let at = 0;
  let lastEnd = -1;
  while (at <= text.length && (limit < 0n || found.length < limit)) {
    const match = program.find(text, at);
    if (match === undefined) break;
    const empty = match.end === match.start;
    // As in Go there is no empty match right behind another match.
    if (!empty || match.end !== lastEnd) found.push(text.slice(match.start, match.end));
    lastEnd = match.end;
    at = empty ? match.end + ((text.codePointAt(match.end) ?? 0) > 0xffff ? 2 : 1) : match.end;
  }
  return new PlainList(found);
}

const ascii =
  (pattern: RegExp, change: (char: string) => string) =>
  ([text]: Args): Result | undefined =>
    typeof text === "string" ? text.replace(pattern, change) : undefined;

/** What Go's `strings.TrimSpace` takes for blank. */
const blanks = "[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
const outer = new RegExp(`^${blanks}|${blanks}$`, "g");

export const strings: Readonly<Record<string, (args: Args) => Result | undefined>> = {
  contains: test((text, other) => text.includes(other)),
  startsWith: test((text, other) => text.startsWith(other)),
  endsWith: test((text, other) => text.endsWith(other)),
  matches: ([text, pattern]) => {
    if (typeof text !== "string" || typeof pattern !== "string") return undefined;
    const program = compiled(pattern);
    return program instanceof CelError ? program : program.test(text);
  },
  charAt,
  substring,
  replace,
  split,
  join,
  find,
  findAll,
  lowerAscii: ascii(/[A-Z]/g, (char) => char.toLowerCase()),
  upperAscii: ascii(/[a-z]/g, (char) => char.toUpperCase()),
  trim: ascii(outer, () => ""),
  "strings.quote": ([text]) =>
    typeof text === "string"
      ? // oxlint-disable-next-line no-control-regex -- these are what is escaped
        `"${text.toWellFormed().replace(/[\x07-\x0d\\"]/g, (char) => shortEscapes[char] ?? char)}"`
      : undefined,
  format: ([text, args]) =>
    typeof text === "string" && args instanceof ListValue ? formatText(text, args) : undefined,
};
