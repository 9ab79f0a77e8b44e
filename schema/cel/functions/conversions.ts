/** Conversions between types, and sizes (cel-go, common/types). Pure. */
import { formatAddress } from "../../net/ip.ts";
import { goFloat, plainNumber } from "../../structural/go-format.ts";
import { parseGoDuration } from "../../structural/go-duration.ts";
import { runeCount } from "../../structural/validate-scalars.ts";
import { formatTimestamp, parseTimestamp } from "../timestamps.ts";
import {
  Bytes,
  CelError,
  checkedDuration,
  checkedInt,
  checkedTimestamp,
  checkedUint,
  Duration,
  ListValue,
  MapValue,
  Opaque,
  Timestamp,
  typeName,
  TypeValue,
  Uint,
} from "../values.ts";
import type { Result, Value } from "../values.ts";

function failed(value: Value, to: string): CelError {
  return new CelError(`type conversion error from '${typeName(value)}' to '${to}'`);
}

const truths = new Set(["1", "t", "T", "true", "TRUE", "True"]);
const lies = new Set(["0", "f", "F", "false", "FALSE", "False"]);

function toBool(value: Value): Result | undefined {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string") return undefined;
  return truths.has(value) ? true : lies.has(value) ? false : failed(value, "bool");
}

function toInt(value: Value): Result | undefined {
  if (typeof value === "bigint") return value;
  if (value instanceof Uint) return checkedInt(value.value);
  if (typeof value === "number") {
    const fits = Number.isFinite(value) && value > -(2 ** 63) && value < 2 ** 63;
    return fits ? BigInt(Math.trunc(value)) : new CelError("integer overflow");
  }
  if (value instanceof Timestamp)
    return value.nanos / 1_000_000_000n - (value.nanos % 1_000_000_000n < 0n ? 1n : 0n);
  if (value instanceof Duration) return value.nanos;
  if (typeof value !== "string") return undefined;
  const number = /^[+-]?[0-9]+$/.test(value) ? checkedInt(BigInt(value.replace(/^\+/, ""))) : undefined;
  return typeof number === "bigint" ? number : failed(value, "int");
}

function toUint(value: Value): Result | undefined {
  if (value instanceof Uint) return value;
  if (typeof value === "bigint") return checkedUint(value);
  if (typeof value === "number") {
    const fits = Number.isFinite(value) && value >= 0 && value < 2 ** 64;
    return fits ? checkedUint(BigInt(Math.trunc(value))) : new CelError("unsigned integer overflow");
  }
  if (typeof value !== "string") return undefined;
  const number = /^[0-9]+$/.test(value) ? checkedUint(BigInt(value)) : undefined;
  return number instanceof Uint ? number : failed(value, "uint");
}

const floats: Readonly<Record<string, number>> = { inf: Infinity, infinity: Infinity, nan: Number.NaN };

/** What `strconv.ParseFloat` takes, without hexadecimal digits and underscores. */
export function parseDouble(text: string): number | undefined {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) {
    const number = Number(text);
    return Number.isFinite(number) ? number : undefined;
  }
  const word = text.toLowerCase().replace(/^[+-]/, "");
  const special = Object.hasOwn(floats, word) ? floats[word] : undefined;
  return special !== undefined && text.startsWith("-") ? -special : special;
}

function toDouble(value: Value): Result | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Uint) return Number(value.value);
  return typeof value === "string" ? (parseDouble(value) ?? failed(value, "double")) : undefined;
}

export function toText(value: Value): Result | undefined {
  switch (typeof value) {
    case "string":
      return value;
    case "boolean":
    case "bigint":
      return String(value);
    case "number":
      return goFloat(value);
    default:
      break;
  }
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Timestamp) return formatTimestamp(value.nanos);
  if (value instanceof Duration) return `${plainNumber(Number(value.nanos) / 1e9)}s`;
  if (value instanceof Bytes) {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value.value);
    } catch {
      return new CelError("invalid UTF-8 in bytes, cannot convert to string");
    }
  }
  if (value instanceof TypeValue) return value.name;
  if (!(value instanceof Opaque)) return undefined;
  const { content } = value;
  if (content.type === "net.IP") return formatAddress(content.value);
  if (content.type === "net.CIDR") return `${formatAddress(content.value.address)}/${content.value.bits}`;
  return undefined;
}

function toTimestamp(value: Value): Result | undefined {
  if (value instanceof Timestamp) return value;
  if (typeof value === "bigint") return checkedTimestamp(value * 1_000_000_000n);
  if (typeof value !== "string") return undefined;
  const nanos = parseTimestamp(value);
  return nanos === undefined ? failed(value, "google.protobuf.Timestamp") : checkedTimestamp(nanos);
}

function toDuration(value: Value): Result | undefined {
  if (value instanceof Duration) return value;
  if (typeof value === "bigint") return checkedDuration(value);
  if (typeof value !== "string") return undefined;
  const nanos = parseGoDuration(value);
  return nanos === undefined ? failed(value, "google.protobuf.Duration") : new Duration(nanos);
}

function size(value: Value): Result | undefined {
  if (typeof value === "string") return BigInt(runeCount(value));
  if (value instanceof Bytes) return BigInt(value.value.length);
  return value instanceof ListValue || value instanceof MapValue ? BigInt(value.size) : undefined;
}

const one =
  (convert: (value: Value) => Result | undefined) =>
  ([value = null]: readonly Value[]): Result | undefined =>
    convert(value);

export const conversions: Readonly<Record<string, (args: readonly Value[]) => Result | undefined>> = {
  bool: one(toBool),
  int: one(toInt),
  uint: one(toUint),
  double: one(toDouble),
  string: one(toText),
  bytes: one((value) =>
    typeof value === "string"
      ? new Bytes(new TextEncoder().encode(value))
      : value instanceof Bytes
        ? value
        : undefined,
  ),
  timestamp: one(toTimestamp),
  duration: one(toDuration),
  dyn: one((value) => value),
  type: one((value) => new TypeValue(typeName(value))),
  size: one(size),
};
