/** Local passwords in Rancher's stored form (auth.md 2.1), so that hashes import and export both ways. Pure. */
import { constantTimeEqual } from "./constant-time.ts";
import { maxPasswordBytes } from "./pbkdf2/pbkdf2.ts";
import type { Hasher } from "./pbkdf2/pbkdf2.ts";

/** Annotation of a password Secret that names its algorithm; without it `password` is plaintext. */
export const passwordHashAnnotation = "cattle.io/password-hash";
/** The one algorithm written here. Its parameters are part of the name: raising them needs a new name. */
export const passwordAlgorithm = "pbkdf2sha3512";
export const passwordIterations = 210_000;
export const passwordSaltBytes = 32;
const passwordKeyBytes = 32;
/** Default of the setting `password-min-length`, in code points. */
export const defaultPasswordMinLength = 12;

/** A Secret of `cattle-local-user-passwords`, decoded: its two data keys and its annotation. */
export interface StoredPassword {
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  readonly algorithm: string;
}

/** Hashed when there is nothing to verify against, at the cost of a real hash. */
const dummy: StoredPassword = {
  password: new Uint8Array(passwordKeyBytes),
  salt: new Uint8Array(passwordSaltBytes),
  algorithm: passwordAlgorithm,
};

/**
 * Hashes a password that `checkPassword` accepted; takes about 130 ms of CPU. `salt` is 32 fresh random bytes.
 * Throws a RangeError for another salt length or for more than 1024 bytes of password.
 */
export function hashPassword(hasher: Hasher, password: string, salt: Uint8Array): StoredPassword {
  if (salt.length !== passwordSaltBytes) throw new RangeError(`salt must be ${passwordSaltBytes} bytes`);
  return { password: derive(hasher, utf8(password), salt), salt, algorithm: passwordAlgorithm };
}

/**
 * Whether `password` is the stored one. Pass `undefined` for an unknown user: the same work is done, and the answer
 * is `false`, so that time does not tell which users exist. The same holds for a stored form this code does
 * not know (bcrypt) or a damaged one; a password over 1024 bytes is refused at once, whoever the user is.
 */
export function verifyPassword(
  hasher: Hasher,
  stored: StoredPassword | undefined,
  password: string,
): boolean {
  const bytes = utf8(password);
  if (bytes.length > maxPasswordBytes) return false;
  const usable =
    stored !== undefined &&
    stored.algorithm === passwordAlgorithm &&
    stored.salt.length === passwordSaltBytes;
  const expected = usable ? stored : dummy;
  const equal = constantTimeEqual(derive(hasher, bytes, expected.salt), expected.password);
  return usable && equal;
}

function derive(hasher: Hasher, password: Uint8Array, salt: Uint8Array): Uint8Array {
  return hasher.pbkdf2(password, salt, passwordIterations, passwordKeyBytes);
}

export type PasswordProblem =
  | "too-short"
  | "too-long"
  | "contains-nul"
  | "equals-username"
  | "equals-current";

export type PasswordCheck =
  | { readonly ok: true }
  | { readonly ok: false; readonly problems: readonly [PasswordProblem, ...PasswordProblem[]] };

/** What a new password is checked against. */
export interface PasswordContext {
  readonly username: string;
  /** The password in use, when a user changes his own. */
  readonly currentPassword?: string;
  /** Setting `password-min-length`, in code points. */
  readonly minLength?: number;
}

/** Checks a new password against the policy (auth.md 2.3); names every rule it breaks. */
export function checkPassword(password: string, context: PasswordContext): PasswordCheck {
  const { username, currentPassword, minLength = defaultPasswordMinLength } = context;
  const problems: PasswordProblem[] = [];
  // The length in code units comes first: counting the code points of a huge string is work for nothing.
  if (password.length > maxPasswordBytes || utf8(password).length > maxPasswordBytes)
    problems.push("too-long");
  // Written so that a minimum that is not a number refuses everything.
  else if (!(Array.from(password).length >= minLength)) problems.push("too-short");
  if (password.includes("\0")) problems.push("contains-nul");
  if (password === username) problems.push("equals-username");
  if (password === currentPassword) problems.push("equals-current");
  const [first, ...rest] = problems;
  return first === undefined ? { ok: true } : { ok: false, problems: [first, ...rest] };
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
