/** Compaction on a real PostgreSQL: what it keeps, what readers are told, and what it does to writers. */
import { setImmediate } from "node:timers/promises";
import type { Sql } from "postgres";
import postgres from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { migratedPostgres } from "../../test/setup/database.ts";
import { commitBatch } from "./commit.ts";
import { compactEvents } from "./compaction.ts";
import { readLog, readRevision } from "./log.ts";
import { readPage } from "./pages.ts";
import type { CommitItem, CommitObject } from "./types.ts";

const type = "things";
const hour = 60 * 60_000;

let sql: Sql;
let stop: () => Promise<void>;

beforeAll(async () => {
  const database = await migratedPostgres();
  // Where somebody is held up who should not be, the test fails and does not hang.
  sql = postgres(database.url, { max: 16, fetch_types: false, connection: { lock_timeout: 10_000 } });
  stop = async () => {
    await sql.end();
    await database.stop();
  };
});
afterAll(() => stop());
beforeEach(async () => {
  await sql`truncate objects, events`;
  await sql`update revision set revision = 0, compacted = 0`;
  await sql`alter table events alter created_at set default now()`;
});

const item = (
  name: string,
  action: CommitObject["action"],
  more: Partial<CommitObject> = {},
): CommitItem => ({
  id: crypto.randomUUID(),
  work: [],
  objects: [
    {
      type,
      namespace: "",
      name,
      action,
      uid: name,
      body: action === "delete" ? "" : `{"at":"${crypto.randomUUID()}"}`,
      sealed: null,
      labels: {},
      fields: {},
      ...more,
    },
  ],
});

async function commit(...items: CommitItem[]): Promise<number[]> {
  return (await commitBatch(sql, items)).flatMap((result) => {
    expect(result).toMatchObject({ ok: true });
    return result.ok ? result.revisions : [];
  });
}

/** One object, changed `count` times: revisions 1 to `count`. */
async function fill(count: number): Promise<void> {
  await commit(item("o", "create"));
  for (let done = 1; done < count; done++) await commit(item("o", "update"));
}

async function age(upTo: number, ms: number): Promise<void> {
  await sql`update events set created_at = now() - ${ms} * interval '1 ms' where revision <= ${upTo}`;
}

async function kept(): Promise<number[]> {
  const rows = await sql<{ revision: number }[]>`select revision::float8 as revision from events order by 1`;
  return rows.map(({ revision }) => revision);
}

/** A transaction that has done `what` and ends when it is told to. */
async function hold(what: (tx: Sql) => Promise<unknown>): Promise<() => Promise<void>> {
  const connection = await sql.reserve();
  await connection`begin`;
  await what(connection);
  return async () => {
    await connection`commit`;
    connection.release();
  };
}

async function untilBlocked(statement: string): Promise<void> {
  for (;;) {
    const waiting = await sql`
      select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like ${`%${statement}%`} and pid <> pg_backend_pid()`;
    if (waiting.length > 0) return;
    await setImmediate();
  }
}

