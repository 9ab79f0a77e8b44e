/** From a credential to an identity: the ONE check path of all token kinds (design 6, auth.md 3.5). */
import { verifyTokenSecret } from "../../schema/auth/token-secret.ts";
import type { TokenCredential } from "../../schema/auth/token-secret.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { digestOf } from "./digest.ts";
import { hasher } from "./hasher.ts";
import { createIdentityCache } from "./identity-cache.ts";
import { idleLimitOf } from "./idle-limit.ts";
import { authenticatedGroups } from "./identity.ts";
import type { Identity } from "./identity.ts";
import { fullName, readToken } from "./token-records.ts";
import type { Settings } from "../settings/settings.ts";
import { idleEnd, tokenFacts, tokenProblem } from "./token-validity.ts";
import { loadUserAccess } from "./user-access.ts";

const cache = createIdentityCache();

/** After this isolate wrote a token, a user, a role or a binding: its own revocations work at once. */
export function forgetIdentities(): void {
  cache.forget();
}

/** What an identity is made of, opened only on a miss, so that a hot request needs no database. */
export interface IdentitySources {
  readonly store: () => BoundStore;
  readonly settings: Settings;
}

/**
 * The identity behind a credential, or `undefined` whatever is wrong with it. At most 10 s old. Rejects only when the
 * store cannot be read.
 */
export async function identify(
  credential: TokenCredential,
  { store, settings }: IdentitySources,
  now: () => number = Date.now,
): Promise<Identity | undefined> {
  return remembered(
    `${fullName(credential)}:${credential.secret}`,
    () => load(credential, store(), settings, now()),
    now,
  );
}

/** The identity behind the text of a credential: remembered, or what `load` finds. */
export async function remembered(
  secret: string,
  load: () => Promise<Identity | undefined>,
  now: () => number = Date.now,
): Promise<Identity | undefined> {
  // The cache holds no secret.
  const key = digestOf(secret);
  const found = cache.get(key, now());
  // The user may have been active since, in another isolate or this one: what is stored says.
  const known = found !== undefined && now() > (found.idleUntil ?? Infinity) ? undefined : found;
  if (known !== undefined && !cache.renews(key, now())) return isExpired(known, now()) ? undefined : known;
  const began = cache.generation();
  let identity: Identity | undefined;
  try {
    identity = await load();
  } catch (error) {
    // Renewed too early to be a need: what is known holds a little longer.
    if (known === undefined || isExpired(known, now())) throw error;
    return known;
  }
  // Not one whose password must be changed: it must work in every isolate as soon as it has been.
  if (identity?.mustChangePassword === false) cache.set(key, identity, now(), began);
  else cache.drop(key);
  return identity;
}

async function load(
  credential: TokenCredential,
  store: BoundStore,
  settings: Settings,
  now: number,
): Promise<Identity | undefined> {
  const token = await readToken(store, fullName(credential));
  if (token === undefined) return undefined;
  if (!(await verifyTokenSecret(hasher(), token.token ?? "", credential.secret))) return undefined;
  const idleMs = await idleLimitOf(token, settings);
  if (tokenProblem(token, now, idleMs) !== undefined) return undefined;
  const access = await loadUserAccess(store, token.userId);
  if (access === undefined) return undefined;
  const { user, roles, rules } = access;
  const idleUntil = idleEnd(token, idleMs);
  return {
    userId: token.userId,
    username: user.username ?? "",
    groups: authenticatedGroups,
    roles,
    rules,
    extra: {
      principalid: [`local://${token.userId}`],
      username: [user.username ?? ""],
      requesttokenid: [token.metadata.name],
    },
    mustChangePassword: user.mustChangePassword === true,
    token: tokenFacts(token),
    ...(idleUntil === undefined ? {} : { idleUntil }),
  };
}

function isExpired(identity: Identity, now: number): boolean {
  return identity.token.expiresAt !== undefined && now >= identity.token.expiresAt;
}
