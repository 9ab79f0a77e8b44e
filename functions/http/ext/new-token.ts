/** A Token of ext.cattle.io that a caller makes for himself (auth.md 3.7): judged as a key of `/v3/tokens` is. */
import {
  generateNameSuffix,
  generateTokenSecret,
  hashTokenSecret,
} from "../../../schema/auth/token-secret.ts";
import { secrets } from "../../../schema/resources/core/secrets.ts";
import type { Secret } from "../../../schema/resources/core/secrets.ts";
import { secretOfToken, tokenOfSecret } from "../../../schema/resources/ext.cattle.io/token-rows.ts";
import { tokens } from "../../../schema/resources/ext.cattle.io/tokens.ts";
import type { ExtensionToken } from "../../../schema/resources/ext.cattle.io/tokens.ts";
import { clusters } from "../../../schema/resources/management.cattle.io/clusters.ts";
import { users } from "../../../schema/resources/management.cattle.io/users.ts";
import type { User } from "../../../schema/resources/management.cattle.io/users.ts";
import { invalid } from "../../../schema/resources/names.ts";
import { invalidObject, isStoreError } from "../../../schema/store/errors.ts";
import type { BoundStore } from "../../../schema/store/store.ts";
import { hasher, randomBytes } from "../../identity/hasher.ts";
import type { Identity } from "../../identity/identity.ts";
import type { Settings } from "../../settings/settings.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { cappedTtl, requireDeriving, ttlOf } from "../auth/tokens.ts";
import { ApiError } from "../errors.ts";

export interface NewTokenDeps {
  /** With every right on Secrets and users. */
  readonly rows: BoundStore;
  readonly settings: Settings;
  readonly identity: Identity;
}

/**
 * The secret is in `status` of the answer, and nowhere else; a dry run makes none. Throws `Forbidden` for who may derive no
 * tokens, or not for this cluster; `BadRequest` for another's, or a cluster that does not exist.
 */
export async function createToken(
  { rows, settings, identity }: NewTokenDeps,
  token: ExtensionToken,
  dryRun: boolean,
): Promise<ExtensionToken> {
  const { userID = "", kind = "", clusterName = "", ttl = 0 } = token.spec ?? {};
  const { userId } = identity;
  if (identity.token.kind === "service-account")
    throw new ApiError("Forbidden", `user ${userId} is not a user who can have tokens`);
  if (userID !== "" && userID !== userId)
    throw new ApiError("BadRequest", "unable to create token for other user");
  const { notAfter } = requireDeriving(identity, clusterName === "" ? undefined : clusterName);
  // A session may derive tokens that outlive it: only a login makes one.
  if (kind === "session")
    throw invalidObject(tokens, "", [invalid("spec.kind", kind, "only a login makes a session")]);
  if (clusterName !== "" && (await absentAsUndefined(rows.get(clusters, "", clusterName))) === undefined)
    throw new ApiError("BadRequest", `cluster ${clusterName} not found`);
  const user = await rows.get<User>(users, "", userId);
  const granted = cappedTtl(await ttlOf(settings, { kind: "api", ttlMs: ttl }), notAfter);
  const secret = generateTokenSecret(randomBytes);
  const wanted: ExtensionToken = {
    ...token,
    spec: {
      ...token.spec,
      userID: userId,
      userPrincipal: principalOf(user),
      ttl: granted <= 0 ? -1 : granted,
    },
  };
  for (let attempt = 1; ; attempt++) {
    const name = `token-${generateNameSuffix(randomBytes)}`;
    const hash = hashTokenSecret(hasher(), secret, randomBytes);
    try {
      const row = secretOfToken(wanted, { name, hash, now: new Date() });
      const made = tokenOfSecret(await rows.create<Secret>(secrets, row, { dryRun }));
      if (dryRun) return made;
      return { ...made, status: { ...made.status, value: secret, bearerToken: `ext/${name}:${secret}` } };
    } catch (error) {
      // Five random characters collide once in a while.
      if (!isStoreError(error, "AlreadyExists") || attempt === 5) throw error;
    }
  }
}

/** Whoever asks: what a client says of itself does not count. */
function principalOf({
  metadata,
  displayName = "",
  username = "",
}: User): NonNullable<NonNullable<ExtensionToken["spec"]>["userPrincipal"]> {
  return {
    name: `local://${metadata.name}`,
    displayName,
    loginName: username,
    principalType: "user",
    me: true,
    provider: "local",
  };
}
