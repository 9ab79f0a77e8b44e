/** A selector that cannot be understood, in Kubernetes' words. */
export class SelectorError extends Error {
  override readonly name = "SelectorError";
}
