/** Whether a token whose secret was right may still be used (auth.md 3.4, 3.5). Pure. */
import type { Token } from "../../schema/resources/management.cattle.io/tokens.ts";
import { expiryOf } from "./token-ttl.ts";
import type { TokenFacts, TokenKind } from "./identity.ts";

export const tokenKindLabel = "authn.management.cattle.io/kind";
export const tokenUserLabel = "authn.management.cattle.io/token-userId";
export const tokenHashedAnnotation = "authn.management.cattle.io/token-hashed";

export type TokenProblem = "disabled" | "deleted" | "expired" | "idle" | "provider";

/**
 * Why a token is refused at `now` (epoch milliseconds), or `undefined`. `idleMs`: how long a session may be idle. Only the
 * local provider exists: a token of any other belongs to a disabled one.
 */
export function tokenProblem(token: Token, now: number, idleMs: number): TokenProblem | undefined {
  if (token.enabled === false) return "disabled";
  if (token.metadata.deletionTimestamp !== undefined) return "deleted";
  if ((token.authProvider ?? "local") !== "local") return "provider";
  const expiry = tokenExpiry(token);
  if (expiry !== undefined && now >= expiry) return "expired";
  return now > (idleEnd(token, idleMs) ?? Infinity) ? "idle" : undefined;
}

/** Whether its user's activity was recorded, so that it ends when he is idle. Others, even of logins, end by their time alone. */
export function isIdleJudged({ isDerived, activityLastSeenAt = "" }: Token): boolean {
  return isDerived !== true && activityLastSeenAt !== "";
}

/** Epoch milliseconds after which the token has ended for idleness; `undefined` = never. What cannot be read has ended. */
export function idleEnd(token: Token, idleMs: number): number | undefined {
  if (!isIdleJudged(token)) return undefined;
  const seen = Date.parse(token.activityLastSeenAt ?? "");
  const end = (Number.isFinite(seen) ? seen : -Infinity) + idleMs;
  return Number.isNaN(end) || end === Infinity ? undefined : end;
}

/** Epoch milliseconds; `undefined` = never. A token without a readable creation time has expired. */
export function tokenExpiry(token: Token): number | undefined {
  const created = Date.parse(token.metadata.creationTimestamp ?? "");
  return expiryOf(Number.isFinite(created) ? created : 0, token.ttl ?? 0);
}

/** What the label says, or what can be told without it. */
export function tokenKind(token: Token): TokenKind {
  const label = token.metadata.labels?.[tokenKindLabel];
  if (label === "session" || label === "kubeconfig") return label;
  return label === undefined && token.isDerived === false ? "session" : "api";
}

/** Changes with the secret: the stored form without the hash, which is version and salt. */
function proofOf({ metadata, token = "" }: Token): string {
  return `${metadata.uid ?? ""} ${token.slice(0, token.lastIndexOf(":"))}`;
}

export function tokenFacts(token: Token): TokenFacts {
  const expiresAt = tokenExpiry(token);
  return {
    name: token.metadata.name,
    kind: tokenKind(token),
    ...((token.clusterName ?? "") === "" ? {} : { clusterName: token.clusterName }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    authProvider: token.authProvider ?? "local",
    proof: proofOf(token),
  };
}
