/** The first password of `admin`, kept until it has been shown: a start that is killed in between must not lock everybody out. */
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { readFileIfExists, writeFileDurably } from "../files.ts";

export interface FirstPassword {
  /** What to seed with; empty when there is nobody to seed. */
  readonly password: string;
  /** It was generated, so its user must change it. */
  readonly mustChange: boolean;
  /** What to show once seeding has said whether it made the first user. */
  shown(adminCreated: boolean): string | undefined;
}

const path = (dataDir: string): string => join(dataDir, "generated-password");

/**
 * The first user's password: the `given` one, or one that an earlier start generated and could not show, or a new one unless
 * the database was `seeded` before. Call `forgetGeneratedPassword` when it has been shown.
 */
export function firstPassword(dataDir: string, given: string | undefined, seeded: boolean): FirstPassword {
  const left = readFileIfExists(path(dataDir))?.trim() || undefined;
  // The user was made with `left` before, unless `given` has just made it.
  if (given !== undefined)
    return { password: given, mustChange: false, shown: (created) => (created ? undefined : left) };
  if (left !== undefined) return { password: left, mustChange: true, shown: () => left };
  if (seeded) return { password: "", mustChange: true, shown: () => undefined };
  const password = randomBytes(18).toString("base64url");
  writeFileDurably(path(dataDir), `${password}\n`);
  return { password, mustChange: true, shown: (created) => (created ? password : undefined) };
}

/** It has been shown, or nobody was made with it. */
export function forgetGeneratedPassword(dataDir: string): void {
  rmSync(path(dataDir), { force: true });
}
