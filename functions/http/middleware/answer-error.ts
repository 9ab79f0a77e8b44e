/** Where thrown errors and unmatched paths become answers, in the shape of the route's face. */
import type { AppContext } from "../context.ts";
import { ApiError } from "../errors.ts";
import { renderError, toApiError } from "../render-error.ts";

/** Server faults are logged with their cause; the client learns the request id alone (`x-request-id`). */
export function answerError(thrown: unknown, c: AppContext): Response {
  const error = toApiError(thrown);
  const route = c.get("route");
  if (error.status >= 500) {
    c.get("log").error("request failed", {
      method: c.req.method,
      // The name of an import manifest holds its token.
      path: route.access === "own" ? route.path : c.req.path,
      status: error.status,
      error: error.cause ?? error,
    });
  }
  return renderError(error, route.face);
}

export function answerNotFound(c: AppContext): Response {
  return answerError(new ApiError("NotFound", "not found"), c);
}
