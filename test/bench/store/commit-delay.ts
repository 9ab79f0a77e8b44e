/** How long a commit takes: PostgreSQL made slower on purpose, and the disk as it is. */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";

/**
 * Makes each flush of the write-ahead log take `ms` longer: PostgreSQL waits for `commit_delay` before it, holding the
 * lock under which it flushes. With `commit_siblings` 0 it does so for a lone transaction too. Transactions that come
 * meanwhile share the next flush, so this is a slower disk, not a slower server, and the same for every client of it.
 */
export async function delayCommits(databaseUrl: string, ms: number): Promise<void> {
  const sql = postgres(databaseUrl, { max: 1, fetch_types: false, onnotice: () => undefined });
  try {
    const micros = Math.round(ms * 1_000);
    await sql.unsafe(`alter system set commit_delay = ${micros}`);
    await sql.unsafe("alter system set commit_siblings = 0");
    await sql`select pg_reload_conf()`;
    for (let attempt = 0; attempt < 100; attempt++) {
      const [row] = await sql<{ delay: string; siblings: string }[]>`
        select current_setting('commit_delay') as delay, current_setting('commit_siblings') as siblings`;
      if (row?.delay === String(micros) && row.siblings === "0") return;
      await sleep(50);
    }
    throw new Error("PostgreSQL does not take commit_delay");
  } finally {
    await sql.end();
  }
}

/** Median ms that the disk of the temporary directory needs to make 8 KB durable. */
export function measureSync(): number {
  const dir = mkdtempSync(join(tmpdir(), "drover-bench-sync-"));
  const file = openSync(join(dir, "file"), "w");
  const page = Buffer.alloc(8192, 1);
  try {
    const times = Array.from({ length: 101 }, () => {
      const began = performance.now();
      writeSync(file, page);
      fdatasyncSync(file);
      return performance.now() - began;
    });
    return times.toSorted((a, b) => a - b)[50] ?? 0;
  } finally {
    closeSync(file);
    rmSync(dir, { recursive: true, force: true });
  }
}
