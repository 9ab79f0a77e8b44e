/**
 * By whose rights a watch is open, in words that can be judged again while it lasts (auth.md 10, row 38): who presented which
 * token, whom he asked to be, and what he watches. It crosses to the fan-out object and comes back; it holds no secret.
 */
import { allows } from "../../schema/rbac/evaluate.ts";
import type { ResourceAttributes } from "../../schema/rbac/types.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { ApiError } from "../http/errors.ts";
import type { Settings } from "../settings/settings.ts";
import { idleLimitOf } from "./idle-limit.ts";
import type { Identity } from "./identity.ts";
import type { ImpersonationRequest } from "./impersonation-request.ts";
import { impersonated } from "./impersonation.ts";
import { loadRbacRules } from "./rbac-rights.ts";
import { hasEnded } from "./service-accounts/verify.ts";
import { readToken } from "./token-records.ts";
import { tokenFacts, tokenProblem } from "./token-validity.ts";
import { loadUserAccess } from "./user-access.ts";

type Caller = Pick<Identity, "userId" | "groups" | "token">;

interface WatchGrant {
  readonly v: 1;
  readonly caller: Caller;
  readonly as?: ImpersonationRequest;
  readonly asks: ResourceAttributes;
}

/** Equal for equal rights to the same objects: such watches are judged once. */
export function watchGrant(
  { userId, groups, token }: Caller,
  as: ImpersonationRequest | undefined,
  asks: ResourceAttributes,
): string {
  const grant: WatchGrant = {
    v: 1,
    caller: { userId, groups, token },
    ...(as === undefined ? {} : { as }),
    asks,
  };
  return JSON.stringify(grant);
}

/** What grants are judged by. `store`: the server's own. */
export interface GrantSources {
  readonly store: BoundStore;
  readonly settings: Settings;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Indexes of the grants that hold no longer. Rejects when the store cannot be read. */
export async function revokedGrants(sources: GrantSources, grants: readonly string[]): Promise<number[]> {
  const identities = new Map<string, Promise<Identity | undefined>>();
  const holds = async (text: string): Promise<boolean> => {
    const { v, caller, as, asks } = JSON.parse(text) as WatchGrant;
    // Of another version of this program: the client comes back, and its rights are judged then.
    if (v !== 1) return false;
    const key = JSON.stringify([caller, as]);
    const known = identities.get(key) ?? identityOf(sources, caller, as);
    identities.set(key, known);
    const identity = await known;
    return identity !== undefined && allows(identity.rules, asks);
  };
  const held = await Promise.all(grants.map(holds));
  return held.flatMap((holds, index) => (holds ? [] : [index]));
}

/** Who a request of the caller would run as now; `undefined`: it would be refused. */
async function identityOf(
  sources: GrantSources,
  caller: Caller,
  as: ImpersonationRequest | undefined,
): Promise<Identity | undefined> {
  const identity = await currentIdentity(sources, caller);
  if (identity === undefined || as === undefined) return identity;
  try {
    return await impersonated(sources.store, identity, as, "local");
  } catch (error) {
    if (error instanceof ApiError && error.code === "Forbidden") return undefined;
    throw error;
  }
}

async function currentIdentity(
  { store, settings, now }: GrantSources,
  { userId, groups, token: facts }: Caller,
): Promise<Identity | undefined> {
  const self = { userId, groups, extra: {}, mustChangePassword: false, token: facts };
  if (facts.claims !== undefined) {
    const subject = { user: userId, groups };
    const [ended, rules] = await Promise.all([
      hasEnded(facts.claims, facts.proof, store, now),
      loadRbacRules(store, subject),
    ]);
    return ended ? undefined : { ...self, username: "", roles: [], rules };
  }
  const [token, access] = await Promise.all([
    readToken(store, facts.name),
    loadUserAccess(store, userId, groups),
  ]);
  // One that was made anew under the name, or given another secret, is another token.
  if (token === undefined || token.userId !== userId || tokenFacts(token).proof !== facts.proof)
    return undefined;
  const idleMs = await idleLimitOf(token, settings);
  if (tokenProblem(token, now, idleMs) !== undefined) return undefined;
  if (access === undefined || access.user.mustChangePassword === true) return undefined;
  const { user, roles, rules } = access;
  return { ...self, username: user.username ?? "", roles, rules };
}
