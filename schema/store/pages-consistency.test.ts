/** Design 3: a list in pages is the state at its revision, whatever is written between them. Proven against the log. */
import { setImmediate } from "node:timers/promises";
import type { Sql } from "postgres";
import postgres from "postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { migratedPostgres } from "../../test/setup/database.ts";
import { commitBatch } from "./commit.ts";
import type { StoredRow } from "./encoding.ts";
import { readLog, readRevision } from "./log.ts";
import { readPage } from "./pages.ts";
import type { Page, PageQuery } from "./pages.ts";
import type { CommitItem } from "./types.ts";

const type = "things";
const objects = 2_000;
const writers = 8;
const team = { key: "team", operator: "In", values: ["a"] } as const;

let sql: Sql;
let stop: () => Promise<void>;

beforeAll(async () => {
  const database = await migratedPostgres();
  sql = postgres(database.url, { max: writers + 4, fetch_types: false });
  stop = async () => {
    await sql.end();
    await database.stop();
  };
});
afterAll(() => stop());

const keyOf = (index: number) => ({ namespace: `ns${index % 7}`, name: `o-${index}` });

let serial = 0;

/** Creates what is absent, deletes or changes what is there. `alive` is what the writer knows of its own objects. */
function change(index: number, alive: Map<number, string>): CommitItem {
  const known = alive.get(index);
  const action = known === undefined ? "create" : serial % 3 === 0 ? "delete" : "update";
  const uid = known ?? crypto.randomUUID();
  if (action === "delete") alive.delete(index);
  else alive.set(index, uid);
  serial++;
  const label = serial % 2 === 0 ? "a" : "b";
  return {
    id: crypto.randomUUID(),
    work: [],
    objects: [
      {
        type,
        ...keyOf(index),
        action,
        uid,
        body: action === "delete" ? "" : JSON.stringify({ serial, team: label }),
        sealed: serial % 5 === 0 ? `sealed ${serial}` : null,
        labels: { team: label },
        fields: {},
      },
    ],
  };
}

async function commit(items: readonly CommitItem[]): Promise<void> {
  for (const result of await commitBatch(sql, items)) expect(result).toMatchObject({ ok: true });
}

/** Each writer has indexes of its own, half of which are not there at first. */
async function write(writer: number, alive: Map<number, string>, goesOn: () => boolean): Promise<void> {
  for (let step = 1; goesOn(); step++) {
    const picked = new Set(
      Array.from({ length: 4 }, (_, nth) => (step * 37 + nth * 101) % ((2 * objects) / writers)),
    );
    await commit([...picked].map((slot) => change(slot * writers + writer, alive)));
  }
}

/** All pages; before each but the first, at least 20 more changes are committed. */
async function pagesOf(query: PageQuery, first?: Page): Promise<{ rows: StoredRow[]; pages: number }> {
  let page = first ?? (await readPage(sql, query));
  const rows = [...page.rows];
  for (let pages = 1; ; pages++) {
    if (page.next === undefined) return { rows, pages };
    await moreChanges(20);
    page = await readPage(sql, { ...query, at: page.revision, after: page.next });
    rows.push(...page.rows);
  }
}

async function moreChanges(count: number): Promise<void> {
  const { revision } = await readRevision(sql);
  while ((await readRevision(sql)).revision < revision + count) await setImmediate();
}

/** The state at a revision by the log alone: its events from the first to that one, applied in turn. */
async function stateAt(revision: number): Promise<StoredRow[]> {
  const state = new Map<string, StoredRow>();
  for (let after = 0; after < revision;) {
    const { events } = await readLog(sql, { after, upTo: revision, limit: 5_000 });
    expect(events[0]?.revision).toBe(after + 1);
    for (const { namespace, name, uid, body, sealed, revision: own } of events) {
      if (body === null) state.delete(`${namespace}/${name}`);
      else state.set(`${namespace}/${name}`, { namespace, name, uid, revision: own, body, sealed });
    }
    after += events.length;
  }
  const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return [...state.values()].toSorted((a, b) => order(a.namespace, b.namespace) || order(a.name, b.name));
}

it("lists 2,000 objects in pages of 50 as they were at the first page's revision while 8 writers create, change and delete", async () => {
  const alive = new Map<number, string>();
  for (let from = 0; from < objects; from += 100)
    await commit(Array.from({ length: 100 }, (_, index) => change(from + index, alive)));

  let goesOn = true;
  const writing = Array.from({ length: writers }, (_, writer) => {
    const own = new Map([...alive].filter(([index]) => index % writers === writer));
    return write(writer, own, () => goesOn);
  });
  try {
    for (let round = 0; round < 3; round++) {
      const first = await readPage(sql, { type, limit: 50 });
      const at = first.revision;
      const [all, selected, inNamespace, sieved] = await Promise.all([
        pagesOf({ type, limit: 50 }, first),
        pagesOf({ type, limit: 50, at, labels: [team] }),
        pagesOf({ type, limit: 50, at, namespace: "ns3" }),
        pagesOf({ type, limit: 50, at, filter: (body) => body.includes('"team":"a"') }),
      ]);
      const state = await stateAt(at);
      expect(all.rows).toEqual(state);
      expect(selected.rows).toEqual(state.filter(({ body }) => body.includes('"team":"a"')));
      expect(sieved.rows).toEqual(selected.rows);
      expect(inNamespace.rows).toEqual(state.filter(({ namespace }) => namespace === "ns3"));

      // What the list had to look through: much of it was no longer so when its last page was read.
      expect(all.pages).toBeGreaterThan(20);
      const now = await readPage(sql, { type, limit: 10_000 });
      const current = new Map(now.rows.map((row) => [`${row.namespace}/${row.name}`, row.revision]));
      const changed = state.filter(({ namespace, name, revision }) => {
        const own = current.get(`${namespace}/${name}`);
        return own !== undefined && own !== revision;
      });
      const gone = state.filter(({ namespace, name }) => !current.has(`${namespace}/${name}`));
      expect(changed.length).toBeGreaterThan(50);
      expect(gone.length).toBeGreaterThan(20);
      expect(now.rows.filter(({ revision }) => revision > at).length).toBeGreaterThan(changed.length);
    }
  } finally {
    goesOn = false;
    await Promise.all(writing);
  }
});
