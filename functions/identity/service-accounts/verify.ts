/**
 * Whether a JWT is a living token of a service account of ours: signature, issuer, audience, times, and that the
 * ServiceAccount and the Secret it depends on are still the same objects (auth.md 10, 11: 35, 57).
 */
import { decodeProtectedHeader, errors, jwtVerify } from "jose";
import { constantTimeEqual } from "../../../schema/auth/constant-time.ts";
import type { KubeObject } from "../../../schema/object.ts";
import { secrets, secretText } from "../../../schema/resources/core/secrets.ts";
import type { Secret } from "../../../schema/resources/core/secrets.ts";
import { serviceAccounts } from "../../../schema/resources/core/service-accounts.ts";
import type { BoundStore } from "../../../schema/store/store.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { digestOf } from "../digest.ts";
import { legacyIssuer, readClaims } from "./claims.ts";
import type { BoundClaims, Claims, LegacyClaims, Reference } from "./claims.ts";
import type { KeySet } from "./key-set.ts";
import { algorithm, publicKey } from "./signer.ts";
import type { Signer } from "./signer.ts";

/** Clocks of isolates differ; kube-apiserver allows as much. Not for the end of a token: that is exact. */
const clockToleranceSeconds = 60;
const maxTokenLength = 16_384;
const invalidSinceLabel = "kubernetes.io/legacy-token-invalid-since";

export type Verification =
  | { readonly ok: true; readonly claims: Claims; /** Of those asked for. */ readonly audiences: string[] }
  /** `reason` is for TokenReview's `status.error`; it holds nothing of the token but its audiences. */
  | { readonly ok: false; readonly reason: string };

export interface VerifyDeps {
  readonly signer: Signer;
  /** May read ServiceAccounts and Secrets. */
  readonly store: () => BoundStore;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Whom a token must be meant for; absent: this API. */
  readonly audiences?: readonly string[] | undefined;
}

/** A JWT by its form: three parts of base64url. */
export function looksLikeJwt(text: string): boolean {
  return text.length <= maxTokenLength && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text);
}

/** Audiences of this API: every issuer that tokens of ours name, as kube-apiserver has it by default. */
export function apiAudiences({ issuers }: KeySet, issuer: string): string[] {
  return [...new Set([issuer, ...issuers])];
}

/** Rejects only when the database cannot be read. */
export async function verifyServiceAccountToken(token: string, deps: VerifyDeps): Promise<Verification> {
  const kid = looksLikeJwt(token) ? keyIdOf(token) : undefined;
  if (kid === undefined) return refused("invalid bearer token");
  const set = await deps.signer.keySet(kid);
  const payload = await verifiedPayload(token, kid, set, deps.now);
  if (typeof payload === "string") return refused(payload);
  const claims = readClaims(payload);
  if (claims === undefined) return refused("service account token claims could not be validated");
  const issued = claims.kind === "legacy" ? set.issuers : claims.audiences;
  const wanted = deps.audiences ?? set.issuers;
  const audiences = issued.filter((audience) => wanted.includes(audience));
  if (audiences.length === 0 && !(claims.kind === "legacy" && deps.audiences === undefined))
    return refused(
      `token audiences ${JSON.stringify(issued)} is invalid for the target audiences ${JSON.stringify(wanted)}`,
    );
  const problem = await (claims.kind === "legacy"
    ? legacyProblem((text) => sameText(text, token), claims, deps.store())
    : boundProblem(claims, deps.store(), deps.now));
  return problem === undefined ? { ok: true, claims, audiences } : refused(problem);
}

/**
 * Whether what a token depends on has ended since it was verified. `proof`: `digestOf` a token that is kept in a Secret.
 * Rejects only when the database cannot be read.
 */
export async function hasEnded(
  claims: Claims,
  proof: string | undefined,
  store: BoundStore,
  now: number,
): Promise<boolean> {
  if (claims.kind === "bound")
    return now >= claims.expiresAt * 1_000 || (await boundProblem(claims, store, now)) !== undefined;
  const isSame = (text: string): boolean => digestOf(text) === proof;
  return (await legacyProblem(isSame, claims, store)) !== undefined;
}

