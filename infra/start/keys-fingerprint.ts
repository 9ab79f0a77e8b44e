/** Remembers in the database which keys its secrets are sealed with, so that others are noticed before anything is written. */
import { createHash } from "node:crypto";
import type { Database } from "../postgres/client.ts";
import { UserError } from "../user-error.ts";

const KEY = "keys-fingerprint";

/** Where the sweep notes how far it is with sealing anew (functions/scheduled/rewrap.ts). */
const REWRAP = "rewrap";

/**
 * Throws `UserError` when the database knows a key that `keys` (the text of keys.json) lacks or has with another value, as
 * after a start with a new data directory on an old database. A key may be missing once the current one seals everything.
 */
export async function checkKeys(database: Database, keys: string): Promise<void> {
  const now = fingerprints(keys);
  const [row] = await database<{ value: string }[]>`select value from meta where key = ${KEY}`;
  const known = JSON.parse(row?.value ?? "{}") as Record<string, string>;
  const wrong = Object.keys(known).find((id) => known[id] !== now[id]);
  if (wrong !== undefined && !(await isRetired(database, Object.keys(known), now)))
    throw new UserError(
      `the database's secrets are sealed with another key ${wrong}: start with the keys.json that belongs to it`,
    );
  if (wrong === undefined && Object.keys(now).every((id) => known[id] === now[id])) return;
  await database`
    insert into meta (key, value) values (${KEY}, ${JSON.stringify(now)})
    on conflict (key) do update set value = excluded.value, updated_at = now()`;
}

/** Whether what is missing seals nothing any more: the key that seals everything is here, and is the one it was. */
async function isRetired(
  database: Database,
  known: readonly string[],
  now: Readonly<Record<string, string>>,
): Promise<boolean> {
  const [row] = await database<{ value: string; known: string }[]>`
    select r.value, k.value as known from meta r, meta k where r.key = ${REWRAP} and k.key = ${KEY}`;
  if (row === undefined) return false;
  const { step, key } = JSON.parse(row.value) as { step?: string; key?: string };
  if (step !== "done" || key === undefined || now[key] === undefined) return false;
  const before = JSON.parse(row.known) as Record<string, string>;
  // A key that is here must still be the same: else values were sealed by what is lost.
  return known.every((id) => now[id] === undefined || now[id] === before[id]) && before[key] === now[key];
}

/** By key id; a hash of 32 random bytes tells nothing about them. */
function fingerprints(text: string): Record<string, string> {
  const { keys } = JSON.parse(text) as { keys: Record<string, string> };
  return Object.fromEntries(
    Object.entries(keys).map(([id, key]) => [id, createHash("sha256").update(`drover ${key}`).digest("hex")]),
  );
}
