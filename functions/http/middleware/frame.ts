/**
 * What stands around every handler, in Rancher's order (design 2). Two steps for Hono, plain calls within: each step of its
 * chain costs every request.
 */
import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "../context.ts";
import { authenticate, refuseForeignOrigin, requireAccess, requireChangedPassword } from "./access.ts";
import { drainBody } from "./drain-body.ts";
import { logRequest } from "./log-request.ts";
import { dropInternalHeaders, fillContext, refuseOddTarget } from "./request-context.ts";
import { setAnswerHeaders } from "./response-headers.ts";

/** Names the request, and sees to what every answer has, errors and refusals included. */
export const frame: MiddlewareHandler<AppEnv> = async (c, next) => {
  const began = Date.now();
  fillContext(c);
  await next();
  await setAnswerHeaders(c);
  logRequest(c, began);
  await drainBody(c);
};

/** No handler behind this sees a request that the route table does not allow: deny by default. */
export const guard: MiddlewareHandler<AppEnv> = async (c, next) => {
  refuseOddTarget(c);
  dropInternalHeaders(c);
  await authenticate(c);
  refuseForeignOrigin(c);
  requireAccess(c);
  requireChangedPassword(c);
  await next();
};
