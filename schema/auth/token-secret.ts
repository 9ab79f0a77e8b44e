/** Secrets of API tokens: making, hashing, verifying and parsing them (auth.md 3.1, 3.3). Pure. */
import { constantTimeEqual } from "./constant-time.ts";
import type { Hasher } from "./pbkdf2/pbkdf2.ts";

/** Cryptographically secure random bytes, such as `crypto.getRandomValues(new Uint8Array(n))`. */
export type RandomBytes = (count: number) => Uint8Array;

/** scrypt with N=2^15, r=8, p=1 and a 64-byte key; the platform's, since only node:crypto has it. */
export type Scrypt = (secret: Uint8Array, salt: Uint8Array) => Promise<Uint8Array>;

/** The parameters a `Scrypt` must use. */
export const scryptCost = { N: 2 ** 15, r: 8, p: 1, keyLength: 64 } as const;

/** Kubernetes' alphabet for random names: no vowels, so no words, and no characters that look alike. */
export const tokenAlphabet = "bcdfghjklmnpqrstvwxz2456789";
const secretLength = 54;
const suffixLength = 5;
const saltBytes = 8;

const secretPattern = /^[bcdfghjklmnpqrstvwxz2456789]{54}$/;
/** A DNS subdomain (RFC 1123), as Kubernetes names objects. */
const namePattern = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const maxNameLength = 253;

/** A new token secret: 54 characters, 257 bits. */
export function generateTokenSecret(randomBytes: RandomBytes): string {
  return randomText(secretLength, randomBytes);
}

/** The five characters that make a generated object name unique (Kubernetes' generateName). */
export function generateNameSuffix(randomBytes: RandomBytes): string {
  return randomText(suffixLength, randomBytes);
}

/** Uniform characters of the alphabet: bytes from the last, incomplete multiple of 27 on are drawn again. */
function randomText(length: number, randomBytes: RandomBytes): string {
  const limit = 256 - (256 % tokenAlphabet.length);
  let text = "";
  while (text.length < length) {
    for (const byte of randomBytes(length - text.length)) {
      if (byte < limit) text += tokenAlphabet.charAt(byte % tokenAlphabet.length);
    }
  }
  return text;
}

/** A bearer value in parts. `ext` tokens are Secrets in `cattle-tokens`, the others `Token` objects. */
export interface TokenCredential {
  readonly kind: "v3" | "ext";
  readonly name: string;
  readonly secret: string;
}

/** Parses `[ext/]<name>:<secret>`, the value of a bearer header, cookie or decoded Basic pair; `undefined` if malformed. */
export function parseTokenCredential(text: string): TokenCredential | undefined {
  const kind = text.startsWith("ext/") ? "ext" : "v3";
  const [name = "", secret = "", ...rest] = (kind === "ext" ? text.slice(4) : text).split(":", 3);
  if (rest.length > 0 || name.length > maxNameLength) return undefined;
  if (!namePattern.test(name) || !secretPattern.test(secret)) return undefined;
  return { kind, name, secret };
}

/** Hashes a secret for storage, in format 3 with a random salt. Throws a RangeError for what is no token secret. */
export function hashTokenSecret(hasher: Hasher, secret: string, randomBytes: RandomBytes): string {
  if (!secretPattern.test(secret)) throw new RangeError("not a token secret");
  const salt = randomBytes(saltBytes);
  return `$3:1:${toBase64(salt)}:${toBase64(hasher.sha3_512(concat(salt, utf8(secret))))}`;
}

/** Whether a stored hash is in the format written today; one that is not should be replaced after it verified. */
export function isCurrentTokenHash(stored: string): boolean {
  return stored.startsWith("$3:");
}

/**
 * Whether `secret` has the stored hash: `$1` (scrypt, only if `scrypt` is given), `$2` (SHA-256) or `$3` (SHA3-512).
 * Anything else is `false`, other scrypt costs as well: a stored value must not choose how much work we do.
 */
export async function verifyTokenSecret(
  hasher: Hasher,
  stored: string,
  secret: string,
  scrypt?: Scrypt,
): Promise<boolean> {
  if (!secretPattern.test(secret)) return false;
  const hash = parseTokenHash(stored);
  if (hash === undefined) return false;
  const key = utf8(secret);
  switch (hash.version) {
    case 1:
      return scrypt !== undefined && constantTimeEqual(await scrypt(key, hash.salt), hash.key);
    case 2:
      return constantTimeEqual(await sha256(concat(hash.salt, key)), hash.key);
    case 3:
      return constantTimeEqual(hasher.sha3_512(concat(hash.salt, key)), hash.key);
    default:
      return hash.version satisfies never;
  }
}

/** SHA-256 in lower-case hex, for looking up registration tokens by hash. */
export async function sha256Hex(text: string): Promise<string> {
  return Array.from(await sha256(utf8(text)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

interface TokenHash {
  readonly version: 1 | 2 | 3;
  readonly salt: Uint8Array;
  readonly key: Uint8Array;
}

/** All writers salt with 8 bytes; a little more is read, a key of another length than the digest's is not equal. */
const scryptHash = /^\$1:((?:[0-9a-f]{2}){8,32}):15:8:1:([A-Za-z0-9+/]{86})$/;
const sha256Hash = /^\$2:([A-Za-z0-9+/]{11,43}):([A-Za-z0-9+/]{43})$/;
const sha3Hash = /^\$3:1:([A-Za-z0-9+/]{11,43}):([A-Za-z0-9+/]{86})$/;

function parseTokenHash(stored: string): TokenHash | undefined {
  const [, hexSalt, scryptKey] = scryptHash.exec(stored) ?? [];
  if (hexSalt !== undefined && scryptKey !== undefined) {
    return { version: 1, salt: fromHex(hexSalt), key: fromBase64(scryptKey) };
  }
  const version = stored.startsWith("$2:") ? 2 : 3;
  const [, salt, key] = (version === 2 ? sha256Hash : sha3Hash).exec(stored) ?? [];
  // A base64 text of length 1 modulo 4 encodes nothing; `atob` would throw.
  if (salt === undefined || key === undefined || salt.length % 4 === 1) return undefined;
  return { version, salt: fromBase64(salt), key: fromBase64(key) };
}

async function sha256(data: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(data)));
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

/** Standard base64 without padding. */
function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/=+$/, "");
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
