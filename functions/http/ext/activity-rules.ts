/** When a session's user was last seen, whose session it may be, and how that is shown (auth.md 3.8). Pure. */
import { userActivities } from "../../../schema/resources/ext.cattle.io/user-activities.ts";
import type { UserActivity } from "../../../schema/resources/ext.cattle.io/user-activities.ts";
import type { Token } from "../../../schema/resources/management.cattle.io/tokens.ts";
import { invalid } from "../../../schema/resources/names.ts";
import { canonicalTime } from "../../../schema/resources/times.ts";
import { forbiddenObject, invalidObject } from "../../../schema/store/errors.ts";
import { timestamp } from "../../../schema/store/metadata.ts";
import { idleEnd, tokenProblem } from "../../identity/token-validity.ts";

const lastDate = 8.64e15;

/** `name`: as the request has it, without the mark of its kind. */
export function activityOf(name: string, token: Token, idleMs: number): UserActivity {
  const { creationTimestamp, uid, resourceVersion } = token.metadata;
  const seen = canonicalTime(token.activityLastSeenAt ?? "");
  const end = idleEnd(token, idleMs);
  const known = { creationTimestamp, uid, resourceVersion };
  return {
    apiVersion: "ext.cattle.io/v1",
    kind: "UserActivity",
    metadata: {
      name,
      ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)),
    },
    spec: seen === undefined ? {} : { seenAt: seen },
    status: {
      expiresAt: seen === undefined || end === undefined ? "" : timestamp(new Date(Math.min(end, lastDate))),
    },
  };
}

/**
 * Throws `Forbidden` unless `token` is a session that lives, of the very user that `asking` is of. One that has ended for
 * idleness is not woken.
 */
export function requireOwnSession(
  name: string,
  token: Token,
  asking: Token | undefined,
  { now, idleMs }: { readonly now: number; readonly idleMs: number },
): void {
  const refusal = (why: string): Error => forbiddenObject(userActivities, name, why);
  if (asking === undefined) throw refusal("the token of the request is not known");
  if (token.userId !== asking.userId) throw refusal("it is another user's");
  if ((token.authProvider ?? "local") !== (asking.authProvider ?? "local"))
    throw refusal("it is of another auth provider");
  if ((token.userPrincipal ?? "") !== (asking.userPrincipal ?? ""))
    throw refusal("it is of another principal");
  if (token.isDerived === true) throw refusal("it is no session token");
  const problem = tokenProblem(token, now, idleMs);
  if (problem !== undefined) throw refusal(problems[problem]);
}

const problems = {
  disabled: "the token is disabled",
  deleted: "the token is deleted",
  expired: "the token has expired",
  idle: "the session has ended, having been idle",
  provider: "its auth provider is disabled",
} as const;

/**
 * What is noted of somebody who says that he was seen: not later than now, not earlier than is known; `undefined`: nothing new.
 * Throws `Invalid`.
 */
export function newlySeen(
  name: string,
  { spec = {} }: Pick<UserActivity, "spec">,
  token: Token,
  now: number,
): string | undefined {
  const { seenAt } = spec;
  const asked = seenAt == null ? timestamp(new Date(now)) : canonicalTime(seenAt);
  if (asked === undefined)
    throw invalidObject(userActivities, name, [invalid("spec.seenAt", seenAt, "must be an RFC 3339 time")]);
  const seen = Math.min(Date.parse(asked), now);
  const known = Date.parse(token.activityLastSeenAt ?? "");
  return seen <= known ? undefined : timestamp(new Date(seen));
}
