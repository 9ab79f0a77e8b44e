/** The committing statement on a real PostgreSQL: revisions, atomicity, and what one bad item does to its batch. */
import type { Sql } from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testItem, testObject } from "../../test/setup/commits.ts";
import { migratedSql } from "../../test/setup/database.ts";
import { batchLength } from "./batch.ts";
import { commitBatch } from "./commit.ts";
import { readRows } from "./rows.ts";
import type { CommitResult } from "./types.ts";

let sql: Sql;
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ sql, stop } = await migratedSql());
});
afterAll(() => stop());

const revisionsOf = (result: CommitResult | undefined): readonly number[] =>
  result?.ok === true ? result.revisions : [];

/** The log's revisions, and that of the store: they must be 1, 2, 3 … up to it. */
async function expectNoGap(): Promise<void> {
  const rows = await sql<{ revision: number }[]>`select revision::float8 as revision from events order by 1`;
  const [store] = await sql<{ revision: number; compacted: number }[]>`
    select revision::float8 as revision, compacted::float8 as compacted from revision`;
  const [first, last] = [store?.compacted ?? 0, store?.revision ?? 0];
  expect(rows.map(({ revision }) => revision)).toEqual(
    Array.from({ length: last - first }, (_, index) => first + index + 1),
  );
}

async function namesOf(prefix: string): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select name from objects where name like ${`${prefix}%`} order by name`;
  return rows.map(({ name }) => name);
}

describe("commitBatch", () => {
  it("gives revisions in the order of items and objects", async () => {
    const results = await commitBatch(sql, [
      testItem([testObject("o1"), testObject("o2")]),
      testItem([testObject("o3")]),
    ]);
    const [a, b] = [revisionsOf(results[0]), revisionsOf(results[1])];
    expect([...a, ...b]).toEqual([1, 2, 3].map((step) => step + ((a[0] ?? 0) - 1)));
    await expectNoGap();
  });

  it("leaves no gap and no duplicate when many batches of many items race, with refusals among them", async () => {
    await commitBatch(sql, [testItem([testObject("race-taken")])]);
    const batches = Array.from({ length: 24 }, (_, batch) =>
      Array.from({ length: 9 }, (_unused, index) =>
        index % 3 === 2
          ? testItem([testObject(`race-${batch}-${index}-lost`), testObject("race-taken")])
          : testItem([testObject(`race-${batch}-${index}-a`), testObject(`race-${batch}-${index}-b`)]),
      ),
    );
    const results = (await Promise.all(batches.map((batch) => commitBatch(sql, batch)))).flat();
    expect(results.filter(({ ok }) => ok)).toHaveLength(24 * 6);
    for (const result of results.filter(({ ok }) => !ok))
      expect(result).toEqual({ ok: false, reason: "exists", object: 1 });
    const given = results.flatMap((result) => revisionsOf(result));
    expect(new Set(given).size).toBe(given.length);
    expect((await namesOf("race-")).filter((name) => name.endsWith("lost"))).toEqual([]);
    await expectNoGap();
  });

  it("applies all objects of an item or none, with its work and its generations", async () => {
    const failing = testItem(
      [testObject("atomic-1"), testObject("atomic-2", { action: "update" }), testObject("atomic-3")],
      {
        work: [{ controller: "c", key: "atomic", runAt: 0 }],
        raiseGenerations: ["atomic"],
      },
    );
    expect(await commitBatch(sql, [failing, testItem([testObject("atomic-4")])])).toEqual([
      { ok: false, reason: "absent", object: 1 },
      { ok: true, revisions: [expect.any(Number)] },
    ]);
    expect(await namesOf("atomic-")).toEqual(["atomic-4"]);
    expect(await sql`select key from work where key = 'atomic'`).toHaveLength(0);
    expect(await sql`select key from meta where key = 'generation:atomic'`).toHaveLength(0);
    await expectNoGap();
  });

  it("creates, changes and deletes in one item", async () => {
    await commitBatch(sql, [testItem([testObject("mix-old"), testObject("mix-changed")])]);
    const [result] = await commitBatch(sql, [
      testItem([
        testObject("mix-new"),
        testObject("mix-changed", { action: "update", body: "{}" }),
        testObject("mix-old", { action: "delete", body: "" }),
      ]),
    ]);
    expect(revisionsOf(result)).toHaveLength(3);
    expect(await namesOf("mix-")).toEqual(["mix-changed", "mix-new"]);
    await expectNoGap();
  });

  it("fails as a whole on an item that the database cannot take, and applies the others one by one", async () => {
    // Half a surrogate pair in an indexed field: jsonb refuses it.
    const poison = testItem([testObject("poison-bad", { fields: { f: ["\ud800"] } })]);
    const batch = [testItem([testObject("poison-1")]), poison, testItem([testObject("poison-2")])];
    expect(batchLength(batch)).toBe(3);
    await expect(commitBatch(sql, batch)).rejects.toThrow(/json/);
    expect(await namesOf("poison-")).toEqual([]);
    const settled = await Promise.allSettled(batch.map((one) => commitBatch(sql, [one])));
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(await namesOf("poison-")).toEqual(["poison-1", "poison-2"]);
    await expectNoGap();
  });

  it("answers items that are in the log already with their revisions, whatever has become of their objects", async () => {
    const first = testItem([testObject("again")]);
    const [result] = await commitBatch(sql, [first]);
    await commitBatch(sql, [testItem([testObject("again", { action: "delete", body: "" })])]);
    expect(await commitBatch(sql, [first, testItem([testObject("again-2")])])).toEqual([
      result,
      { ok: true, revisions: [expect.any(Number)] },
    ]);
    expect(await namesOf("again")).toEqual(["again-2"]);
    await expectNoGap();
  });

  it("judges the expected generation, and raises one by as much as items of the batch raise it", async () => {
    const raise = (name: string) => testItem([testObject(name)], { raiseGenerations: ["g"] });
    await commitBatch(sql, [raise("g-1"), raise("g-2")]);
    const late = testItem([testObject("g-3")], { expectGenerations: { g: 1 } });
    const now = testItem([testObject("g-4")], { expectGenerations: { g: 2 } });
    expect(await commitBatch(sql, [late, now])).toMatchObject([{ ok: false, reason: "stale" }, { ok: true }]);
    await expectNoGap();
  });

  it("reads no table as a whole, although its connection planned it when there was next to nothing in them", async () => {
    const connection = await sql.reserve();
    await commitBatch(connection, [testItem([testObject("many")])]);
    await readRows(connection, [{ type: "tests", namespace: "", name: "many" }]);
    const names = Array.from({ length: 1_000 }, (_, index) => `many-${index}`);
    for (let at = 0; at < names.length; at += 100)
      await commitBatch(sql, [testItem(names.slice(at, at + 100).map((name) => testObject(name)))]);
    const wholeReads = async (): Promise<unknown> =>
      connection`select relname, seq_scan from pg_stat_xact_user_tables
        where relname in ('objects', 'events', 'meta', 'work') order by relname`;
    await connection`begin`;
    const before = await wholeReads();
    const change = { action: "update" as const, body: "{}" };
    await commitBatch(connection, [testItem([testObject("many-1", { ...change, uid: "uid-many-1" })])]);
    await readRows(connection, [{ type: "tests", namespace: "", name: "many-1" }]);
    const after = await wholeReads();
    await connection`rollback`;
    connection.release();
    expect(after).toEqual(before);
  });
});
