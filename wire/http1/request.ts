/** HTTP/1.1 request heads and chunked bodies as bytes (RFC 9112). Refuses what could smuggle a second request. */

export type HeaderPair = readonly [name: string, value: string];

/** A name, value or target that must not go on the wire. */
export class InvalidRequest extends Error {}

const encoder = new TextEncoder();
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Visible ASCII: a request target has no spaces and no controls; anything else must be percent-encoded already. */
const target = /^[\x21-\x7e]+$/;
// oxlint-disable-next-line no-control-regex -- controls are what this finds
const forbiddenInValue = /[\u0000-\u0008\u000a-\u001f\u007f]/;

export function encodeRequestHead(
  method: string,
  requestTarget: string,
  headers: readonly HeaderPair[],
): Uint8Array {
  if (!token.test(method)) throw new InvalidRequest("invalid method");
  if (!target.test(requestTarget)) throw new InvalidRequest("invalid request target");
  let head = `${method} ${requestTarget} HTTP/1.1\r\n`;
  for (const [name, value] of headers) {
    if (!token.test(name)) throw new InvalidRequest("invalid header name");
    if (forbiddenInValue.test(value)) throw new InvalidRequest(`invalid value of header ${name}`);
    head += `${name}: ${value}\r\n`;
  }
  return encoder.encode(`${head}\r\n`);
}

const crlf = encoder.encode("\r\n");
export const lastChunk = encoder.encode("0\r\n\r\n");

/** One chunk of a chunked body. An empty one would end the body: the caller skips those. */
export function encodeChunk(bytes: Uint8Array): Uint8Array {
  const size = encoder.encode(`${bytes.length.toString(16)}\r\n`);
  const chunk = new Uint8Array(size.length + bytes.length + crlf.length);
  chunk.set(size);
  chunk.set(bytes, size.length);
  chunk.set(crlf, size.length + bytes.length);
  return chunk;
}
