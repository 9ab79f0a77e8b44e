/** Who may pass to the handlers: identity by the route table, and nothing but the way out for a password that must be changed. */
import { extractBearer, sessionCookie, cookieValues } from "../../identity/bearer.ts";
import { identify } from "../../identity/identify.ts";
import { scopeAllows, serviceAccountMayUse } from "../../identity/scope.ts";
import { identifyServiceAccount } from "../../identity/service-accounts/authenticate.ts";
import { signerOf } from "../../identity/service-accounts/signer-of.ts";
import type { BoundStore } from "../../../schema/store/store.ts";
import { systemStore } from "../context.ts";
import type { AppContext } from "../context.ts";
import { ApiError } from "../errors.ts";

/**
 * Sets the identity; never refuses by itself. Whatever is wrong with a token, the caller is nobody. A database that
 * cannot be reached is not the caller's fault: 503, since 401 would make clients throw good tokens away.
 */
export async function authenticate(c: AppContext): Promise<void> {
  const { access } = c.get("route");
  if (access === "own") return;
  const bearer = extractBearer(c.req.raw.headers);
  const store = (): BoundStore => systemStore(c, "authenticator");
  const load =
    bearer.state === "token"
      ? identify(bearer.credential, { store, settings: c.get("settings") })
      : bearer.state === "jwt" && serviceAccountMayUse(c.req.path)
        ? identifyServiceAccount(bearer.token, () => signerOf(c.env), store)
        : undefined;
  const identity = access === "public" ? await load?.catch(() => undefined) : await load;
  if (identity !== undefined && scopeAllows(identity.token.clusterName, c.req.path))
    c.set("identity", identity);
}

/**
 * A browser sends the session cookie along with an upgrade that a foreign page asks for, and no CORS rule stops it
 * (CVE-2019-13209): such an upgrade must name our own host as its origin, whatever the User-Agent.
 */
export function refuseForeignOrigin(c: AppContext): void {
  const headers = c.req.raw.headers;
  const upgrade =
    headers.has("upgrade") || /(^|[\s,])upgrade($|[\s,])/i.test(headers.get("connection") ?? "");
  if (upgrade && cookieValues(headers.get("cookie") ?? "", sessionCookie).length > 0) {
    if (!sameHost(headers.get("origin"), c.get("origin")))
      throw new ApiError("Forbidden", "origin not allowed");
  }
}

/** Compares host and port, with the scheme's default port filled in. */
function sameHost(origin: string | null, own: string): boolean {
  if (origin === null || !URL.canParse(origin)) return false;
  return new URL(origin).host === new URL(own).host;
}

/** Deny by default: no handler after this sees a request that its route entry does not allow. */
export function requireAccess(c: AppContext): void {
  if (c.get("route").access === "authenticated" && c.get("identity") === undefined)
    throw new ApiError("Unauthorized", "must authenticate");
}

/** While the password must be changed, a token opens only what is needed to change it (auth.md 2.4, "Ours"). */
export function requireChangedPassword(c: AppContext): void {
  const identity = c.get("identity");
  const { access, beforePasswordChange } = c.get("route");
  if (identity?.mustChangePassword === true && access === "authenticated") {
    const self =
      beforePasswordChange === "yes" ||
      (beforePasswordChange === "me" && isOnlyMe(c.get("target"))) ||
      (beforePasswordChange === "self" && c.req.path === `/v3/users/${identity.userId}`);
    if (!self) throw new ApiError("Forbidden", "the password must be changed first");
  }
}

function isOnlyMe(target: string): boolean {
  return new URLSearchParams(target.slice(target.indexOf("?") + 1)).getAll("me").join() === "true";
}
