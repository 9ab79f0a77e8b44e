/**
 * The keys that sign service account tokens, and what may be told of them: which one signs, when the next comes, when an
 * old one may go. Pure; kept as JSON in `meta` (schema/STORAGE.md).
 */

export interface SigningKey {
  /** base64url of the SHA-256 of the public key (SubjectPublicKeyInfo), as kube-apiserver names its keys. */
  readonly kid: string;
  /** RS256: what most verifiers expect. */
  readonly jwk: { readonly kty: "RSA"; readonly n: string; readonly e: string };
  /** The private JWK, sealed for the place `sealPlace(kid)`. */
  readonly sealed: string;
  /** Epoch seconds. It is published before, so that verifiers which keep the set for an hour know it in time. */
  readonly signsFrom: number;
  /** Epoch seconds: no token that it signed is valid after this. `null`: one of them never expires. */
  readonly lastExpiry: number | null;
}

export interface KeySet {
  readonly v: 1;
  readonly keys: readonly SigningKey[];
  /** Issuers that tokens were given in the name of, the latest first: the server's URL may change under living tokens. */
  readonly issuers: readonly string[];
}

/** How long a verifier may keep the published set: kube-apiserver says the same. */
export const publishedMaxAgeSeconds = 3_600;
const rotateAfterSeconds = 90 * 86_400;
const maxIssuers = 16;

export const sealPlace = (kid: string): string => `service-account-key/${kid}`;

/** Throws for what no Drover of this version wrote. */
export function parseKeySet(text: string): KeySet {
  const set = JSON.parse(text) as Partial<KeySet> | null;
  if (set?.v !== 1 || !Array.isArray(set.keys) || !Array.isArray(set.issuers) || set.keys.length === 0)
    throw new Error("the signing keys of service accounts have an unknown form");
  return set as KeySet;
}

/** The one that signs at `now` (epoch seconds): of those whose time has come, the youngest. */
export function signingKey({ keys }: KeySet, now: number): SigningKey {
  const [first, ...others] = keys.filter(({ signsFrom }) => signsFrom <= now);
  const found = first ?? keys[0];
  if (found === undefined) throw new Error("there is no signing key");
  return others.reduce((best, key) => (key.signsFrom > best.signsFrom ? key : best), found);
}

/** Notes that `kid` signs a token of `issuer` which ends at `expiry`. The same set where there is nothing new to note. */
export function noted(set: KeySet, kid: string, issuer: string | undefined, expiry: number | null): KeySet {
  const until = expiry === null ? null : wholeDays(expiry);
  const keys = set.keys.map((key) =>
    key.kid === kid && isLater(until, key.lastExpiry) ? { ...key, lastExpiry: until } : key,
  );
  const issuers =
    issuer === undefined || set.issuers.includes(issuer)
      ? set.issuers
      : [issuer, ...set.issuers].slice(0, maxIssuers);
  if (issuers === set.issuers && keys.every((key, index) => key === set.keys[index])) return set;
  return { ...set, keys, issuers };
}

/** Rounded up, so that a day of tokens with the same life is noted once. */
function wholeDays(seconds: number): number {
  return Math.ceil(seconds / 86_400) * 86_400;
}

function isLater(one: number | null, other: number | null): boolean {
  return other !== null && (one === null || one > other);
}

/** Whether the youngest key has signed for so long that the next shall be published. */
export function isRotationDue({ keys }: KeySet, now: number): boolean {
  return keys.every(({ signsFrom }) => signsFrom + rotateAfterSeconds <= now);
}

/** With a key that will sign once every verifier has had the time to see it. */
export function withNext(
  set: KeySet,
  key: Omit<SigningKey, "signsFrom" | "lastExpiry">,
  now: number,
): KeySet {
  const signsFrom = now + publishedMaxAgeSeconds;
  return { ...set, keys: [...set.keys, { ...key, signsFrom, lastExpiry: 0 }] };
}

/** Without keys that sign no more and whose last token has expired. The same set where all are needed. */
export function withoutRetired(set: KeySet, now: number): KeySet {
  const current = signingKey(set, now);
  const keys = set.keys.filter(
    (key) =>
      key === current ||
      key.signsFrom > now ||
      key.lastExpiry === null ||
      key.lastExpiry + graceSeconds > now,
  );
  return keys.length === set.keys.length ? set : { ...set, keys };
}

/** An isolate may sign by a key a little after the next one's time has come. */
const graceSeconds = 86_400;
