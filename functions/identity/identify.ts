/** From a credential to an identity: the ONE check path of all token kinds (design 6, auth.md 3.5). */
import { verifyTokenSecret } from "../../schema/auth/token-secret.ts";
import type { TokenCredential } from "../../schema/auth/token-secret.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { digestOf } from "./digest.ts";
import { hasher } from "./hasher.ts";
import { idleLimitOf } from "./idle-limit.ts";
import { authenticatedGroups } from "./identity.ts";
import type { Identity } from "./identity.ts";
import { fullName, readToken } from "./token-records.ts";
import { Remembered } from "../remembered.ts";
import type { Settings } from "../settings/settings.ts";
import { idleEnd, tokenFacts, tokenProblem } from "./token-validity.ts";
import { loadUserAccess } from "./user-access.ts";

/** One that is idle for too long may have been active since, in another isolate or this one: what is stored says. */
const identities = new Remembered<Identity>({
  maxEntries: 5_000,
  holds: ({ token, idleUntil = Infinity }, now) => now < (token.expiresAt ?? Infinity) && now <= idleUntil,
});

/** After this isolate wrote a token, a user, a role or a binding: its own revocations work at once. */
export function forgetIdentities(): void {
  identities.forget();
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
  let found: Identity | undefined;
  const known = await identities.read(
    // The memory holds no secret.
    digestOf(secret),
    async () => {
      found = await load();
      // Not one whose password must be changed: it must work in every isolate as soon as it has been.
      return found?.mustChangePassword === false ? found : undefined;
    },
    now,
  );
  return known ?? found;
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
