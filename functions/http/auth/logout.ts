/** Logout (auth.md 1.6): the presented token is gone afterwards, and no other. */
import { Hono } from "hono";
import { verifyTokenSecret } from "../../../schema/auth/token-secret.ts";
import { tokens } from "../../../schema/resources/management.cattle.io/tokens.ts";
import type { Token } from "../../../schema/resources/management.cattle.io/tokens.ts";
import { extractBearer } from "../../identity/bearer.ts";
import { hasher } from "../../identity/hasher.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { systemStore } from "../context.ts";
import type { AppContext, AppEnv } from "../context.ts";
import { ApiError } from "../errors.ts";
import { clearedCookies } from "./cookies.ts";

export const logout = new Hono<AppEnv>()
  .post("/v1/logout", endSession)
  // `POST /v3/tokens` without a logout action makes a token: that is Norman's.
  .post("/v3/tokens", async (c, next) => (c.get("route").access === "own" ? endSession(c) : next()));

/**
 * Deletes the presented token if its secret is right, expired or not: a browser with a stale session must get rid of
 * its cookie too. The local provider has no session elsewhere, so `logoutAll` does the same.
 */
async function endSession(c: AppContext): Promise<Response> {
  const bearer = extractBearer(c.req.raw.headers);
  if (bearer.state !== "token") throw new ApiError("Unauthorized", "must authenticate");
  const { name, secret } = bearer.credential;
  const store = systemStore(c, "logout");
  const token = await absentAsUndefined(store.get<Token>(tokens, "", name));
  if (token === undefined || !(await verifyTokenSecret(hasher(), token.token ?? "", secret)))
    throw new ApiError("Unauthorized", "must authenticate");
  await absentAsUndefined(store.delete(tokens, "", name));
  const headers = new Headers();
  for (const cookie of clearedCookies()) headers.append("set-cookie", cookie);
  return new Response(null, { headers });
}