describe("compaction", () => {
  it("deletes what is older than the time given, in batches, and says what it did", async () => {
    await fill(25);
    await age(20, 2 * hour);
    expect(await compactEvents(sql, { olderThanMs: hour, keepAtLeast: 0, batch: 7 })).toEqual({
      deleted: 20,
      compacted: 20,
      revision: 25,
    });
    expect(await kept()).toEqual([21, 22, 23, 24, 25]);
  });

  it("keeps the last revisions, however old, and the last ten minutes, whatever it is told", async () => {
    await fill(12);
    await age(12, 9 * 60_000);
    const none = { deleted: 0, compacted: 0, revision: 12 };
    expect(await compactEvents(sql, { olderThanMs: 0, keepAtLeast: 0 })).toEqual(none);
    await age(12, 2 * hour);
    expect(await compactEvents(sql, { keepAtLeast: 12 })).toEqual(none);
    expect(await compactEvents(sql)).toEqual(none);
    expect(await compactEvents(sql, { keepAtLeast: 5, batch: 3 })).toEqual({
      deleted: 7,
      compacted: 7,
      revision: 12,
    });
    expect(await compactEvents(sql, { keepAtLeast: 0 })).toEqual({ deleted: 5, compacted: 12, revision: 12 });
  });

  it("stops before the first young event, though older ones follow: clocks may step back", async () => {
    await fill(9);
    await age(9, 2 * hour);
    await sql`update events set created_at = now() where revision = 4`;
    expect(await compactEvents(sql, { keepAtLeast: 0 })).toMatchObject({ deleted: 3, compacted: 3 });
    expect(await kept()).toEqual([4, 5, 6, 7, 8, 9]);
  });

  it("leaves the rest to the next call after as many batches as it may do", async () => {
    await fill(10);
    await age(10, 2 * hour);
    const options = { keepAtLeast: 0, batch: 2, maxBatches: 2 };
    expect(await compactEvents(sql, options)).toMatchObject({ deleted: 4, compacted: 4 });
    expect(await compactEvents(sql, options)).toMatchObject({ deleted: 4, compacted: 8 });
    expect(await compactEvents(sql, options)).toMatchObject({ deleted: 2, compacted: 10 });
  });

  it("writes nothing where nothing is old", async () => {
    await fill(5);
    const written = async () => (await sql`select xmin, ctid from revision`)[0];
    const before = await written();
    await compactEvents(sql, { keepAtLeast: 0 });
    expect(await written()).toEqual(before);
    await age(3, 2 * hour);
    await compactEvents(sql, { keepAtLeast: 0 });
    const after = await written();
    expect(after).not.toEqual(before);
    await compactEvents(sql, { keepAtLeast: 0 });
    expect(await written()).toEqual(after);
  });
});

describe("after compaction", () => {
  it("a reader of the log is told that it has missed something, and one that has not reads on", async () => {
    await fill(10);
    await age(6, 2 * hour);
    await compactEvents(sql, { keepAtLeast: 0 });
    const { compacted, events } = await readLog(sql, { after: 5, limit: 100 });
    expect([compacted, events[0]?.revision]).toEqual([6, 7]);
    const { events: rest } = await readLog(sql, { after: 6, limit: 100 });
    expect(rest.map(({ revision }) => revision)).toEqual([7, 8, 9, 10]);
    expect(await readRevision(sql)).toEqual({ revision: 10, compacted: 6 });
  });

  it("a list at a revision before it is Expired, and one at a later revision has the right versions of objects", async () => {
    await commit(item("a", "create", { body: "a1" }), item("b", "create", { body: "b1" }));
    await commit(item("a", "update", { body: "a2" }), item("b", "delete"));
    await commit(item("a", "update", { body: "a3" }));
    await age(4, 2 * hour);
    await compactEvents(sql, { keepAtLeast: 0, batch: 2 });
    const list = async (at: number) =>
      (await readPage(sql, { type, limit: 10, at })).rows.map(({ body, revision }) => [body, revision]);
    await expect(list(3)).rejects.toMatchObject({ code: "Expired" });
    // The event that made this version is gone; the one that replaced it knows its revision.
    expect(await list(4)).toEqual([["a2", 3]]);
    expect(await list(5)).toEqual([["a3", 5]]);
  });

  it("a list that was begun before it goes on only while its revision is kept", async () => {
    await commit(item("a", "create"), item("b", "create"), item("c", "create"));
    const first = await readPage(sql, { type, limit: 1 });
    await commit(item("a", "update"));
    await age(3, 2 * hour);
    await compactEvents(sql, { keepAtLeast: 0 });
    const next = {
      type,
      limit: 1,
      at: first.revision,
      ...(first.next === undefined ? {} : { after: first.next }),
    };
    expect((await readPage(sql, next)).rows.map(({ name }) => name)).toEqual(["b"]);
    await age(4, 2 * hour);
    await compactEvents(sql, { keepAtLeast: 0 });
    await expect(readPage(sql, next)).rejects.toMatchObject({ code: "Expired" });
  });
});

