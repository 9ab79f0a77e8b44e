/** What the sweep does to the log of events, on a real PostgreSQL. */
import postgres from "postgres";
import type { Sql } from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commitBatch } from "../../schema/store/commit.ts";
import { readRevision } from "../../schema/store/log.ts";
import { migratedPostgres } from "../../test/setup/database.ts";
import type { Env } from "../env.ts";
import { createLogger } from "../../schema/logger.ts";
import type { LogLevel } from "../../schema/logger.ts";
import { compactionRow, retainEvents } from "./event-retention.ts";
import { sweep } from "./runner.ts";

const keys = JSON.stringify({ current: "k1", keys: { k1: btoa("0123456789abcdef0123456789abcdef") } });

let url: string;
let sql: Sql;
let stop: () => Promise<void>;
const lines: { level: LogLevel; line: Record<string, unknown> }[] = [];
const log = createLogger("info", {}, (level, line) =>
  lines.push({ level, line: JSON.parse(line) as Record<string, unknown> }),
);

beforeAll(async () => {
  const database = await migratedPostgres();
  ({ url } = database);
  sql = postgres(url, { max: 2, fetch_types: false });
  stop = async () => {
    await sql.end();
    await database.stop();
  };
});
afterAll(() => stop());

async function change(count: number): Promise<void> {
  const objects = Array.from({ length: count }, () => ({
    type: "things",
    namespace: "",
    name: crypto.randomUUID(),
    action: "create" as const,
    uid: crypto.randomUUID(),
    body: "{}",
    sealed: null,
    labels: {},
    fields: {},
  }));
  await commitBatch(sql, [{ id: crypto.randomUUID(), objects, work: [] }]);
}

const age = (minutes: number) => sql`update events set created_at = now() - ${minutes} * interval '1 minute'`;

describe("the retention of events", () => {
  it("deletes what is older than an hour but for the last 1,000, and logs how much", async () => {
    await change(1_300);
    await age(59);
    expect(await retainEvents(sql, log)).toEqual({ deleted: 0, compacted: 0, revision: 1_300 });
    expect(lines).toEqual([]);
    await age(61);
    expect(await retainEvents(sql, log)).toEqual({ deleted: 300, compacted: 300, revision: 1_300 });
    expect(lines).toEqual([
      { level: "info", line: expect.objectContaining({ deleted: 300, compacted: 300, revision: 1_300 }) },
    ]);
    const [row] = await sql`select value from meta where key = ${compactionRow}`;
    expect(JSON.parse(String(row?.["value"]))).toEqual({ v: 1, deleted: 300 });
  });

  it("is part of the sweep", async () => {
    await change(50);
    await age(61);
    const env = {
      DB: { connectionString: url },
      DROVER_LOG_LEVEL: "error",
      DROVER_KEYS: keys,
    } as unknown as Env;
    await sweep(env);
    expect(await readRevision(sql)).toEqual({ revision: 1_350, compacted: 350 });
  });

  it("leaves the sweep alone when the database fails it", async () => {
    lines.length = 0;
    await sql`alter table events rename to elsewhere`;
    try {
      expect(await retainEvents(sql, log)).toBeUndefined();
    } finally {
      await sql`alter table elsewhere rename to events`;
    }
    expect(lines).toEqual([{ level: "warn", line: expect.objectContaining({ error: expect.anything() }) }]);
  });
});
