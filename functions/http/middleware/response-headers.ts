/** The headers that all answers carry, errors and streams included (auth.md 4.1, rows 1-3). */
import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "../context.ts";

/** `X-API-Cattle-Auth`: whether the caller is authenticated; tells a client a stale session from a missing right. */
export const apiCattleAuth: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  c.res.headers.set("x-api-cattle-auth", String(c.get("identity") !== undefined));
};

export const contentTypeOptions: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  c.res.headers.set("x-content-type-options", "nosniff");
};

export const noCache: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  c.res.headers.set("cache-control", "no-cache, no-store, must-revalidate");
};

/** So that a user can name the request whose details only the log has. */
export const requestIdHeader: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  c.res.headers.set("x-request-id", c.get("requestId"));
};
