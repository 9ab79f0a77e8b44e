/** Reads of the log on a real PostgreSQL. */
import { join } from "node:path";
import type { Sql } from "postgres";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrate } from "../../infra/migrate/migrate.ts";
import { readMigrations } from "../../infra/migrate/migrations.ts";
import { migratedPostgres } from "../../test/setup/database.ts";
import { commitBatch } from "./commit.ts";
import { readLog, readRevision } from "./log.ts";
import type { CommitItem, CommitObject } from "./types.ts";

let url: string;
let sql: Sql;
let stop: () => Promise<void>;

beforeAll(async () => {
  const database = await migratedPostgres();
  ({ url } = database);
  sql = postgres(url, { max: 4, fetch_types: false });
  stop = async () => {
    await sql.end();
    await database.stop();
  };
});
afterAll(() => stop());

const change = (
  type: string,
  name: string,
  action: CommitObject["action"],
  more: Partial<CommitObject> = {},
): CommitItem => ({
  id: crypto.randomUUID(),
  work: [],
  objects: [
    {
      type,
      namespace: "ns",
      name,
      action,
      uid: `uid-${type}-${name}`,
      body: action === "delete" ? "" : `{"apiVersion":"v1","kind":"T","metadata":{"name":"${name}"}}`,
      sealed: null,
      labels: {},
      fields: {},
      ...more,
    },
  ],
});

async function commit(on: Sql, ...items: CommitItem[]): Promise<void> {
  for (const result of await commitBatch(on, items)) expect(result.ok).toBe(true);
}

describe("readLog", () => {
  it("says how far the log reaches when there is no event at all", async () => {
    expect(await readRevision(sql)).toEqual({ revision: 0, compacted: 0 });
    expect(await readLog(sql, { after: 0, limit: 10 })).toEqual({ events: [], revision: 0, compacted: 0 });
  });

  it("gives every change after a revision, in order, with what was before and after it", async () => {
    const { revision: start } = await readRevision(sql);
    const grown = { body: '{"second":"\\u0000"}', sealed: "s2", labels: { a: "2" } };
    await commit(sql, change("as", "x", "create", { sealed: "s1", labels: { a: "1" } }));
    await commit(sql, change("as", "x", "update", grown));
    await commit(sql, change("as", "x", "delete"));
    const common = { type: "as", namespace: "ns", name: "x", uid: "uid-as-x" };
    const first = {
      body: '{"apiVersion":"v1","kind":"T","metadata":{"name":"x"}}',
      sealed: "s1",
      labels: { a: "1" },
    };
    const none = { body: null, sealed: null, labels: null };
    const before = ({ body, sealed, labels }: typeof first | typeof none) => ({
      before: body,
      beforeSealed: sealed,
      beforeLabels: labels,
    });
    expect(await readLog(sql, { after: start, limit: 10 })).toEqual({
      revision: start + 3,
      compacted: 0,
      events: [
        { revision: start + 1, kind: "ADDED", ...common, ...first, ...before(none) },
        { revision: start + 2, kind: "MODIFIED", ...common, ...grown, ...before(first) },
        { revision: start + 3, kind: "DELETED", ...common, ...none, ...before(grown) },
      ],
    });
  });

  it("keeps to the type, the limit and the last revision that it is given", async () => {
    const { revision: start } = await readRevision(sql);
    await commit(sql, ...["1", "2", "3", "4"].map((name) => change("bs", name, "create")));
    await commit(sql, change("cs", "1", "create"));
    await commit(sql, change("bs", "4", "update"));
    const read = async (query: object) => {
      const { events, revision } = await readLog(sql, { after: start, limit: 100, ...query });
      expect(revision).toBe(start + 6);
      return events.map((event) => event.revision - start);
    };
    expect(await read({})).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await read({ type: "bs" })).toEqual([1, 2, 3, 4, 6]);
    expect(await read({ type: "bs", limit: 2 })).toEqual([1, 2]);
    expect(await read({ type: "bs", after: start + 2, limit: 2 })).toEqual([3, 4]);
    expect(await read({ upTo: start + 4, after: start + 2 })).toEqual([3, 4]);
    expect(await read({ type: "cs" })).toEqual([5]);
    expect(await read({ type: "none" })).toEqual([]);
    expect(await read({ after: start + 6 })).toEqual([]);
  });
});

describe("the migration to events that know the revision before", () => {
  it("fills it in for events that were there, and the new function for those that come", async () => {
    await sql`create database older`;
    const older = postgres(url.replace(/[^/]*$/, "older"), {
      max: 1,
      fetch_types: false,
      onnotice: () => undefined,
    });
    try {
      const migrations = readMigrations(join(import.meta.dirname, "../migrations"));
      await migrate(older, migrations.slice(0, 2));
      await commit(older, change("as", "x", "create"), change("as", "y", "create"));
      await commit(older, change("as", "x", "update"));
      await commit(older, change("as", "x", "delete"));
      await commit(older, change("as", "x", "create"));
      await migrate(older, migrations);
      await commit(older, change("as", "y", "delete"), change("as", "x", "update"));
      await commit(older, change("as", "y", "create"));
      const rows = await older<{ before: number | null }[]>`
        select before_revision::float8 as before from events order by revision`;
      expect(rows.map(({ before }) => before)).toEqual([null, null, 1, 3, null, 2, 5, null]);
    } finally {
      await older.end();
    }
  });
});
