/** Parses one HTTP/1.1 response head (RFC 9112), strictly: what two parsers could read differently is refused. */
import type { HeaderPair } from "./request.ts";

export interface ResponseHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly HeaderPair[];
  /** First value of a header, by lower-case name. */
  readonly get: (name: string) => string | undefined;
}

export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "until-close" };

const maxHeaders = 256;
const statusLine = /^HTTP\/1\.([01]) (\d{3})(?: (.*))?$/;
const headerLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/;
const decoder = new TextDecoder("latin1");

/** The head in `bytes` without its final empty line; a string says what is wrong with it. */
export function parseResponseHead(bytes: Uint8Array): ResponseHead | string {
  const lines = decoder.decode(bytes).split("\r\n");
  const first = statusLine.exec(lines[0] ?? "");
  if (first === null) return "malformed status line";
  if (lines.length - 1 > maxHeaders) return "too many headers";
  const headers: HeaderPair[] = [];
  for (const line of lines.slice(1)) {
    // A line that starts with a blank would continue the one before (obs-fold): no match, refused.
    const header = headerLine.exec(line);
    const value = header?.[2] ?? "";
    if (header?.[1] === undefined || /[\r\n\0]/.test(value)) return "malformed header line";
    headers.push([header[1], value]);
  }
  return {
    status: Number(first[2]),
    statusText: first[3] ?? "",
    headers,
    get: (name) => headers.find((pair) => pair[0].toLowerCase() === name)?.[1],
  };
}

/** RFC 9112 section 6.3. Both lengths at once, or two different ones, are refused. */
export function framingOf(head: ResponseHead, method: string): Framing | string {
  const codings = valuesOf(head, "transfer-encoding");
  const lengths = new Set(listOf(head, "content-length"));
  if (method === "HEAD" || head.status === 204 || head.status === 304) return { kind: "none" };
  if (codings.length > 0) {
    if (lengths.size > 0) return "Transfer-Encoding together with Content-Length";
    return codings.length === 1 && codings[0]?.toLowerCase() === "chunked"
      ? { kind: "chunked" }
      : "unknown Transfer-Encoding";
  }
  if (lengths.size === 0) return { kind: "until-close" };
  const [length] = lengths;
  if (lengths.size > 1 || length === undefined || !/^\d{1,15}$/.test(length)) return "invalid Content-Length";
  return { kind: "length", bytes: Number(length) };
}

/** Whether the peer keeps the connection open after this message. */
export function keepsAlive(head: ResponseHead): boolean {
  const connection = listOf(head, "connection").map((option) => option.toLowerCase());
  return !connection.includes("close");
}

/** By lower-case name. Every response asks for several: only names of that length are compared. */
function valuesOf({ headers }: ResponseHead, wanted: string): string[] {
  const values: string[] = [];
  for (const [name, value] of headers)
    if (name.length === wanted.length && name.toLowerCase() === wanted) values.push(value);
  return values;
}

function listOf(head: ResponseHead, wanted: string): string[] {
  return valuesOf(head, wanted).flatMap((value) => value.split(",").map((part) => part.trim()));
}
