/** Remembers in the database which keys its secrets are sealed with, so that others are noticed before anything is written. */
import { createHash } from "node:crypto";
import type { Database } from "../postgres/client.ts";
import { UserError } from "../user-error.ts";

const KEY = "keys-fingerprint";

/**
 * Throws `UserError` when the database knows a key that `keys` (the text of keys.json) lacks or has with another value, as
 * after a start with a new data directory on an old database.
 */
export async function checkKeys(database: Database, keys: string): Promise<void> {
  const now = fingerprints(keys);
  const [row] = await database<{ value: string }[]>`select value from meta where key = ${KEY}`;
  const known = JSON.parse(row?.value ?? "{}") as Record<string, string>;
  const wrong = Object.keys(known).find((id) => known[id] !== now[id]);
  if (wrong !== undefined)
    throw new UserError(
      `the database's secrets are sealed with another key ${wrong}: start with the keys.json that belongs to it`,
    );
  if (Object.keys(now).every((id) => known[id] === now[id])) return;
  await database`
    insert into meta (key, value) values (${KEY}, ${JSON.stringify(now)})
    on conflict (key) do update set value = excluded.value, updated_at = now()`;
}

/** By key id; a hash of 32 random bytes tells nothing about them. */
function fingerprints(text: string): Record<string, string> {
  const { keys } = JSON.parse(text) as { keys: Record<string, string> };
  return Object.fromEntries(
    Object.entries(keys).map(([id, key]) => [id, createHash("sha256").update(`drover ${key}`).digest("hex")]),
  );
}
