/** On a real PostgreSQL: what the writer says of a commit is what the log has of it. */
import type { Sql } from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testItem, testObject } from "../../test/setup/commits.ts";
import { migratedSql } from "../../test/setup/database.ts";
import { commitBatch } from "../../schema/store/commit.ts";
import { readLog } from "../../schema/store/log.ts";
import type { CommitItem, CommitObject, CommitResult } from "../../schema/store/types.ts";
import { RecentBodies } from "./recent-bodies.ts";

let sql: Sql;
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ sql, stop } = await migratedSql());
});
afterAll(() => stop());

const object = (name: string, more: Partial<CommitObject> = {}): CommitObject =>
  testObject(name, {
    namespace: "ns",
    body: JSON.stringify({ name, x: Math.random() }),
    labels: { of: name },
    ...more,
  });
const itemOf = (...objects: CommitObject[]): CommitItem => testItem(objects);
const lastRevision = (results: readonly CommitResult[]): number => {
  const [result] = results;
  return result?.ok === true ? (result.revisions.at(-1) ?? 0) : 0;
};

/** Commits, and compares what is said of it, if anything, with the log. */
async function commit(recent: RecentBodies, items: readonly CommitItem[]) {
  const [{ revision: after }] = await sql<
    [{ revision: number }]
  >`select revision::float8 as revision from revision`;
  const results = await commitBatch(sql, items);
  const said = recent.eventsOf(items, results);
  const { events } = await readLog(sql, { after, limit: 1000 });
  if (said !== undefined) expect(said).toEqual(events);
  return { results, said };
}

describe("RecentBodies", () => {
  it("says of any commit what the log has, or nothing, through a thousand random ones", async () => {
    const recent = new RecentBodies();
    const revisions = new Map<string, number>();
    const names = Array.from({ length: 12 }, (_, index) => `n-${index}`);
    let saidOf = 0;
    for (let round = 0; round < 250; round++) {
      const chosen = names.filter(() => Math.random() < 0.3);
      const items = chosen.map((name) => {
        const known = revisions.get(name);
        if (known === undefined) return itemOf(object(name));
        // Now and then by a revision that is no longer there.
        const expectRevision = Math.random() < 0.1 ? known - 1 : known;
        const action = Math.random() < 0.2 ? "delete" : "update";
        const body = action === "delete" ? { body: "" } : {};
        const sealed = Math.random() < 0.1 && action === "update" ? "s1:x" : null;
        return itemOf(object(name, { action, expectRevision, sealed, ...body }));
      });
      const { results, said } = await commit(recent, items);
      if (said !== undefined && said.length > 0) saidOf++;
      for (const [index, result] of results.entries()) {
        const [written] = items[index]?.objects ?? [];
        if (!result.ok || written === undefined) continue;
        const { name, action } = written;
        if (action === "delete") revisions.delete(name);
        else revisions.set(name, result.revisions[0] ?? 0);
      }
    }
    expect(saidOf).toBeGreaterThan(100);
  }, 60_000);

  it("says nothing of what somebody else wrote last, of an unnamed revision, and of what was sealed", async () => {
    const recent = new RecentBodies();
    const made = lastRevision((await commit(recent, [itemOf(object("a"))])).results);
    const foreign = await commitBatch(sql, [itemOf(object("a", { action: "update", expectRevision: made }))]);
    const update = { action: "update", expectRevision: lastRevision(foreign) } as const;
    const unknown = await commit(recent, [itemOf(object("a", update))]);
    expect(unknown.said).toBeUndefined();
    const known = { action: "update", expectRevision: lastRevision(unknown.results) } as const;
    expect((await commit(recent, [itemOf(object("a", known))])).said).toHaveLength(1);
    expect((await commit(recent, [itemOf(object("a", { action: "update" }))])).said).toBeUndefined();
    const sealed = await commit(recent, [itemOf(object("s", { sealed: "s1:x" }))]);
    expect(sealed.said).toHaveLength(1);
    const open = { action: "update", expectRevision: lastRevision(sealed.results) } as const;
    expect((await commit(recent, [itemOf(object("s", open))])).said).toBeUndefined();
  });

  it("says the same when an item is sent again whose answer was lost", async () => {
    const recent = new RecentBodies();
    const made = lastRevision((await commit(recent, [itemOf(object("again"))])).results);
    const item = itemOf(object("again", { action: "update", expectRevision: made }));
    const lost = lastRevision(await commitBatch(sql, [item]));
    const said = recent.eventsOf([item], await commitBatch(sql, [item]));
    expect(said).toEqual((await readLog(sql, { after: lost - 1, limit: 10 })).events);
  });
});
