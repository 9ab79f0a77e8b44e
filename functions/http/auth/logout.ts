/** Logout (auth.md 1.6): the presented token is gone afterwards, and no other. */
import { Hono } from "hono";
import { verifyTokenSecret } from "../../../schema/auth/token-secret.ts";
import type { TokenCredential } from "../../../schema/auth/token-secret.ts";
import { extractBearer } from "../../identity/bearer.ts";
import { hasher } from "../../identity/hasher.ts";
import { deleteToken, fullName, readToken } from "../../identity/token-records.ts";
import { systemStore } from "../context.ts";
import type { AppContext, AppEnv } from "../context.ts";
import { ApiError } from "../errors.ts";
import { requireCsrfToken } from "../norman/csrf.ts";
import { renderError } from "../render-error.ts";
import { clearedCookies } from "./cookies.ts";

export const logout = new Hono<AppEnv>()
  .post("/v1/logout", endSession)
  // `POST /v3/tokens` without a logout action makes a token: that is Norman's.
  .post("/v3/tokens", async (c, next) => (c.get("route").access === "own" ? endSession(c) : next()));

/**
 * Deletes the presented token if its secret is right, expired or not. Whatever is wrong with it, the cookies go: a
 * browser whose session was purged must get rid of them too. Not when nothing was presented: a form on a foreign page
 * sends no cookie of ours, and must not be able to clear them. The local provider has no session elsewhere, so
 * `logoutAll` does the same.
 */
async function endSession(c: AppContext): Promise<Response> {
  const bearer = extractBearer(c.req.raw.headers);
  if (bearer.state === "none") throw new ApiError("Unauthorized", "must authenticate");
  if (bearer.via === "cookie") requireCsrfToken(c);
  const ended = bearer.state === "token" && (await endToken(c, bearer.credential));
  const response = ended
    ? new Response(null)
    : renderError(new ApiError("Unauthorized", "must authenticate"), c.get("route").face);
  for (const cookie of clearedCookies()) response.headers.append("set-cookie", cookie);
  return response;
}

/** Whether it was a token of ours: an unknown one and a wrong secret are the same. */
async function endToken(c: AppContext, credential: TokenCredential): Promise<boolean> {
  const store = systemStore(c, "logout");
  const token = await readToken(store, fullName(credential));
  if (token === undefined) return false;
  if (!(await verifyTokenSecret(hasher(), token.token ?? "", credential.secret))) return false;
  await deleteToken(store, token.metadata.name);
  return true;
}
