/** From a service account's token to an identity. */
import type { BoundStore } from "../../../schema/store/store.ts";
import { remembered } from "../identify.ts";
import type { Identity } from "../identity.ts";
import { loadRbacRules } from "../rbac-rights.ts";
import { userNameOf } from "./claims.ts";
import type { Claims } from "./claims.ts";
import type { Signer } from "./signer.ts";
import { digestOf } from "../digest.ts";
import { verifyServiceAccountToken } from "./verify.ts";

const credentialIdExtra = "authentication.kubernetes.io/credential-id";

/** The identity behind a JWT, or `undefined` whatever is wrong with it. At most 10 s old, as of every token. */
export async function identifyServiceAccount(
  token: string,
  signer: () => Signer,
  store: () => BoundStore,
  now: () => number = Date.now,
): Promise<Identity | undefined> {
  const load = async (): Promise<Identity | undefined> => {
    const found = await verifyServiceAccountToken(token, { signer: signer(), store, now: now() });
    if (!found.ok) return undefined;
    const { token: facts, ...identity } = serviceAccountIdentity(found.claims);
    const rules = await loadRbacRules(store(), { user: identity.userId, groups: identity.groups });
    const proof = found.claims.kind === "legacy" ? digestOf(token) : undefined;
    return { ...identity, rules, token: { ...facts, ...(proof === undefined ? {} : { proof }) } };
  };
  return remembered(token, load, now);
}

/** As kube-apiserver names a service account: user, uid, groups, and which credential it was. Without rights. */
export function serviceAccountIdentity(claims: Claims): Identity {
  const { namespace, account } = claims;
  const id = claims.kind === "bound" ? claims.id : undefined;
  return {
    userId: userNameOf(namespace, account.name),
    uid: account.uid,
    username: "",
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
    roles: [],
    rules: [],
    extra: id === undefined ? {} : { [credentialIdExtra]: [`JTI=${id}`] },
    mustChangePassword: false,
    token: {
      name: id ?? "",
      kind: "service-account",
      ...(claims.kind === "bound" ? { expiresAt: claims.expiresAt * 1_000 } : {}),
      authProvider: "service-account",
      claims,
    },
  };
}
