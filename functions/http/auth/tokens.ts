/** Makes tokens: sessions, API keys, kubeconfig tokens (auth.md 3.1-3.4). The secret leaves here once and is stored hashed. */
import {
  generateNameSuffix,
  generateTokenSecret,
  hashTokenSecret,
} from "../../../schema/auth/token-secret.ts";
import { allows } from "../../../schema/rbac/evaluate.ts";
import { tokens } from "../../../schema/resources/management.cattle.io/tokens.ts";
import type { Token } from "../../../schema/resources/management.cattle.io/tokens.ts";
import { isStoreError } from "../../../schema/store/errors.ts";
import type { BoundStore } from "../../../schema/store/store.ts";
import { hasher, randomBytes } from "../../identity/hasher.ts";
import type { Identity, TokenKind } from "../../identity/identity.ts";
import { ingestTtl } from "../../identity/token-ttl.ts";
import type { TtlPolicy } from "../../identity/token-ttl.ts";
import { tokenHashedAnnotation, tokenKindLabel, tokenUserLabel } from "../../identity/token-validity.ts";
import type { Settings } from "../../settings/settings.ts";
import { systemStore } from "../context.ts";
import type { AppContext } from "../context.ts";
import { ApiError } from "../errors.ts";

export interface MintInput {
  readonly kind: TokenKind;
  readonly userId: string;
  readonly description?: string;
  /** As asked for, in milliseconds; sessions ignore it. */
  readonly ttlMs?: number;
  /** Binds the token to this cluster's paths. */
  readonly clusterName?: string;
  /** Epoch milliseconds at which it ends at the latest. */
  readonly notAfter?: number;
}

export interface MintedToken {
  readonly object: Token;
  /** `<name>:<secret>`: for this answer only, never stored or logged. */
  readonly bearer: string;
}

export interface MintDeps {
  /** With every right on tokens. */
  readonly store: BoundStore;
  readonly settings: Settings;
}

/** Makes and stores a token of any kind. Judges nobody's rights: callers do (login, `deriveToken`). */
export async function mintToken(deps: MintDeps, input: MintInput): Promise<MintedToken> {
  const ttl = cappedTtl(await ttlOf(deps.settings, input), input.notAfter);
  const secret = generateTokenSecret(randomBytes);
  for (let attempt = 1; ; attempt++) {
    try {
      const object = await deps.store.create<Token>(tokens, tokenObject(input, ttl, secret), {
        creatorId: input.userId,
      });
      return { object, bearer: `${object.metadata.name}:${secret}` };
    } catch (error) {
      // Five random characters collide once in a while.
      if (!isStoreError(error, "AlreadyExists") || attempt === 5) throw error;
    }
  }
}

function tokenObject(input: MintInput, ttl: number, secret: string): Token {
  return {
    apiVersion: "management.cattle.io/v3",
    kind: "Token",
    metadata: {
      name: tokenName(input) + generateNameSuffix(randomBytes),
      labels: { [tokenUserLabel]: input.userId, [tokenKindLabel]: input.kind },
      annotations: { [tokenHashedAnnotation]: "true" },
    },
    token: hashTokenSecret(hasher(), secret, randomBytes),
    userId: input.userId,
    authProvider: "local",
    userPrincipal: `local://${input.userId}`,
    ttl,
    isDerived: input.kind !== "session",
    description: input.description ?? "",
    enabled: true,
    ...(input.clusterName === undefined ? {} : { clusterName: input.clusterName }),
  };
}

/** All but the five random characters (auth.md 3.1, norman-v3.md 5.2). */
function tokenName({ kind, userId, clusterName }: MintInput): string {
  if (kind !== "kubeconfig") return "token-";
  return clusterName === undefined ? `kubeconfig-${userId}` : `kubeconfig-${userId}.${clusterName}`;
}

/** A session lives as long as the setting says, whatever was asked for; the others by the ingest table (auth.md 3.4). */
export async function ttlOf(
  settings: Settings,
  { kind, ttlMs = 0 }: Pick<MintInput, "kind" | "ttlMs">,
): Promise<number> {
  if (kind === "session") {
    const minutes = await settings.number("auth-user-session-ttl-minutes", 960);
    return ingestTtl(0, { defaultMinutes: minutes, maxMinutes: 0 });
  }
  return ingestTtl(ttlMs, await ttlPolicy(settings, kind));
}

/** What the settings say of tokens that are no sessions. */
export async function ttlPolicy(settings: Settings, kind: TokenKind = "api"): Promise<TtlPolicy> {
  const prefix = kind === "api" ? "auth-token" : "kubeconfig";
  const [defaultMinutes, maxMinutes] = await Promise.all([
    settings.number(
      prefix === "auth-token" ? "auth-token-default-ttl-minutes" : "kubeconfig-default-token-ttl-minutes",
      43_200,
    ),
    settings.number(
      prefix === "auth-token" ? "auth-token-max-ttl-minutes" : "kubeconfig-max-token-ttl-minutes",
      129_600,
    ),
  ]);
  return { defaultMinutes, maxMinutes };
}

/** The life counts from the stored creation time, which is at most a second before now: never beyond `notAfter`. */
export function cappedTtl(ttl: number, notAfter: number | undefined): number {
  if (notAfter === undefined) return ttl;
  const left = Math.max(notAfter - Date.now(), 1);
  return ttl <= 0 ? left : Math.min(ttl, left);
}

export type DeriveInput = Omit<MintInput, "kind" | "userId" | "notAfter"> & {
  readonly kind: "api" | "kubeconfig";
};

/** A further token for the caller. Throws as `requireDeriving`. */
export async function deriveToken(
  c: AppContext,
  identity: Identity,
  input: DeriveInput,
): Promise<MintedToken> {
  const until = requireDeriving(identity, input.clusterName);
  const deps = { store: systemStore(c, "token-issuer"), settings: c.get("settings") };
  return mintToken(deps, { ...input, userId: identity.userId, ...until });
}

/**
 * Whether the caller may make further tokens, and until when they may last. From a session or an API key: the CLI and
 * Terraform have nothing else. What a key derives ends with it ("Ours", auth.md 3.2): a leaked key must not be able to make
 * itself immortal. Kubeconfigs and tokens of one cluster derive nothing. Throws `Forbidden` for those, and for a cluster that
 * the caller may not see.
 */
export function requireDeriving(
  identity: Identity,
  clusterName: string | undefined,
): Pick<MintInput, "notAfter"> {
  const { kind, clusterName: scope, expiresAt } = identity.token;
  if (kind === "kubeconfig" || scope !== undefined || identity.impersonator !== undefined)
    throw new ApiError("Forbidden", "only a login session or an API key without a cluster may create tokens");
  if (clusterName !== undefined && !maySeeCluster(identity, clusterName))
    throw new ApiError("Forbidden", `no access to cluster ${clusterName}`);
  return kind === "session" || expiresAt === undefined ? {} : { notAfter: expiresAt };
}

export function maySeeCluster(identity: Identity, name: string): boolean {
  return allows(identity.rules, { verb: "get", group: "management.cattle.io", resource: "clusters", name });
}
