/** Why an object cannot be applied. */
import type { PathElement } from "./path-element.ts";

/** One conflict: a field that another manager owns and this one would change. */
export interface Conflict {
  /** The identifier of the other manager (managers.ts). */
  readonly manager: string;
  /** `.spec.replicas`. */
  readonly path: string;
  readonly elements: readonly PathElement[];
}

/** The value does not fit its schema; the message begins with the path of what is wrong. */
export class TypedError extends Error {
  override readonly name = "TypedError";
}

/** Fields are owned by others, and the client did not force. */
export class ConflictError extends Error {
  override readonly name = "ConflictError";
  readonly conflicts: readonly Conflict[];

  constructor(conflicts: readonly Conflict[]) {
    super("conflicts");
    this.conflicts = conflicts;
  }
}

/** A configuration that cannot be applied whatever the live object is. */
export class ApplyError extends Error {
  override readonly name = "ApplyError";
}
