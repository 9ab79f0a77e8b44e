/** The local provider's login (auth.md 1.3-1.5), without HTTP. */
import { maxPasswordBytes } from "../../../schema/auth/pbkdf2/pbkdf2.ts";
import { secrets } from "../../../schema/resources/core/secrets.ts";
import type { Secret } from "../../../schema/resources/core/secrets.ts";
import { usernameKey, users } from "../../../schema/resources/management.cattle.io/users.ts";
import type { User } from "../../../schema/resources/management.cattle.io/users.ts";
import type { BoundStore } from "../../../schema/store/store.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { ApiError } from "../errors.ts";
import { verifyInTurn } from "./password-hashing.ts";
import { passwordNamespace, storedPassword } from "./password-secret.ts";

export interface LoginInput {
  readonly username: string;
  readonly password: string;
  readonly responseType: string;
  readonly description: string;
}

const maxNameLength = 256;

/**
 * Takes the fields out of a body. `InvalidBodyContent` for other types, for NUL and lone surrogates (Postgres stores
 * neither), and for what is longer than any real one.
 */
export function parseLogin(body: Readonly<Record<string, unknown>>): LoginInput {
  const username = textOf(body, "username", maxNameLength);
  const password = textOf(body, "password", maxPasswordBytes);
  if (username === "" || password === "")
    throw new ApiError("InvalidBodyContent", "username and password are required");
  if (new TextEncoder().encode(password).length > maxPasswordBytes) throw invalid("password");
  return {
    username,
    password,
    responseType: textOf(body, "responseType", maxNameLength),
    description: textOf(body, "description", 1024),
  };
}

function textOf(body: Readonly<Record<string, unknown>>, name: string, maxLength: number): string {
  const value = Object.hasOwn(body, name) ? (body[name] ?? "") : "";
  if (typeof value !== "string" || value.length > maxLength) throw invalid(name);
  if (value.includes("\0") || !value.isWellFormed()) throw invalid(name);
  return value;
}

function invalid(name: string): ApiError {
  return new ApiError("InvalidBodyContent", `invalid ${name}`);
}

export interface CheckedLogin {
  readonly user: User;
  /** What his password was checked against. */
  readonly secret: Secret | undefined;
}

/**
 * The user with this name and password. `Unauthorized` for an unknown user, one without a password and a wrong password
 * alike: same reads, same hash, same words. `PermissionDenied` for a disabled user who knows the password.
 */
export async function checkLogin(store: BoundStore, input: LoginInput): Promise<CheckedLogin> {
  const { items } = await store.list<User>(users, {
    index: { field: "username", value: usernameKey(input.username) },
  });
  const user = items.length === 1 ? items[0] : undefined;
  // A name that no user can have keeps the number of reads the same for unknown users.
  const secretName = user?.metadata.name ?? "-";
  const secret = await absentAsUndefined(store.get<Secret>(secrets, passwordNamespace, secretName));
  const verified = await verifyInTurn(
    user === undefined ? undefined : storedPassword(secret),
    input.password,
  );
  if (user === undefined || !verified || user.metadata.deletionTimestamp !== undefined)
    throw new ApiError("Unauthorized", "authentication failed");
  if (user.enabled === false) throw new ApiError("PermissionDenied", "Permission denied");
  return { user, secret };
}

/**
 * Whether the password that was checked is still the user's. To be asked AFTER the token was stored: a password change
 * writes the Secret and then ends the sessions it finds, so one of the two sees the other.
 */
export async function isStillPassword(store: BoundStore, { user, secret }: CheckedLogin): Promise<boolean> {
  const now = await absentAsUndefined(store.get<Secret>(secrets, passwordNamespace, user.metadata.name));
  // The salt is random: the same password, set again, is another hash.
  return now?.data?.["password"] === secret?.data?.["password"];
}
