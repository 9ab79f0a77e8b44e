/** The headers that all answers carry, errors and streams included (auth.md 4.1, rows 1-3). */
import type { MiddlewareHandler } from "hono";
import type { AppContext, AppEnv } from "../context.ts";

/**
 * Sets a header on the answer. One of `stub.fetch` is immutable: it is rewrapped once, with its body passed on as it is
 * (no JavaScript touches the bytes) and its WebSocket, if it has one.
 */
function setHeader(c: AppContext, name: string, value: string): void {
  try {
    c.res.headers.set(name, value);
  } catch {
    const response = c.res;
    // Hono merges the headers of an answer that is being replaced; there is nothing to merge.
    c.res = undefined;
    c.res = new Response(response.body, response);
    c.res.headers.set(name, value);
  }
}

/** `X-API-Cattle-Auth`: whether the caller is authenticated; tells a client a stale session from a missing right. */
export const apiCattleAuth: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  setHeader(c, "x-api-cattle-auth", String(c.get("identity") !== undefined));
};

export const contentTypeOptions: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  setHeader(c, "x-content-type-options", "nosniff");
};

export const noCache: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  setHeader(c, "cache-control", "no-cache, no-store, must-revalidate");
};

/** So that a user can name the request whose details only the log has. */
export const requestIdHeader: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  setHeader(c, "x-request-id", c.get("requestId"));
};
