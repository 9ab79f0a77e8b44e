/** TokenReview: whose token is this? For tokens of service accounts and of users, judged as this API itself would. */
import { parseTokenCredential } from "../../../../schema/auth/token-secret.ts";
import type { KubeObject } from "../../../../schema/object.ts";
import type { TokenReview } from "../../../../schema/resources/authentication.k8s.io/token-reviews.ts";
import type { BoundStore } from "../../../../schema/store/store.ts";
import { identify } from "../../../identity/identify.ts";
import type { Identity } from "../../../identity/identity.ts";
import { scopeAllows } from "../../../identity/scope.ts";
import { serviceAccountIdentity } from "../../../identity/service-accounts/authenticate.ts";
import { issuerOf, signerOf } from "../../../identity/service-accounts/signer-of.ts";
import {
  apiAudiences,
  looksLikeJwt,
  verifyServiceAccountToken,
} from "../../../identity/service-accounts/verify.ts";
import { systemStore } from "../../context.ts";
import { ApiError } from "../../errors.ts";
import type { Call } from "./call.ts";

type Answer = NonNullable<TokenReview["status"]>;

/** Without `audiences` the token must be one for this API. Throws `BadRequest` for an empty one. */
export async function reviewToken(call: Call, review: KubeObject): Promise<Answer> {
  const { token = "", audiences = [] } = (review as TokenReview).spec;
  if (token === "") throw new ApiError("BadRequest", "token is required for TokenReview in authentication");
  const { c } = call;
  const store = (): BoundStore => systemStore(c, "token-review");
  const signer = signerOf(c.env);
  const own = apiAudiences(await signer.keySet(), await issuerOf(c.get("settings")));
  const wanted = audiences.length > 0 ? audiences : own;
  if (looksLikeJwt(token)) {
    const found = await verifyServiceAccountToken(token, {
      signer,
      store,
      now: Date.now(),
      audiences: wanted,
    });
    if (!found.ok) return refused(found.reason);
    return accepted(serviceAccountIdentity(found.claims), found.audiences);
  }
  // A user's token is for this API, whoever asks.
  const shared = own.filter((audience) => wanted.includes(audience));
  const credential = parseTokenCredential(token);
  if (credential === undefined || shared.length === 0) return refused();
  const identity = await identify(credential, { store, settings: c.get("settings") });
  const isValid =
    identity !== undefined &&
    !identity.mustChangePassword &&
    scopeAllows(identity.token.clusterName, "/k8s/clusters/local");
  return isValid ? accepted(identity, shared) : refused();
}

/** What SelfSubjectReview and TokenReview say of somebody. */
export function userInfoOf({ userId, uid, groups, extra }: Identity): NonNullable<Answer["user"]> {
  return {
    username: userId,
    uid: uid ?? userId,
    groups: [...groups],
    ...(Object.keys(extra).length === 0
      ? {}
      : { extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])) }),
  };
}

function accepted(identity: Identity, audiences: readonly string[]): Answer {
  return { authenticated: true, user: userInfoOf(identity), audiences: [...audiences] };
}

/** In kube-apiserver's form, `user` being empty then. */
function refused(reason?: string): Answer {
  const all = [...new Set(["invalid bearer token", ...(reason === undefined ? [] : [reason])])];
  const error = all.length === 1 ? all[0] : `[${all.join(", ")}]`;
  return { user: {}, error: error ?? "" };
}
