/** Expected failures of the store, in Kubernetes' words. Each API face renders them in its own shape. */
import type { ConflictCause } from "../apply/conflict-message.ts";
import { typeKey } from "../resource.ts";
import type { ResourceDefinition } from "../resource.ts";
import type { FieldError } from "../structural/types.ts";

const statusOf = {
  BadRequest: 400,
  NotFound: 404,
  MethodNotAllow: 405,
  AlreadyExists: 409,
  Conflict: 409,
  /** The log no longer reaches back so far. */
  Expired: 410,
  Invalid: 422,
  Forbidden: 403,
  ServiceUnavailable: 503,
  /** What was asked for is yet to come. */
  Timeout: 504,
} as const;

export type StoreErrorCode = keyof typeof statusOf;

export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;
  readonly status: (typeof statusOf)[StoreErrorCode];
  readonly causes: readonly StoreCause[] | undefined;
  readonly subject: ErrorSubject | undefined;

  constructor(
    code: StoreErrorCode,
    message: string,
    { causes, subject }: { readonly causes?: readonly StoreCause[]; readonly subject?: ErrorSubject } = {},
  ) {
    super(message);
    this.code = code;
    this.status = statusOf[code];
    this.causes = causes;
    this.subject = subject;
  }
}

/** A field that is wrong, or that another manager owns. */
export type StoreCause = FieldError | ConflictCause;

/** What an error is about. */
export interface ErrorSubject {
  readonly definition: Pick<ResourceDefinition, "group" | "plural" | "kind">;
  readonly name?: string | undefined;
}

export function isStoreError(error: unknown, code?: StoreErrorCode): error is StoreError {
  return error instanceof StoreError && (code === undefined || error.code === code);
}

type Type = Pick<ResourceDefinition, "group" | "plural" | "kind">;

export function notFound(type: Type, name: string): StoreError {
  return new StoreError("NotFound", `${typeKey(type)} "${name}" not found`, {
    subject: { definition: type, name },
  });
}

export function alreadyExists(type: Type, name: string): StoreError {
  return new StoreError("AlreadyExists", `${typeKey(type)} "${name}" already exists`, {
    subject: { definition: type, name },
  });
}

export function conflict(type: Type, name: string, why?: string): StoreError {
  const reason =
    why ?? "the object has been modified; please apply your changes to the latest version and try again";
  return new StoreError(
    "Conflict",
    `Operation cannot be fulfilled on ${typeKey(type)} "${name}": ${reason}`,
    {
      subject: { definition: type, name },
    },
  );
}

export function forbiddenObject(type: Type, name: string, why: string): StoreError {
  const qualified = typeKey(type);
  return new StoreError("Forbidden", `${qualified} "${name}" is forbidden: ${why}`, {
    subject: { definition: type, name },
  });
}

export function invalidObject(type: Type, name: string, errors: readonly FieldError[]): StoreError {
  const causes = errors.map(({ field, message }) => (field === "" ? message : `${field}: ${message}`));
  const list = causes.length === 1 ? causes[0] : `[${causes.join(", ")}]`;
  const kind = "group" in type && type.group !== "" ? `${type.kind}.${type.group}` : type.kind;
  return new StoreError("Invalid", `${kind} "${name}" is invalid: ${list}`, {
    causes: errors,
    subject: { definition: type, name },
  });
}
