/** Request bodies of the Kubernetes API: JSON, YAML or protobuf, bounded, with what strict decoding would refuse. */
import { parseAllDocuments, parseDocument } from "yaml";
import type { Document } from "yaml";
import { JsonSyntaxError, parseStrictJson } from "../../../../schema/json/strict-parse.ts";
import { ProtobufError, decodeProtobuf } from "../../../../schema/protobuf/decode.ts";
import { readBody, readBytes } from "../../body.ts";
import { ApiError } from "../../errors.ts";
import { goScalars } from "./yaml-scalars.ts";

export interface Body {
  readonly value: Record<string, unknown>;
  /** What the text had twice, in Kubernetes' words: `duplicate field "a.b"`; of YAML `line 9: key "a" already set in map`. */
  readonly duplicates: readonly string[];
}

/** kube-apiserver's limit (design 3). */
export const maxRequestBytes = 3 * 1024 * 1024;
const maxYamlAliases = 100;

const json = "application/json";
const yaml = "application/yaml";
const protobuf = "application/vnd.kubernetes.protobuf";

/**
 * An object. `custom`: of a user's type, for which protobuf has no messages. Throws `UnsupportedMediaType`,
 * `PayloadTooLarge`, `BadRequest`.
 */
export async function readObject(
  request: Request,
  { custom = false }: { readonly custom?: boolean } = {},
): Promise<Body> {
  const type = mediaType(request);
  if (custom && type === protobuf) throw unknownMediaType([json, yaml]);
  switch (type) {
    case "":
    case json:
      return objectOf(parseJson(await readBody(request, maxRequestBytes)));
    case yaml:
    case "application/x-yaml":
      return objectOf(parseYaml(await readBody(request, maxRequestBytes)));
    case protobuf:
      return { value: parseProtobuf(await readBytes(request, maxRequestBytes)), duplicates: [] };
    default:
      throw unknownMediaType([json, yaml, protobuf]);
  }
}

/** A body that may be absent, such as DeleteOptions: `undefined`. */
export async function readOptionalObject(request: Request): Promise<Body | undefined> {
  if (request.body === null) return undefined;
  const text = request.clone();
  const type = mediaType(request);
  if (type !== protobuf && (await readBody(text, maxRequestBytes)).trim() === "") return undefined;
  return readObject(request);
}

/** A configuration to apply: YAML, which most clients send as JSON, and of which doubled members are said as of YAML. */
export async function readConfiguration(request: Request): Promise<Body> {
  const text = await readBody(request, maxRequestBytes);
  if (text.trimStart().startsWith("{")) {
    try {
      const { value, duplicates } = parseStrictJson(text);
      return objectOf({
        value,
        duplicates: duplicates.length === 0 ? [] : doubledKeys(text, parseDocument(text)),
      });
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
    }
  }
  return objectOf(parseYaml(text));
}

function doubledKeys(text: string, { errors }: Pick<Document, "errors">): string[] {
  return errors
    .filter(({ code }) => code === doubledKey)
    .map(({ pos: [start], linePos }) => {
      const [key = ""] =
        /^(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^:\n]*)/.exec(text.slice(start, start + maxKey)) ?? [];
      const name = key.replace(/^["']|["']$/g, "").trim();
      return `line ${linePos?.[0].line ?? 0}: key ${JSON.stringify(name)} already set in map`;
    });
}

/** The parser's name for it. */
const doubledKey = "DUPLICATE_KEY";
/** No message needs more of a key. */
const maxKey = 256;

/** JSON of any kind: a JSON patch is a list. */
export async function readJson(request: Request): Promise<{ value: unknown; duplicates: readonly string[] }> {
  return parseJson(await readBody(request, maxRequestBytes));
}

/** Without parameters, in lower case; empty when the client names none. */
export function mediaType(request: Request): string {
  return (request.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}

export function unknownMediaType(accepted: readonly string[]): ApiError {
  return new ApiError(
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`,
  );
}

function parseJson(text: string): { value: unknown; duplicates: readonly string[] } {
  try {
    const { value, duplicates } = parseStrictJson(text);
    return { value, duplicates: duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`) };
  } catch (error) {
    if (error instanceof JsonSyntaxError)
      throw new ApiError("BadRequest", `the request body is not valid JSON: ${error.message}`);
    throw error;
  }
}

/**
 * Through JSON text, so that YAML gets no other values than JSON has, nor numbers that JSON would round. Doubled keys are said, and
 * the last of each counts; of several documents the first.
 */
function parseYaml(text: string): { value: unknown; duplicates: readonly string[] } {
  try {
    const [document] = parseAllDocuments(text, {
      intAsBigInt: true,
      merge: true,
      customTags: (tags) => [...goScalars, ...tags],
    });
    if (document === undefined) return { value: null, duplicates: [] };
    const fault = document.errors.find(({ code }) => code !== doubledKey);
    if (fault !== undefined) throw fault;
    const value: unknown = document.toJS({ maxAliasCount: maxYamlAliases });
    return { value: JSON.parse(JSON.stringify(value, yamlMember)), duplicates: doubledKeys(text, document) };
  } catch (error) {
    throw new ApiError("BadRequest", `the request body is not valid YAML: ${String(error)}`);
  }
}

function yamlMember(_key: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value))
    throw new RangeError(`the number ${value} has no form in JSON`);
  if (typeof value !== "bigint") return value;
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`the integer ${value} is too large`);
  return number;
}

function parseProtobuf(bytes: Uint8Array): Record<string, unknown> {
  try {
    const { apiVersion, kind, object } = decodeProtobuf(bytes);
    return { apiVersion, kind, ...object };
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    if (error.code === "unknown-kind") throw new ApiError("UnsupportedMediaType", error.message);
    if (error.code === "too-large") throw new ApiError("PayloadTooLarge", error.message);
    throw new ApiError("BadRequest", `the request body is not valid protobuf: ${error.message}`);
  }
}

function objectOf({ value, duplicates }: { value: unknown; duplicates: readonly string[] }): Body {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new ApiError("BadRequest", "the request body is not an object");
  return { value: value as Record<string, unknown>, duplicates };
}
