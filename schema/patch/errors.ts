/** Why a patch cannot be applied. */

const statusOf = {
  /** The patch itself is malformed. */
  BadRequest: 400,
  /** Too many operations. */
  RequestEntityTooLarge: 413,
  /** A well-formed patch that does not fit the document. */
  Invalid: 422,
} as const;

export type PatchErrorCode = keyof typeof statusOf;

/** The one error of all three patch formats; `code` and `status` as kube-apiserver would answer. */
export class PatchError extends Error {
  override readonly name = "PatchError";
  readonly code: PatchErrorCode;
  readonly status: (typeof statusOf)[PatchErrorCode];

  constructor(code: PatchErrorCode, message: string) {
    super(message);
    this.code = code;
    this.status = statusOf[code];
  }
}
