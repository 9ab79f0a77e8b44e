/** The one error type that handlers throw. Each API face renders it in its own shape (render-error.ts). */
import type { ErrorSubject, StoreCause } from "../../schema/store/errors.ts";

/** Stable codes. They are Norman's (norman-v3.md 1.7); the Kubernetes reason follows from the status. */
const statusOf = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  PermissionDenied: 403,
  NotFound: 404,
  ActionNotAvailable: 404,
  MethodNotAllow: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  PayloadTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  InvalidAction: 422,
  InvalidBodyContent: 422,
  InvalidCSRFToken: 422,
  InvalidCharacters: 422,
  InvalidFormat: 422,
  InvalidOption: 422,
  InvalidReference: 422,
  InvalidState: 422,
  InvalidType: 422,
  MaxLengthExceeded: 422,
  MaxLimitExceeded: 422,
  MinLengthExceeded: 422,
  MinLimitExceeded: 422,
  MissingRequired: 422,
  NotNullable: 422,
  NotUnique: 422,
  TooManyRequests: 429,
  ServerError: 500,
  ClusterUnavailable: 503,
  ServiceUnavailable: 503,
  Timeout: 504,
} as const;

export type ApiErrorCode = keyof typeof statusOf;

/**
 * metav1 StatusCause: what the store says, or the one that tells client-go to list again without a resourceVersion
 * (apimachinery, `IsResourceVersionTooLarge`).
 */
export type StatusCause =
  | StoreCause
  | { readonly reason: "ResourceVersionTooLarge"; readonly field: ""; readonly message: string };

export interface ApiErrorOptions {
  readonly cause?: unknown;
  /** Norman's `fieldName`. */
  readonly fieldName?: string;
  /** Kubernetes' `details.causes`. */
  readonly causes?: readonly StatusCause[];
  /** Kubernetes' `details.name`, `group` and `kind`. */
  readonly subject?: ErrorSubject | undefined;
  /** Seconds, sent as `Retry-After`. */
  readonly retryAfter?: number;
}

/** `message` is public: secrets and internals belong in `cause`, which only the log sees. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ApiErrorCode;
  readonly status: (typeof statusOf)[ApiErrorCode];
  readonly fieldName: string | undefined;
  readonly causes: readonly StatusCause[];
  readonly subject: ErrorSubject | undefined;
  readonly retryAfter: number | undefined;

  constructor(code: ApiErrorCode, message: string, options: ApiErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = statusOf[code];
    this.fieldName = options.fieldName;
    this.causes = options.causes ?? [];
    this.subject = options.subject;
    this.retryAfter = options.retryAfter;
  }
}
