/**
 * The OpenAPI v2 document as protobuf, the one form that client-go asks for: messages of
 * github.com/google/gnostic-models v0.7.0, openapiv2/OpenAPIv2.proto, whose field numbers these are. Pure.
 */
import { WireWriter } from "../../../../schema/protobuf/writer.ts";
import type { SwaggerDocument, V2Operation, V2Parameter, V2PathItem } from "./openapi-v2.ts";
import type { V2Schema } from "./openapi-v2-schema.ts";

export function encodeSwagger({
  swagger,
  info,
  paths,
  definitions,
}: SwaggerDocument): Uint8Array<ArrayBuffer> {
  const to = new WireWriter();
  to.text(1, swagger);
  to.message(2, () => {
    to.text(1, info.title);
    to.text(2, info.version);
  });
  to.message(8, () => {
    for (const [path, item] of Object.entries(paths)) named(to, 2, path, () => writePath(to, item));
  });
  to.message(9, () => {
    for (const [name, schema] of Object.entries(definitions))
      named(to, 1, name, () => writeSchema(to, schema));
  });
  return to.finish();
}

/** An entry of a map: its name and its value. */
function named(to: WireWriter, number: number, name: string, write: () => void): void {
  to.message(number, () => {
    to.text(1, name);
    to.message(2, write);
  });
}

/** Anything: as YAML, which JSON is. */
function writeAny(to: WireWriter, value: unknown): void {
  to.text(2, `${JSON.stringify(value)}\n`);
}

function writeExtensions(to: WireWriter, number: number, object: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(object))
    if (name.startsWith("x-")) named(to, number, name, () => writeAny(to, value));
}

const methodNumbers = { get: 2, put: 3, post: 4, delete: 5, patch: 8 } as const;

function writePath(to: WireWriter, item: V2PathItem): void {
  for (const method of ["get", "put", "post", "delete", "patch"] as const) {
    const operation = item[method];
    if (operation !== undefined) to.message(methodNumbers[method], () => writeOperation(to, operation));
  }
  for (const parameter of item.parameters ?? []) to.message(9, () => writeParameter(to, parameter));
}

function writeOperation(to: WireWriter, operation: V2Operation): void {
  for (const tag of operation.tags) to.text(1, tag);
  to.text(5, operation.operationId);
  for (const type of operation.produces) to.text(6, type);
  for (const type of operation.consumes) to.text(7, type);
  for (const parameter of operation.parameters ?? []) to.message(8, () => writeParameter(to, parameter));
  to.message(9, () => {
    for (const [code, { description, schema }] of Object.entries(operation.responses))
      named(to, 1, code, () =>
        to.message(1, () => {
          to.text(1, description);
          if (schema !== undefined) to.message(2, () => to.message(1, () => writeSchema(to, schema)));
        }),
      );
  });
  writeExtensions(to, 13, { ...operation });
}

/** ParametersItem → Parameter → one of three messages. */
function writeParameter(to: WireWriter, parameter: V2Parameter): void {
  const { name, in: where, required, type, uniqueItems, schema } = parameter;
  to.message(1, () => {
    if (where === "body") {
      to.message(1, () => {
        to.text(2, name);
        to.text(3, where);
        to.bool(4, required);
        if (schema !== undefined) to.message(5, () => writeSchema(to, schema));
      });
      return;
    }
    const numbers = where === "query" ? { kind: 3, type: 6, unique: 20 } : { kind: 4, type: 5, unique: 19 };
    to.message(2, () =>
      to.message(numbers.kind, () => {
        to.bool(1, required);
        to.text(2, where);
        to.text(4, name);
        to.text(numbers.type, type);
        to.bool(numbers.unique, uniqueItems);
      }),
    );
  });
}

const texts = { $ref: 1, format: 2, title: 3, description: 4, pattern: 13 } as const;
const doubles = { multipleOf: 6, maximum: 7, minimum: 9 } as const;
const booleans = { exclusiveMaximum: 8, exclusiveMinimum: 10, uniqueItems: 16 } as const;
const integers = {
  maxLength: 11,
  minLength: 12,
  maxItems: 14,
  minItems: 15,
  maxProperties: 17,
  minProperties: 18,
} as const;

function writeSchema(to: WireWriter, schema: V2Schema): void {
  for (const [member, number] of Object.entries(texts)) to.text(number, asA("string", schema[member]));
  for (const [member, number] of Object.entries(doubles)) to.double(number, asA("number", schema[member]));
  for (const [member, number] of Object.entries(booleans)) to.bool(number, asA("boolean", schema[member]));
  for (const [member, number] of Object.entries(integers)) to.integer(number, asA("number", schema[member]));
  for (const name of schema.required ?? []) to.text(19, name);
  for (const value of schema.enum ?? []) to.message(20, () => writeAny(to, value));
  const { additionalProperties, type, items, properties } = schema;
  if (additionalProperties !== undefined)
    to.message(21, () => {
      if (typeof additionalProperties === "boolean") to.bool(2, additionalProperties);
      else to.message(1, () => writeSchema(to, additionalProperties));
    });
  if (type !== undefined) to.message(22, () => to.text(1, type));
  if (items !== undefined) to.message(23, () => to.message(1, () => writeSchema(to, items)));
  if (properties !== undefined)
    to.message(25, () => {
      for (const [name, property] of Object.entries(properties))
        named(to, 1, name, () => writeSchema(to, property));
    });
  writeExtensions(to, 31, schema);
}

function asA(type: "string", value: unknown): string | undefined;
function asA(type: "number", value: unknown): number | undefined;
function asA(type: "boolean", value: unknown): boolean | undefined;
function asA(type: "string" | "number" | "boolean", value: unknown): unknown {
  return typeof value === type ? value : undefined;
}