describe("compaction among writers", () => {
  it("holds no writer up while it deletes", async () => {
    await fill(10);
    await age(8, 2 * hour);
    const release = await hold((tx) => tx`select 1 from events where revision = 4 for update`);
    const compaction = compactEvents(sql, { keepAtLeast: 0 });
    await untilBlocked("delete from events");
    expect(await commit(item("meanwhile", "create"))).toEqual([11]);
    expect(await kept()).toHaveLength(11);
    await release();
    expect(await compaction).toEqual({ deleted: 8, compacted: 8, revision: 11 });
    expect(await kept()).toEqual([9, 10, 11]);
  });

  it("keeps the revision of a commit that it has waited for", async () => {
    await fill(10);
    await age(10, 2 * hour);
    const late = [item("late", "create")];
    const release = await hold((tx) => commitBatch(tx, late));
    const compaction = compactEvents(sql, { keepAtLeast: 0 });
    await untilBlocked("delete from events");
    await release();
    expect(await compaction).toEqual({ deleted: 10, compacted: 10, revision: 11 });
    expect(await readRevision(sql)).toEqual({ revision: 11, compacted: 10 });
    expect(await kept()).toEqual([11]);
    expect(await commitBatch(sql, late)).toEqual([{ ok: true, revisions: [11] }]);
  });

  it("does nothing twice when two run at once", async () => {
    await fill(30);
    await age(30, 2 * hour);
    const release = await hold((tx) => tx`select 1 from revision for update`);
    const both = [3, 30].map((batch) => compactEvents(sql, { keepAtLeast: 0, batch }));
    await untilBlocked("delete from events");
    await release();
    const done = await Promise.all(both);
    expect(done.reduce((sum, { deleted }) => sum + deleted, 0)).toBe(30);
    expect(await readRevision(sql)).toEqual({ revision: 30, compacted: 30 });
    expect(await kept()).toEqual([]);
  });

  it("loses nothing: 8 writers, 2 compactions and 2 readers of the log, all at once", async () => {
    await sql`alter table events alter created_at set default now() - interval '2 hours'`;
    const rounds = 60;
    const given: number[] = [];
    const last = new Map<string, number>();
    let running = true;

    const write = async (writer: number): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        const names = [0, 1, 2].map((nth) => `w${writer}-${(round + nth) % 5}`);
        const revisions = await commit(
          ...names.map((name) => item(name, last.has(name) ? "update" : "create")),
        );
        names.forEach((name, index) => last.set(name, revisions[index] ?? 0));
        given.push(...revisions);
      }
    };
    const compactions: number[] = [];
    const compact = async (batch: number): Promise<void> => {
      while (running) compactions.push((await compactEvents(sql, { keepAtLeast: 50, batch })).deleted);
    };
    /** Each event once and in order, but for what it is told to have missed. */
    const follow = async (): Promise<{ seen: number; missed: number }> => {
      let [position, seen, missed] = [0, 0, 0];
      for (;;) {
        const ended = !running;
        const { events, compacted, revision } = await readLog(sql, { after: position, limit: 40 });
        if (position < compacted) {
          missed += compacted - position;
          position = compacted;
          continue;
        }
        expect(events.map((event) => event.revision)).toEqual(events.map((_, index) => position + 1 + index));
        expect(events.length).toBe(Math.min(40, revision - position));
        position += events.length;
        seen += events.length;
        if (ended && position === revision) return { seen, missed };
      }
    };

    const others = Promise.all([compact(7), compact(20)]);
    const readers = [follow(), follow()];
    await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));
    running = false;
    await others;
    for (const { seen, missed } of await Promise.all(readers)) {
      expect(seen + missed).toBe(8 * rounds * 3);
      expect(seen).toBeGreaterThan(0);
    }
    expect(compactions.filter((deleted) => deleted > 0).length).toBeGreaterThan(3);

    const { compacted, revision } = await compactEvents(sql, { keepAtLeast: 50 });
    expect(given.toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: revision }, (_, index) => index + 1),
    );
    expect(compacted).toBe(revision - 50);
    expect(await kept()).toEqual(Array.from({ length: 50 }, (_, index) => compacted + 1 + index));
    const { rows } = await readPage(sql, { type, limit: 1_000 });
    expect(new Map(rows.map((row) => [row.name, row.revision]))).toEqual(last);
  });
});
