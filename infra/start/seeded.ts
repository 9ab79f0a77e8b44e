/** Whether a database was ever seeded: later starts then make no password that nobody would need, nor leave one behind. */
import type { Database } from "../postgres/client.ts";

const KEY = "seeded";

export async function wasSeeded(database: Database): Promise<boolean> {
  const rows = await database`select 1 from meta where key = ${KEY}`;
  return rows.length > 0;
}

export async function noteSeeded(database: Database): Promise<void> {
  await database`insert into meta (key, value) values (${KEY}, 'true') on conflict (key) do nothing`;
}
