/** CSRF for browsers (norman-v3.md 1.10): a cookie that only our own pages can read must come back with every write. */
import { getCookie, setCookie } from "hono/cookie";
import type { MiddlewareHandler } from "hono";
import { constantTimeEqual } from "../../../schema/auth/constant-time.ts";
import { randomBytes } from "../../identity/hasher.ts";
import type { AppContext, AppEnv } from "../context.ts";
import { ApiError } from "../errors.ts";

const cookieName = "CSRF";

export const csrf: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (!["GET", "HEAD"].includes(c.req.method)) requireCsrfToken(c);
  await next();
  if (isBrowser(c) && (getCookie(c, cookieName) ?? "") === "") {
    const value = Array.from(randomBytes(16), (byte) => byte.toString(16).padStart(2, "0")).join("");
    setCookie(c, cookieName, value, { path: "/", secure: true, sameSite: "Lax" });
  }
};

/** Throws `InvalidCSRFToken` for a browser that does not name its cookie's value. */
export function requireCsrfToken(c: AppContext): void {
  if (!isBrowser(c)) return;
  const cookie = getCookie(c, cookieName) ?? "";
  const query = new URLSearchParams(c.get("target").slice(c.req.path.length + 1));
  const given = c.req.raw.headers.get("x-api-csrf") ?? query.get("CSRF") ?? "";
  if (cookie === "" || !constantTimeEqual(utf8(given), utf8(cookie)))
    throw new ApiError("InvalidCSRFToken", "Invalid CSRF token");
}

function isBrowser(c: AppContext): boolean {
  return /mozilla/i.test(c.req.raw.headers.get("user-agent") ?? "");
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
