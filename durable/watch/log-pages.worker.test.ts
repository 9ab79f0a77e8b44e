/** Reads of the log in workerd, on a real PostgreSQL. The database is shared: revisions are counted from `base`. */
import postgres from "postgres";
import { beforeAll, describe, expect, it } from "vitest";
import { readLogPage, recentLog } from "./log-pages.ts";
import type { LogPageQuery } from "./log-pages.ts";
import { change, commit, env, query, revision } from "./test-client.ts";

const open = () => postgres(env.DB.connectionString, { max: 1, idle_timeout: 1, fetch_types: false });
let base = 0;

beforeAll(async () => {
  base = await revision();
  // Revisions 1 to 30 from there: odd ones of page-a, even ones of page-b, about 1 kB each.
  for (let index = 1; index <= 30; index++) {
    const data = "x".repeat(index === 11 ? 50_000 : 1_000);
    await commit(change(index % 2 === 1 ? "page-a" : "page-b", `o-${index}`, { data }));
  }
});

/** With revisions counted from `base`. */
async function page({ after, upTo, ...more }: LogPageQuery) {
  const { events, to, revision, compacted } = await readLogPage(open(), {
    ...more,
    after: base + after,
    ...(upTo === undefined ? {} : { upTo: base + upTo }),
  });
  return {
    events: events.map((event) => event.revision - base),
    to: to - base,
    revision: revision - base,
    compacted,
  };
}

async function recent(type: string, ms: number, bytes: number): Promise<number> {
  const { after, revision, compacted } = await recentLog(open(), { type, ms, bytes });
  expect([revision - base, compacted]).toEqual([30, 0]);
  return after === 0 ? 0 : after - base;
}

const range = (from: number, to: number, step = 1): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);

describe("readLogPage", () => {
  it("reads all there is, and says how far that goes", async () => {
    expect(await page({ after: 20, bytes: 1_000_000 })).toEqual({
      events: range(21, 30),
      to: 30,
      revision: 30,
      compacted: 0,
    });
    expect(await page({ after: 30, bytes: 1 })).toMatchObject({ events: [], to: 30 });
  });

  it("knows of a type up to where it looked, not only up to its last event", async () => {
    const found = await page({ after: 20, upTo: 28, type: "page-a", bytes: 1_000_000 });
    expect(found).toMatchObject({ events: range(21, 27, 2), to: 28, revision: 30 });
  });

  it("ends a page with the event that fills it, and the next one goes on there", async () => {
    const first = await page({ after: 0, type: "page-a", bytes: 4_000 });
    expect(first).toMatchObject({ events: [1, 3, 5, 7], to: 7 });
    // Revision 11 is larger than a page by itself.
    expect(await page({ after: 7, type: "page-a", bytes: 4_000 })).toMatchObject({ events: [9, 11], to: 11 });
    expect(await page({ after: 9, type: "page-a", bytes: 4_000 })).toMatchObject({ events: [11], to: 11 });
  });

  it("ends a page after so many events", async () => {
    expect(await page({ after: 0, limit: 9, bytes: 1_000_000 })).toMatchObject({
      events: range(1, 9),
      to: 9,
    });
    expect(await page({ after: 0, limit: 3, bytes: 1 })).toMatchObject({ events: [1, 2, 3], to: 3 });
  });
});

describe("recentLog", () => {
  const hourMs = 3_600_000;

  it("reaches back to what was compacted when everything is young and small", async () => {
    expect(await recent("page-a", hourMs, 1_000_000)).toBe(0);
    expect(await recent("page-none", hourMs, 1_000_000)).toBe(0);
  });

  it("ends before what is too much together", async () => {
    expect(await recent("page-b", hourMs, 4_900)).toBe(22);
    expect(await recent("page-a", hourMs, 40_000)).toBe(11);
  });

  it("ends before what is too old", async () => {
    const text = `update events set created_at = now() - interval '2 hours'
      where revision > ${base} and revision <= ${base + 15}`;
    await query(text);
    expect(await recent("page-b", hourMs, 1_000_000)).toBe(14);
  });
});
