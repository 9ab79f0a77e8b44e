/** A failure the operator can mend: shown as one line, without a stack, and the process exits with code 1. */
export class UserError extends Error {
  override readonly name = "UserError";
}
