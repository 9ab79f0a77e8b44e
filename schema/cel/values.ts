/** Values of CEL at run time. Pure. */
import type { Address, Prefix } from "../net/ip.ts";
import type { GoUrl } from "../net/go-url.ts";
import type { Quantity } from "./quantity.ts";
import type { Semver } from "./semver.ts";

export class Uint {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}
export class Bytes {
  readonly value: Uint8Array;
  constructor(value: Uint8Array) {
    this.value = value;
  }
}
/** Nanoseconds since 1970. */
export class Timestamp {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}
export class Duration {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}
/** A type as a value: what `type(x)` gives. */
export class TypeValue {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}
export class Optional {
  /** `undefined`: none. */
  readonly value: Value | undefined;
  constructor(value: Value | undefined) {
    this.value = value;
  }
}
export const none = new Optional(undefined);

export interface NamedFormat {
  readonly name: string;
  readonly maxRegexSize: number;
  /** What is wrong with a text; empty when nothing is. */
  readonly validate: (text: string) => readonly string[];
}

/** Values of Kubernetes' libraries. */
export type Foreign =
  | { readonly type: "net.IP"; readonly value: Address }
  | { readonly type: "net.CIDR"; readonly value: Prefix }
  | { readonly type: "kubernetes.URL"; readonly value: GoUrl }
  | { readonly type: "kubernetes.Quantity"; readonly value: Quantity }
  | { readonly type: "kubernetes.NamedFormat"; readonly value: NamedFormat }
  | { readonly type: "kubernetes.Semver"; readonly value: Semver };

export class Opaque {
  readonly content: Foreign;
  constructor(content: Foreign) {
    this.content = content;
  }
}

/** What a schema preserves without knowing it: it can be compared, nothing else. */
export class Preserved {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

/** A failed evaluation; a value, because `&&`, `||` and their macros may do without it. */
export class CelError {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

export abstract class ListValue {
  abstract get size(): number;
  abstract get(index: number): Result;
  /** Of lists of a schema: how they are compared and added. */
  abstract equals(other: ListValue): Result;
  abstract add(other: ListValue): Result;

  *[Symbol.iterator](): Generator<Result> {
    for (let index = 0; index < this.size; index++) yield this.get(index);
  }
}

export abstract class MapValue {
  abstract get size(): number;
  /** `undefined`: no such key. */
  abstract find(key: Value): Result | undefined;
  abstract keys(): readonly Value[];
  abstract equals(other: MapValue): Result;
}

export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint
  | Bytes
  | Timestamp
  | Duration
  | TypeValue
  | Optional
  | Opaque
  | Preserved
  | ListValue
  | MapValue;

export type Result = Value | CelError;

export function isError(result: Result): result is CelError {
  return result instanceof CelError;
}

/** The name that `type()` and errors give it. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "bigint":
      return "int";
    case "number":
      return "double";
    case "string":
      return "string";
    default:
      if (value === null) return "null_type";
      if (value instanceof Uint) return "uint";
      if (value instanceof Bytes) return "bytes";
      if (value instanceof Timestamp) return "google.protobuf.Timestamp";
      if (value instanceof Duration) return "google.protobuf.Duration";
      if (value instanceof TypeValue) return "type";
      if (value instanceof Optional) return "optional_type";
      if (value instanceof ListValue) return "list";
      if (value instanceof MapValue) return "map";
      return value instanceof Preserved ? "unknown" : value.content.type;
  }
}

export function noSuchOverload(): CelError {
  return new CelError("no such overload");
}

const intLimit = 2n ** 63n;

export function checkedInt(value: bigint): Result {
  return value >= -intLimit && value < intLimit ? value : new CelError("integer overflow");
}

export function checkedUint(value: bigint): Result {
  return value >= 0n && value < 2n ** 64n ? new Uint(value) : new CelError("unsigned integer overflow");
}

/** Durations are int64 nanoseconds. */
export function checkedDuration(nanos: bigint): Result {
  return nanos >= -intLimit && nanos < intLimit ? new Duration(nanos) : new CelError("duration overflow");
}

const minTimestamp = -62_135_596_800_000_000_000n;
const maxTimestamp = 253_402_300_799_999_999_999n;

export function checkedTimestamp(nanos: bigint): Result {
  return nanos >= minTimestamp && nanos <= maxTimestamp
    ? new Timestamp(nanos)
    : new CelError("timestamp overflow");
}
