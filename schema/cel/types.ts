/** Types of CEL as cel-go's checker knows and prints them. Pure. */

export interface Type {
  readonly kind:
    | "dyn"
    | "error"
    | "null"
    | "bool"
    | "int"
    | "uint"
    | "double"
    | "string"
    | "bytes"
    | "timestamp"
    | "duration"
    | "list"
    | "map"
    | "object"
    | "opaque"
    | "type"
    | "param";
  /** As printed, without parameters. */
  readonly name: string;
  readonly params: readonly Type[];
}

function simple(kind: Type["kind"], name: string = kind): Type {
  return { kind, name, params: [] };
}

export const dynType = simple("dyn");
export const errorType = simple("error", "!error!");
export const nullType = simple("null");
export const boolType = simple("bool");
export const intType = simple("int");
export const uintType = simple("uint");
export const doubleType = simple("double");
export const stringType = simple("string");
export const bytesType = simple("bytes");
export const timestampType = simple("timestamp");
export const durationType = simple("duration");

export const listType = (item: Type): Type => ({ kind: "list", name: "list", params: [item] });
export const mapType = (key: Type, value: Type): Type => ({ kind: "map", name: "map", params: [key, value] });
export const objectType = (name: string): Type => simple("object", name);
export const opaqueType = (name: string, ...params: Type[]): Type => ({ kind: "opaque", name, params });
export const optionalType = (value: Type): Type => opaqueType("optional_type", value);
export const typeType = (of: Type): Type => ({ kind: "type", name: "type", params: [of] });
export const paramType = (name: string): Type => simple("param", name);

export function isOptional(type: Type): boolean {
  return type.kind === "opaque" && type.name === "optional_type";
}

/** The type of what an optional holds; any other type is its own. */
export function unwrapped(type: Type): Type {
  return isOptional(type) ? (type.params[0] ?? dynType) : type;
}

export function isDyn({ kind }: Type): boolean {
  return kind === "dyn";
}

export function isDynOrError({ kind }: Type): boolean {
  return kind === "dyn" || kind === "error";
}

export function sameType(a: Type, b: Type): boolean {
  return (
    a === b ||
    (a.kind === b.kind &&
      a.name === b.name &&
      a.params.length === b.params.length &&
      a.params.every((param, index) => sameType(param, b.params[index] ?? errorType)))
  );
}

export function formatType({ name, params }: Type): string {
  return params.length === 0 ? name : `${name}(${params.map(formatType).join(", ")})`;
}
