/** The one committer inside workerd, on a real PostgreSQL. The database is shared by the file: names are unique. */
import { abortAllDurableObjects, evictDurableObject } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import postgres from "postgres";
import { describe, expect, it } from "vitest";
import type { CommitItem, CommitObject, CommitResult } from "../../schema/store/types.ts";
import { testItem, testObject } from "../../test/setup/commits.ts";
import type { DurableEnv } from "../env.ts";

const env = bindings as unknown as DurableEnv;
const writer = () => env.STORE_WRITER.getByName("main");

const item = (name: string, more: Partial<CommitObject> = {}): CommitItem =>
  testItem([testObject(name, more)]);
const poison = (name: string): CommitItem => item(name, { fields: { f: ["\ud800"] } });

async function query<T extends object>(text: string): Promise<T[]> {
  const sql = postgres(env.DB.connectionString, { max: 1, fetch_types: false });
  return [...(await sql.unsafe<T[]>(text))];
}

async function expectNoGap(): Promise<void> {
  const rows = await query<{ revision: number }>(
    "select revision::float8 as revision from events order by 1",
  );
  const [store] = await query<{ revision: number }>("select revision::float8 as revision from revision");
  expect(rows.map(({ revision }) => revision)).toEqual(
    Array.from({ length: store?.revision ?? 0 }, (_, index) => index + 1),
  );
}

/** 64 callers at once, as 64 requests would. */
const commitEach = (items: readonly CommitItem[]): Promise<CommitResult[]> =>
  Promise.all(
    items.map(async (one) => {
      const [result] = await writer().commit([one]);
      if (result === undefined) throw new Error("no result");
      return result;
    }),
  );

describe("StoreWriter", () => {
  it("commits 64 concurrent writes under revisions without a gap", async () => {
    const results = await commitEach(Array.from({ length: 64 }, (_, index) => item(`many-${index}`)));
    const revisions = results.flatMap((result) => (result.ok ? result.revisions : []));
    expect(new Set(revisions).size).toBe(64);
    await expectNoGap();
  });

  it("fails one poison item alone, as a result: nobody sends it another way", async () => {
    const items = Array.from({ length: 16 }, (_, index) => item(`beside-${index}`));
    items[7] = poison("poison");
    const results = await commitEach(items);
    expect(results[7]).toEqual({ ok: false, reason: "refused", detail: expect.stringContaining("json") });
    expect(results.filter(({ ok }) => ok)).toHaveLength(15);
    const together = await writer().commit([item("call-1"), poison("call-2"), item("call-3")]);
    expect(together.map(({ ok }) => ok)).toEqual([true, false, true]);
    await expectNoGap();
  });

  it("judges writes of one key in the order in which they came", async () => {
    const uid = crypto.randomUUID();
    const change = (more: Partial<CommitObject>): CommitItem => item("key", { uid, ...more });
    const results = await writer().commit([
      change({}),
      change({ action: "update", body: "{}" }),
      change({}),
      change({ action: "delete", body: "" }),
      change({ action: "update" }),
    ]);
    expect(results.map((result) => (result.ok ? "ok" : result.reason))).toEqual([
      "ok",
      "ok",
      "exists",
      "ok",
      "absent",
    ]);
    await expectNoGap();
  });

  it("refuses what its queue cannot hold, as a result", async () => {
    const tooMany = Array.from({ length: 4_097 }, () => ({ id: "x", objects: [], work: [] }));
    const results = await writer().commit(tooMany);
    expect(results).toHaveLength(4_097);
    expect(results[0]).toEqual({ ok: false, reason: "overloaded" });
    expect((await commitEach([item("after-overload")]))[0]?.ok).toBe(true);
  });

  it("loses nothing that was acknowledged, and repeats nothing, when it dies in the middle", async () => {
    // The first batch is one item alone; its answer says that the second, of all others, is under way.
    const items = Array.from({ length: 256 }, (_, index) => item(`evicted-${index}`));
    const commits = items.map((one) => writer().commit([one]));
    await commits[0];
    await abortAllDurableObjects();
    const settled = await Promise.allSettled(commits);
    expect(settled.filter(({ status }) => status === "rejected").length).toBeGreaterThan(0);
    // Whose answer was lost sends the same ids again.
    const again = await commitEach(items);
    expect(again.every(({ ok }) => ok)).toBe(true);
    settled.forEach((first, index) => {
      if (first.status === "fulfilled") expect(first.value).toEqual([again[index]]);
    });
    const [row] = await query<{ n: number }>(
      "select count(*)::float8 as n from events where name like 'evicted-%'",
    );
    expect(row?.n).toBe(256);
    await expectNoGap();
  });

  it("begins anew after an eviction", async () => {
    await evictDurableObject(writer());
    expect((await commitEach([item("after-eviction")]))[0]?.ok).toBe(true);
  });
});
