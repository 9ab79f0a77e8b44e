/** Who a request runs as. Data only: values of this type are cached and shared by requests (design 2). */
import type { ScopedRule } from "../../schema/rbac/types.ts";
import type { Claims } from "./service-accounts/claims.ts";
import type { Actor } from "../../schema/store/store.ts";

export type TokenKind = "session" | "api" | "kubeconfig" | "service-account";

/** What later checks need to know of the token that was presented. */
export interface TokenFacts {
  readonly name: string;
  readonly kind: TokenKind;
  /** Valid on this cluster's paths only (auth.md 3.5, point 6). */
  readonly clusterName?: string;
  /** Epoch milliseconds; absent = never. */
  readonly expiresAt?: number;
  readonly authProvider: string;
  /** Of a service account's token: what it depends on. */
  readonly claims?: Claims;
  /** Tells this token from another of its name, and from itself with another secret. */
  readonly proof?: string;
}

export interface Identity {
  readonly userId: string;
  /** Where it is not the user id: of a service account's object. */
  readonly uid?: string;
  /** Login name; empty for an impersonated name that is no user of ours. */
  readonly username: string;
  /** With `system:authenticated` and `system:cattle:authenticated`. */
  readonly groups: readonly string[];
  /** Names of the bound GlobalRoles. */
  readonly roles: readonly string[];
  /** Rules in the management plane, compiled from the bindings. */
  readonly rules: readonly ScopedRule[];
  /** `principalid`, `username`, `requesttokenid`; `requesthost` is added per request. */
  readonly extra: Readonly<Record<string, readonly string[]>>;
  readonly mustChangePassword: boolean;
  readonly token: TokenFacts;
  /** Epoch milliseconds: when the session ends, as far as is known here, unless its user is active before. */
  readonly idleUntil?: number;
  /** The authenticated user behind `Impersonate-User`. */
  readonly impersonator?: string;
}

export const authenticatedGroups = ["system:authenticated", "system:cattle:authenticated"] as const;

/** How the store sees an identity: never as the server itself, whatever it is called. */
export function actorOf({ userId, groups, rules }: Identity): Actor {
  return { name: userId, groups, rules };
}
