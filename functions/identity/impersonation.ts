/** `Impersonate-*` of a caller, judged in the management plane alone and never passed on (auth.md 4.2, CVE-2026-44945). */
import { systemStore } from "../http/context.ts";
import type { AppContext } from "../http/context.ts";
import type { Identity } from "./identity.ts";
import { authorizeImpersonation, parseImpersonation, serviceAccountName } from "./impersonation-request.ts";
import type { ImpersonationRequest } from "./impersonation-request.ts";
import { loadUserAccess } from "./user-access.ts";

/**
 * The identity that a request runs as: the caller's own, or the one he asked for and may take. Rights of the result are
 * those of the impersonated user, so that an administrator sees what that user sees. A service account of a cluster has
 * none in the management plane: it keeps the caller's there, and in the cluster it has only its own.
 */
export async function resolveImpersonation(c: AppContext, identity: Identity): Promise<Identity> {
  const request = parseImpersonation(c.req.raw.headers);
  if (request === undefined || isPlainSelf(identity, request)) return identity;
  authorizeImpersonation(identity, request);
  const taken = {
    userId: request.user,
    groups: [...new Set([...request.groups, "system:authenticated"])],
    mustChangePassword: false,
    token: identity.token,
    impersonator: identity.userId,
  };
  if (request.user === identity.userId)
    return { ...identity, ...taken, extra: { ...identity.extra, ...request.extra } };
  if (serviceAccountName.test(request.user))
    return { ...taken, username: "", roles: [], rules: identity.rules, extra: request.extra };
  const access = await loadUserAccess(systemStore(c, "impersonation"), request.user);
  return {
    ...taken,
    username: access?.user.username ?? "",
    roles: access?.roles ?? [],
    rules: access?.rules ?? [],
    extra: request.extra,
  };
}

function isPlainSelf(identity: Identity, { user, groups, extra }: ImpersonationRequest): boolean {
  return user === identity.userId && groups.length === 0 && Object.keys(extra).length === 0;
}
