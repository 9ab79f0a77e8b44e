/** Tokens of ext.cattle.io that callers make for themselves (auth.md 3.7): judged as keys of `/v3/tokens` are. */
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
import { hasher, randomBytes } from "../../identity/hasher.ts";
import type { Identity } from "../../identity/identity.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { cappedTtl, requireDeriving, ttlOf } from "../auth/tokens.ts";
import { ApiError } from "../errors.ts";
import type { OwnDeps } from "./own-type.ts";

type Spec = NonNullable<ExtensionToken["spec"]>;

/**
 * The secret is in `status` of the answer, and nowhere else; a dry run makes none. Throws `Forbidden` for who may derive no
 * tokens, or not for this cluster; `BadRequest` for another's, or a cluster that does not exist.
 */
export async function createToken(
  deps: OwnDeps,
  { metadata, spec = {} }: ExtensionToken,
  dryRun: boolean,
): Promise<ExtensionToken> {
  const { rows, settings, identity } = deps;
  const { userID = "", kind = "", clusterName = "", ttl = 0 } = spec;
  requireUser(identity);
  if (userID !== "" && userID !== identity.userId)
    throw new ApiError("BadRequest", "unable to create token for other user");
  const { notAfter } = requireDeriving(identity, clusterName === "" ? undefined : clusterName);
  // A session may derive tokens that outlive it: only a login makes one.
  if (kind === "session")
    throw invalidObject(tokens, "", [invalid("spec.kind", kind, "only a login makes a session")]);
  if (clusterName !== "" && (await absentAsUndefined(rows.get(clusters, "", clusterName))) === undefined)
    throw new ApiError("BadRequest", `cluster ${clusterName} not found`);
  const granted = cappedTtl(await ttlOf(settings, { kind: "api", ttlMs: ttl }), notAfter);
  const judged = { ...spec, ttl: granted <= 0 ? -1 : granted };
  const { row, secret, bearer } = await mintRow(deps, judged, { metadata, dryRun });
  const made = tokenOfSecret(row);
  if (dryRun) return made;
  return { ...made, status: { ...made.status, value: secret, bearerToken: bearer } };
}

export interface MintedRow {
  readonly row: Secret;
  /** For one answer only, never stored or logged; `bearer` is `ext/<name>:<secret>`. */
  readonly secret: string;
  readonly bearer: string;
}

/** Makes and stores the caller's token. `spec` has been judged; user and principal are the caller's, whatever it says. */
export async function mintRow(
  { rows, identity }: OwnDeps,
  spec: Spec,
  options: {
    readonly metadata?: ExtensionToken["metadata"];
    /** The server's own. */
    readonly labels?: Readonly<Record<string, string>>;
    readonly dryRun?: boolean;
  },
): Promise<MintedRow> {
  const { metadata = { name: "" }, labels = {}, dryRun = false } = options;
  const user = await rows.get<User>(users, "", identity.userId);
  const token: ExtensionToken = {
    apiVersion: "ext.cattle.io/v1",
    kind: "Token",
    metadata,
    spec: { ...spec, userID: identity.userId, userPrincipal: principalOf(user) },
  };
  const secret = generateTokenSecret(randomBytes);
  for (let attempt = 1; ; attempt++) {
    const name = `token-${generateNameSuffix(randomBytes)}`;
    const hash = hashTokenSecret(hasher(), secret, randomBytes);
    try {
      const wanted = secretOfToken(token, { name, hash, labels, now: new Date() });
      const row = await rows.create<Secret>(secrets, wanted, { dryRun });
      return { row, secret, bearer: `ext/${name}:${secret}` };
    } catch (error) {
      // Five random characters collide once in a while.
      if (!isStoreError(error, "AlreadyExists") || attempt === 5) throw error;
    }
  }
}

/** Throws `Forbidden` for who is no user of ours. */
export function requireUser({ userId, token }: Identity): void {
  if (token.kind === "service-account")
    throw new ApiError("Forbidden", `user ${userId} is not a user who can have tokens`);
}

/** Whoever asks: what a client says of itself does not count. */
function principalOf({
  metadata,
  displayName = "",
  username = "",
}: User): NonNullable<Spec["userPrincipal"]> {
  return {
    name: `local://${metadata.name}`,
    displayName,
    loginName: username,
    principalType: "user",
    me: true,
    provider: "local",
  };
}
