/** `Impersonate-*` of a caller, judged in the management plane alone and never passed on (auth.md 4.2, CVE-2026-44945). */
import { serviceAccountGroups, serviceAccountOf } from "../../schema/rbac/compile.ts";
import { users } from "../../schema/resources/management.cattle.io/users.ts";
import type { User } from "../../schema/resources/management.cattle.io/users.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { systemStore } from "../http/context.ts";
import type { AppContext } from "../http/context.ts";
import { ApiError } from "../http/errors.ts";
import { absentAsUndefined } from "../store/absent.ts";
import type { Identity } from "./identity.ts";
import { authorizeImpersonation, parseImpersonation } from "./impersonation-request.ts";
import type { ImpersonationRequest } from "./impersonation-request.ts";
import { loadRights, mayAct } from "./user-access.ts";

/**
 * The identity that a request runs as: the caller's own, or the one he asked for and may take. Rights of the result are
 * those of whom it names, so that an administrator sees what that user sees. `where`: a service account of a CLUSTER is
 * none of the management plane's: the caller keeps his rights there, and in the cluster it has only its own.
 */
export async function resolveImpersonation(
  c: AppContext,
  identity: Identity,
  where: "local" | "cluster",
): Promise<Identity> {
  const request = impersonationAsked(c, identity);
  if (request === undefined) return identity;
  if (where === "cluster" && request.uid !== undefined)
    throw new ApiError("BadRequest", "Impersonate-Uid is not supported");
  return impersonated(systemStore(c, "impersonation"), identity, request, where);
}

/** Whom the caller asks to be, if it is not just himself. Throws `BadRequest`. */
export function impersonationAsked(c: AppContext, identity: Identity): ImpersonationRequest | undefined {
  const request = parseImpersonation(c.req.raw.headers);
  return request === undefined || isPlainSelf(identity, request) ? undefined : request;
}

/** Throws `Forbidden` for what the caller may not take. `store`: the server's own. */
export async function impersonated(
  store: BoundStore,
  identity: Identity,
  request: ImpersonationRequest,
  where: "local" | "cluster",
): Promise<Identity> {
  authorizeImpersonation(identity, request);
  const { user, uid, extra } = request;
  const isSelf = user === identity.userId;
  const account = serviceAccountOf(user);
  const given =
    account !== undefined && request.groups.length === 0
      ? serviceAccountGroups(account.namespace)
      : request.groups;
  const taken = {
    userId: user,
    groups: [...new Set([...given, "system:authenticated"])],
    ...(uid === undefined ? {} : { uid }),
    extra: isSelf ? { ...identity.extra, ...extra } : extra,
    mustChangePassword: false,
    token: identity.token,
    ...(identity.idleUntil === undefined ? {} : { idleUntil: identity.idleUntil }),
    impersonator: identity.userId,
  };
  if (where === "cluster" && account !== undefined)
    return { ...taken, username: "", roles: [], rules: identity.rules };
  const [known, rights] = await Promise.all([
    absentAsUndefined(store.get<User>(users, "", user)),
    loadRights(store, { user, groups: taken.groups }),
  ]);
  const username = known?.username ?? "";
  // Nobody acts as a user who may not act himself.
  return known === undefined || mayAct(known)
    ? { ...taken, ...rights, username }
    : { ...taken, username, roles: [], rules: [] };
}

function isPlainSelf(identity: Identity, { user, groups, uid, extra }: ImpersonationRequest): boolean {
  return (
    user === identity.userId && groups.length === 0 && uid === undefined && Object.keys(extra).length === 0
  );
}
