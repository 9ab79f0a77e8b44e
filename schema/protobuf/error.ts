/** What is wrong with a protobuf body. */

/**
 * `malformed`: not what the wire format and the message allow; `too-large`: more values than any object may have;
 * `unknown-kind`: well-formed, of a kind that has no descriptor.
 */
export type ProtobufProblem = "malformed" | "too-large" | "unknown-kind";

export class ProtobufError extends Error {
  override readonly name = "ProtobufError";
  readonly code: ProtobufProblem;

  constructor(code: ProtobufProblem, message: string) {
    super(message);
    this.code = code;
  }
}

export function malformed(message: string): ProtobufError {
  return new ProtobufError("malformed", message);
}