/** The key that the header names, by our own names of keys alone: `jku`, `x5u`, `jwk` and a path in `kid` lead nowhere. */
function keyIdOf(token: string): string | undefined {
  try {
    const { alg, kid, crit, b64 } = decodeProtectedHeader(token);
    return alg === algorithm && typeof kid === "string" && crit === undefined && b64 === undefined
      ? kid
      : undefined;
  } catch {
    return undefined;
  }
}

/** The payload, or why it must not be believed. */
async function verifiedPayload(
  token: string,
  kid: string,
  set: KeySet,
  now: number,
): Promise<Readonly<Record<string, unknown>> | string> {
  const key = set.keys.find((one) => one.kid === kid);
  if (key === undefined) return "invalid signature, no keys found";
  try {
    const { payload } = await jwtVerify(token, await publicKey(key), {
      algorithms: [algorithm],
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(now),
    });
    const { iss = "", exp } = payload;
    if (iss !== legacyIssuer && !set.issuers.includes(iss)) return "token issuer is invalid";
    if (exp !== undefined && now >= exp * 1_000) return "service account token has expired";
    return payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired) return "service account token has expired";
    if (error instanceof errors.JWTClaimValidationFailed) return "service account token is not valid yet";
    if (error instanceof errors.JOSEError) return "invalid bearer token";
    throw error;
  }
}

async function boundProblem(
  { namespace, account, secret, boundElsewhere }: BoundClaims,
  store: BoundStore,
  now: number,
): Promise<string | undefined> {
  if (boundElsewhere) return "service account token has been invalidated";
  const [owner, bound] = await Promise.all([
    absentAsUndefined(store.get(serviceAccounts, namespace, account.name)),
    secret === undefined ? undefined : absentAsUndefined(store.get(secrets, namespace, secret.name)),
  ]);
  const problem = accountProblem(owner, namespace, account, now);
  if (problem !== undefined || secret === undefined) return problem;
  const isSame = bound?.metadata.uid === secret.uid && !isDeletedLongAgo(bound, now);
  return isSame ? undefined : "service account token has been invalidated";
}

/** The Secret is the token's life: what it holds now is the token, and nothing else is. */
async function legacyProblem(
  isToken: (text: string) => boolean,
  { namespace, account, secretName }: LegacyClaims,
  store: BoundStore,
): Promise<string | undefined> {
  const [owner, secret] = await Promise.all([
    absentAsUndefined(store.get(serviceAccounts, namespace, account.name)),
    absentAsUndefined(store.get<Secret>(secrets, namespace, secretName)),
  ]);
  if (secret === undefined || secret.metadata.deletionTimestamp !== undefined)
    return "Token has been invalidated";
  if (!isToken(secretText(secret, "token"))) return "Token does not match server's copy";
  if (owner?.metadata.deletionTimestamp !== undefined)
    return `ServiceAccount ${namespace}/${account.name} has been deleted`;
  if ((secret.metadata.labels?.[invalidSinceLabel] ?? "") !== "")
    return `the token in secret ${namespace}/${secretName} for service account ${namespace}/${account.name} has been marked invalid`;
  return accountProblem(owner, namespace, account, 0);
}

function accountProblem(
  owner: KubeObject | undefined,
  namespace: string,
  account: Reference,
  now: number,
): string | undefined {
  if (owner === undefined) return `serviceaccounts ${JSON.stringify(account.name)} not found`;
  if (owner.metadata.uid !== account.uid)
    return `service account UID (${owner.metadata.uid ?? ""}) does not match claim (${account.uid})`;
  return isDeletedLongAgo(owner, now)
    ? `service account ${namespace}/${account.name} has been deleted`
    : undefined;
}

/** As in Kubernetes: what is going may still end its work for a minute. */
function isDeletedLongAgo({ metadata }: KubeObject, now: number): boolean {
  const deleted = Date.parse(metadata.deletionTimestamp ?? "");
  return Number.isFinite(deleted) && deleted < now - clockToleranceSeconds * 1_000;
}

function sameText(one: string, other: string): boolean {
  const utf8 = new TextEncoder();
  return constantTimeEqual(utf8.encode(one), utf8.encode(other));
}

function refused(reason: string): Verification {
  return { ok: false, reason };
}
