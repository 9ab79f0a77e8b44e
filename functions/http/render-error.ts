/** The one place where errors become answers: one renderer per API face (style.md, rule 2). */
import { failureStatus } from "../../schema/kube-status.ts";
import { StoreError } from "../../schema/store/errors.ts";
import { ApiError } from "./errors.ts";
import { statusDetails } from "./kube/local/status-details.ts";

export type Face = "kube" | "norman" | "public-auth" | "text";

/** Any thrown value as an `ApiError`. What is not ours says nothing but "internal error"; the rest is in `cause`. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof StoreError) {
    const { code, message, causes = [], subject } = error;
    return new ApiError(code, message, { causes, subject, cause: error });
  }
  if (isUnreachable(error)) {
    return new ApiError("ServiceUnavailable", "the database cannot be reached", { cause: error });
  }
  return new ApiError("ServerError", "internal error", { cause: error });
}

/** postgres.js connection errors, and SQLSTATE classes 08 (connection), 53 (resources), 57P0x (shutdown). */
function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return /^(CONNECT|CONNECTION_|ECONN|EPIPE|ETIMEDOUT|08|53|57P0)/.test(String(error.code));
}

/** Renders an error for a face, with `Retry-After` where the error has one. */
export function renderError(error: ApiError, face: Face): Response {
  const headers: Record<string, string> = {
    "content-type": face === "text" ? "text/plain; charset=utf-8" : "application/json",
  };
  if (error.retryAfter !== undefined) headers["retry-after"] = String(error.retryAfter);
  return new Response(body(error, face), { status: error.status, headers });
}

function body(error: ApiError, face: Face): string {
  switch (face) {
    case "kube":
      return JSON.stringify(kubeStatus(error));
    case "norman":
      return JSON.stringify(error.code === "Unauthorized" ? mustAuthenticate : normanError(error));
    case "public-auth":
      return JSON.stringify(normanError(error));
    case "text":
      return `${error.message}\n`;
    default:
      return face satisfies never;
  }
}

/** Filters before Norman answer so, with a string status and no code (norman-v3.md 1.7, tunnel.md 4.2). */
const mustAuthenticate = {
  type: "error",
  status: "401",
  message: "Unauthorized 401: must authenticate",
} as const;

/** norman-v3.md 1.7. */
export function normanError(error: ApiError): object {
  return {
    type: "error",
    baseType: "error",
    status: error.status,
    code: error.code,
    message: error.message,
    ...(error.fieldName === undefined ? {} : { fieldName: error.fieldName }),
  };
}

const reasons: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  406: "NotAcceptable",
  409: "Conflict",
  410: "Expired",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

/** A metav1 `Status`. 401 says what kube-apiserver says, whatever the cause. */
export function kubeStatus(error: ApiError): object {
  const unauthorized = error.status === 401;
  const reason = error.code === "AlreadyExists" ? "AlreadyExists" : reasons[error.status];
  const { causes, subject, retryAfter: retryAfterSeconds } = error;
  const details = statusDetails(reason, subject, { causes, retryAfterSeconds });
  return failureStatus(error.status, reason, unauthorized ? "Unauthorized" : error.message, details);
}
