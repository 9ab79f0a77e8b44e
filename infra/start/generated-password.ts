/** The first password of `admin`, kept until it has been shown: a start that is killed in between must not lock everybody out. */
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { readFileIfExists, writeFileDurably } from "../files.ts";

const path = (dataDir: string): string => join(dataDir, "generated-password");

/** `unseen`: an earlier start made it, and ended before it was shown. Call `forgetGeneratedPassword` in any case. */
export function generatedPassword(dataDir: string): { password: string; unseen: boolean } {
  const left = readFileIfExists(path(dataDir))?.trim();
  if (left !== undefined && left !== "") return { password: left, unseen: true };
  const password = randomBytes(18).toString("base64url");
  writeFileDurably(path(dataDir), `${password}\n`);
  return { password, unseen: false };
}

/** It has been shown, or nobody was made with it. */
export function forgetGeneratedPassword(dataDir: string): void {
  rmSync(path(dataDir), { force: true });
}
