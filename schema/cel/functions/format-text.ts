/** `"…%s…".format([…])` as cel-go's strings extension of version 2 does it, in the locale en_US. Pure. */
import { formatTimestamp } from "../timestamps.ts";
import { compareStrings } from "../compare.ts";
import {
  Bytes,
  CelError,
  Duration,
  isError,
  ListValue,
  MapValue,
  Timestamp,
  typeName,
  TypeValue,
  Uint,
} from "../values.ts";
import type { Result, Value } from "../values.ts";
import { plainNumber } from "../../structural/go-format.ts";

class FormatError extends Error {}

const clause = /%(?:%|(?:\.(\d+))?([a-zA-Z]))/g;

export function formatText(text: string, args: ListValue): Result {
  let next = 0;
  try {
    return text.replace(clause, (whole, precision: string | undefined, letter: string | undefined) => {
      if (whole === "%%") return "%";
      if (next >= args.size) throw new FormatError(`index ${next} out of range`);
      const arg = args.get(next++);
      if (isError(arg)) throw new FormatError(arg.message);
      return formatted(letter ?? "", arg, precision === undefined ? 6 : Number(precision));
    });
  } catch (error) {
    if (error instanceof FormatError) return new CelError(error.message);
    throw error;
  }
}

function formatted(letter: string, value: Value, precision: number): string {
  switch (letter) {
    case "s":
      return shownText(value);
    case "d":
      if (typeof value === "bigint") return String(value);
      if (value instanceof Uint) return String(value.value);
      return wrong("decimal clause can only be used on integers", value);
    case "f":
      return fixed(value, precision);
    case "e":
      return scientific(value, precision);
    case "b":
      if (typeof value === "boolean") return value ? "1" : "0";
      if (typeof value === "bigint") return value.toString(2);
      if (value instanceof Uint) return value.value.toString(2);
      return wrong("only integers and bools can be formatted as binary", value);
    case "x":
      return hex(value);
    case "X":
      return hex(value).toUpperCase();
    case "o":
      if (typeof value === "bigint") return value.toString(8);
      if (value instanceof Uint) return value.value.toString(8);
      return wrong("octal clause can only be used on integers", value);
    default:
      throw new FormatError(`could not parse formatting clause: unrecognized formatting clause "${letter}"`);
  }
}

function wrong(why: string, value: Value): never {
  throw new FormatError(`error during formatting: ${why}, was given ${typeName(value)}`);
}

function shownText(value: Value): string {
  if (typeof value === "string") return value;
  if (value === null) return "null";
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "number") return Number.isFinite(value) ? plainNumber(value) : infinite(value);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Bytes) return new TextDecoder().decode(value.value);
  if (value instanceof Timestamp) return formatTimestamp(value.nanos);
  if (value instanceof Duration) return `${plainNumber(Number(value.nanos) / 1e9)}s`;
  if (value instanceof TypeValue) return value.name;
  if (value instanceof ListValue) return `[${[...value].map(nested).join(", ")}]`;
  if (value instanceof MapValue) {
    const pairs = value.keys().map((key) => [nested(key), nested(value.find(key) ?? null)] as const);
    return `{${pairs
      .toSorted(([a], [b]) => compareStrings(a, b))
      .map(([key, item]) => `${key}:${item}`)
      .join(", ")}}`;
  }
  return wrong(
    "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps",
    value,
  );
}

function infinite(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "+Inf" : "-Inf";
}

/** Inside of lists and maps texts are quoted, and times name their type. */
function nested(value: Result): string {
  if (isError(value)) throw new FormatError(value.message);
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Timestamp) return `timestamp(${JSON.stringify(formatTimestamp(value.nanos))})`;
  if (value instanceof Duration) return `duration("${plainNumber(Number(value.nanos) / 1e9)}s")`;
  if (typeof value === "number" && Number.isFinite(value)) return value.toFixed(6);
  if (value instanceof Bytes) return `b"${new TextDecoder().decode(value.value)}"`;
  return shownText(value);
}

function grouped(text: string): string {
  const [whole = "", fraction] = text.split(".");
  const digits = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return fraction === undefined ? digits : `${digits}.${fraction}`;
}

function double(value: Value, why: string): number {
  if (typeof value === "number") return value;
  if (typeof value === "string" && ["NaN", "Infinity", "-Infinity"].includes(value)) return Number(value);
  return wrong(why, value);
}

function fixed(value: Value, precision: number): string {
  const number = double(value, "fixed-point clause can only be used on doubles");
  if (!Number.isFinite(number)) return Number.isNaN(number) ? "NaN" : number > 0 ? "∞" : "-∞";
  return grouped(exactFixed(number, precision));
}

/** `toFixed` turns to exponents beyond 1e21 and knows 100 digits at most. */
function exactFixed(number: number, precision: number): string {
  if (Math.abs(number) < 1e21) return number.toFixed(Math.min(precision, 100));
  return `${plainNumber(number)}${precision > 0 ? `.${"0".repeat(Math.min(precision, 100))}` : ""}`;
}

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

function scientific(value: Value, precision: number): string {
  const number = double(value, "scientific clause can only be used on doubles");
  if (!Number.isFinite(number)) return Number.isNaN(number) ? "NaN" : number > 0 ? "∞" : "-∞";
  const [digits = "", exponent = "0"] = number.toExponential(Math.min(precision, 100)).split("e");
  const power = Math.abs(Number(exponent)).toString().padStart(2, "0");
  const raised = Array.from(power, (digit) => superscripts[Number(digit)] ?? "").join("");
  return `${digits} × 10${exponent.startsWith("-") ? "⁻" : ""}${raised}`;
}

function hex(value: Value): string {
  if (typeof value === "bigint") return value.toString(16);
  if (value instanceof Uint) return value.value.toString(16);
  const bytes =
    value instanceof Bytes
      ? value.value
      : typeof value === "string"
        ? new TextEncoder().encode(value)
        : undefined;
  if (bytes === undefined)
    return wrong("only integers, byte buffers, and strings can be formatted as hex", value);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
