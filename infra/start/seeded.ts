/** Whether a database was ever seeded: later starts then make no password that nobody would need, nor leave one behind. */
import { openDatabase } from "../postgres/client.ts";
import type { DatabaseTarget } from "../postgres/database-url.ts";

const KEY = "seeded";

export async function wasSeeded(target: DatabaseTarget): Promise<boolean> {
  const database = openDatabase(target);
  try {
    const rows = await database`select 1 from meta where key = ${KEY}`;
    return rows.length > 0;
  } finally {
    await database.end({ timeout: 1 });
  }
}

export async function noteSeeded(target: DatabaseTarget): Promise<void> {
  const database = openDatabase(target);
  try {
    await database`insert into meta (key, value) values (${KEY}, 'true') on conflict (key) do nothing`;
  } finally {
    await database.end({ timeout: 1 });
  }
}
