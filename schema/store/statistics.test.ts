/** What is said of the store, on a real PostgreSQL. */
import type { Sql } from "postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { migratedSql } from "../../test/setup/database.ts";
import { commitBatch } from "./commit.ts";
import { readStatistics } from "./statistics.ts";

let sql: Sql;
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ sql, stop } = await migratedSql());
});
afterAll(() => stop());

it("says how long the log is, and what there is to do", async () => {
  expect(await readStatistics(sql, ["a"])).toMatchObject({
    revision: 0,
    compacted: 0,
    oldestEventAt: null,
    meta: [],
    work: [],
  });
  const object = {
    type: "things",
    namespace: "",
    name: "one",
    action: "create" as const,
    uid: crypto.randomUUID(),
    body: "{}",
    sealed: null,
    labels: {},
    fields: {},
  };
  const work = [
    { controller: "late", key: "one", runAt: Date.now() - 60_000 },
    { controller: "late", key: "two", runAt: Date.now() + 60_000 },
  ];
  await commitBatch(sql, [{ id: crypto.randomUUID(), objects: [object], work }]);
  await sql`update work set attempts = 2 where key = 'two'`;
  await sql`insert into meta (key, value) values ('a', 'x'), ('b', 'y')`;
  const said = await readStatistics(sql, ["a"]);
  expect(said).toMatchObject({
    revision: 1,
    meta: [{ key: "a", value: "x" }],
    work: [{ controller: "late", rows: 2, failing: 1 }],
  });
  expect(said.eventsBytes).toBeGreaterThan(0);
  expect(said.oldestEventAt).toBeGreaterThan(1_700_000_000);
  expect(said.work[0]?.overdue).toBeGreaterThanOrEqual(60);
});
