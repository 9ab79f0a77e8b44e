/** The data directory: who uses it, which version wrote it, its id and its key material. */
import { randomBytes, randomUUID } from "node:crypto";
import { existsSync, linkSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { errorCode, readFileIfExists, writeFileDurably } from "../files.ts";
import { processIdentity } from "../process/proc.ts";
import { UserError } from "../user-error.ts";

/** Makes the directory. Others may pass through it (the embedded PostgreSQL runs as another user when we are root), not list it. */
export function createDataDir(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
  } catch (error) {
    throw new UserError(`--data-dir ${dataDir}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * Makes this process the only launcher of a data directory; returns the function that gives it up. A lock whose process is
 * gone (pid and start time are compared) is replaced. Throws `UserError` when another launcher is running.
 */
export function lockDataDir(dataDir: string): () => void {
  const path = join(dataDir, "lock");
  const mine = `${path}.${process.pid}`;
  try {
    writeFileDurably(mine, JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid) }));
  } catch (error) {
    throw new UserError(`--data-dir ${dataDir}: ${error instanceof Error ? error.message : String(error)}`);
  }
  try {
    for (;;) {
      try {
        // Unlike a rename, a link never replaces what another start has put there meanwhile.
        linkSync(mine, path);
        return () => rmSync(path, { force: true });
      } catch (error) {
        if (errorCode(error) !== "EEXIST") throw error;
      }
      const held = readFileIfExists(path);
      const pid = held === undefined ? undefined : liveHolder(held);
      if (pid !== undefined) throw new UserError(`${dataDir} is in use by another Drover (process ${pid})`);
      removeStale(path, held);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

function liveHolder(lock: string): number | undefined {
  try {
    const { pid, identity } = JSON.parse(lock) as { pid: number; identity: string };
    return processIdentity(pid) === identity ? pid : undefined;
  } catch {
    // Not a lock of ours, or cut short by a full disk.
    return undefined;
  }
}

/** Of two starts that find the same stale lock, the slower one must not remove the faster one's new lock. */
function removeStale(path: string, stale: string | undefined): void {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw error;
  }
  if (readFileIfExists(aside) !== stale) linkSync(aside, path);
  rmSync(aside, { force: true });
}

/** Refuses a directory that a newer version has written; otherwise notes ours. */
export function checkVersion(dataDir: string, version: string): void {
  const path = join(dataDir, "version");
  const written = readFileIfExists(path)?.trim();
  if (written === version) return;
  if (written !== undefined && compareVersions(written, version) > 0) {
    throw new UserError(
      `${dataDir} was written by Drover ${written}; this is Drover ${version}, which is older`,
    );
  }
  writeFileDurably(path, `${version}\n`, 0o644);
}

/** Compares `major.minor.patch` by number. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(/[.+-]/).slice(0, 3).map(Number));
  for (let index = 0; index < 3; index += 1) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A random id that stays with the directory: the holder's name in the instance lease. */
export function dataDirId(dataDir: string): string {
  const path = join(dataDir, "id");
  const known = readFileIfExists(path)?.trim();
  if (known !== undefined && known !== "") return known;
  const id = randomUUID();
  writeFileDurably(path, `${id}\n`);
  return id;
}

/** `DROVER_KEYS`: made once. Everything sealed in the database is lost with this file, so it is never made anew beside data. */
export function keyMaterial(dataDir: string): string {
  const path = join(dataDir, "keys.json");
  const known = readFileIfExists(path);
  if (known !== undefined) {
    if (!isKeyMaterial(known)) throw new UserError(`${path} does not hold key material`);
    return known.trim();
  }
  if (existsSync(join(dataDir, "postgres"))) {
    throw new UserError(`${path} is missing: without it the secrets in the database cannot be read`);
  }
  const keys = JSON.stringify({ current: "k1", keys: { k1: randomBytes(32).toString("base64") } });
  writeFileDurably(path, `${keys}\n`);
  return keys;
}

function isKeyMaterial(text: string): boolean {
  try {
    const { current, keys } = JSON.parse(text) as { current: string; keys: Record<string, string> };
    return Buffer.from(keys[current] ?? "", "base64").length === 32;
  } catch {
    return false;
  }
}
