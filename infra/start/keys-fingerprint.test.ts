import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { migratedSql } from "../../test/setup/database.ts";
import { checkKeys } from "./keys-fingerprint.ts";

let sql: Awaited<ReturnType<typeof migratedSql>>["sql"];
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ sql, stop } = await migratedSql());
});
afterAll(() => stop());
beforeEach(() => sql`delete from meta where key in ('keys-fingerprint', 'rewrap')`);

const ring = (current: string, keys: Record<string, string>): string => JSON.stringify({ current, keys });
const both = ring("k2", { k1: "one", k2: "two" });
const sealedBy = async (key: string, step: string): Promise<void> => {
  const value = JSON.stringify({ v: 1, key, forms: {}, step, found: 0 });
  await sql`insert into meta (key, value) values ('rewrap', ${value})
    on conflict (key) do update set value = excluded.value`;
};

describe("the keys of a database", () => {
  it("may grow in number, and are refused when one is missing or another", async () => {
    await checkKeys(sql, ring("k1", { k1: "one" }));
    await checkKeys(sql, both);
    await expect(checkKeys(sql, ring("k2", { k2: "two" }))).rejects.toThrow("another key k1");
    await expect(checkKeys(sql, ring("k2", { k1: "other", k2: "two" }))).rejects.toThrow("another key k1");
  });

  it("may lack a key once another has sealed everything, and then for good", async () => {
    await checkKeys(sql, both);
    await sealedBy("k2", "settled");
    await expect(checkKeys(sql, ring("k2", { k2: "two" }))).rejects.toThrow("another key k1");
    await sealedBy("k2", "done");
    // Another value under the same id is another key, and so is another k2.
    await expect(checkKeys(sql, ring("k2", { k1: "other", k2: "two" }))).rejects.toThrow("another key k1");
    await expect(checkKeys(sql, ring("k2", { k2: "other" }))).rejects.toThrow("another key");
    await expect(checkKeys(sql, ring("k1", { k1: "one" }))).rejects.toThrow("another key k2");
    await checkKeys(sql, ring("k2", { k2: "two" }));
    await checkKeys(sql, ring("k2", { k2: "two" }));
  });
});
