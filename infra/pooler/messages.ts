/** Messages of the PostgreSQL frontend/backend protocol 3.0 (PostgreSQL manual, chapter "Message Formats"). Pure. */

/** Codes of the untyped first message of a connection. */
export const PROTOCOL_3_0 = 196_608;
export const CANCEL_REQUEST = 80_877_102;
export const SSL_REQUEST = 80_877_103;
export const GSSENC_REQUEST = 80_877_104;

/** The numeric type byte of a message: `code("Q")`. */
export const code = (letter: string): number => letter.charCodeAt(0);

/** One message: type, length, body. Without a type it is a start-up packet. */
export function message(type: string, ...parts: readonly (Uint8Array | string | number)[]): Buffer {
  const body = Buffer.concat(
    parts.map((part) => {
      if (typeof part === "string") return Buffer.from(`${part}\0`, "utf8");
      return typeof part === "number" ? int32(part) : part;
    }),
  );
  return Buffer.concat([Buffer.from(type, "latin1"), int32(body.length + 4), body]);
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

export interface ProtocolError {
  readonly severity: "ERROR" | "FATAL";
  /** SQLSTATE, five characters. */
  readonly sqlState: string;
  readonly message: string;
}

export function errorResponse(error: ProtocolError): Buffer {
  const field = (letter: string, value: string) => Buffer.from(`${letter}${value}\0`, "utf8");
  return message(
    "E",
    field("S", error.severity),
    field("V", error.severity),
    field("C", error.sqlState),
    field("M", error.message),
    Buffer.from([0]),
  );
}

/** The fields of an ErrorResponse by their letter (`C` = SQLSTATE, `M` = message, `V` = severity). */
export function errorFields(frame: Buffer): Map<string, string> {
  const fields = frame.toString("utf8", 5).split("\0");
  return new Map(fields.filter((field) => field !== "").map((field) => [field.slice(0, 1), field.slice(1)]));
}

/** The NUL-terminated string at `offset` and the offset behind it. Throws when the terminator is missing. */
export function cString(frame: Buffer, offset: number): { readonly text: string; readonly end: number } {
  const nul = frame.indexOf(0, offset);
  if (nul === -1) throw new RangeError("malformed message: unterminated string");
  return { text: frame.toString("utf8", offset, nul), end: nul + 1 };
}
