/** Password hashes of this isolate, one by one and spaced (hash-slots.ts). */
import { hashPassword, passwordSaltBytes, verifyPassword } from "../../../schema/auth/password.ts";
import type { StoredPassword } from "../../../schema/auth/password.ts";
import { hasher, randomBytes } from "../../identity/hasher.ts";
import { ApiError } from "../errors.ts";
import { createHashSlots } from "./hash-slots.ts";

const slots = createHashSlots();

/** Whether `password` is the stored one; the same work for `undefined`, an unknown user. Throws `TooManyRequests`. */
export async function verifyInTurn(stored: StoredPassword | undefined, password: string): Promise<boolean> {
  await turn();
  return verifyPassword(hasher(), stored, password);
}

/** Throws `TooManyRequests`; a RangeError for a password that `checkPassword` did not accept. */
export async function hashInTurn(password: string): Promise<StoredPassword> {
  await turn();
  return hashPassword(hasher(), password, randomBytes(passwordSaltBytes));
}

async function turn(): Promise<void> {
  const wait = slots.reserve(Date.now());
  if (wait === undefined)
    throw new ApiError("TooManyRequests", "too many logins at once", { retryAfter: slots.retryAfter });
  if (wait > 0) await scheduler.wait(wait);
}
