/** Pages of a list on a real PostgreSQL: the current one, and one of a revision that has passed. */
import { join } from "node:path";
import type { Sql } from "postgres";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrate } from "../../infra/migrate/migrate.ts";
import { readMigrations } from "../../infra/migrate/migrations.ts";
import { migratedPostgres } from "../../test/setup/database.ts";
import { matchesLabels } from "../select/labels.ts";
import type { LabelRequirement, LabelSelector } from "../select/labels.ts";
import { commitBatch } from "./commit.ts";
import { readRevision } from "./log.ts";
import { readPage } from "./pages.ts";
import type { PageKey, PageQuery } from "./pages.ts";
import type { CommitObject } from "./types.ts";

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

interface Change extends Partial<CommitObject> {
  readonly name: string;
}

/** One commit; `revision` afterwards. */
async function commit(type: string, ...changes: readonly Change[]): Promise<number> {
  return commitOn(sql, type, ...changes);
}

async function commitOn(on: Sql, type: string, ...changes: readonly Change[]): Promise<number> {
  const objects = changes.map(({ namespace = "", name, action = "create", ...more }) => ({
    type,
    namespace,
    name,
    action,
    uid: `${type}/${namespace}/${name}`,
    body: action === "delete" ? "" : JSON.stringify({ name }),
    sealed: null,
    labels: {},
    fields: {},
    ...more,
  }));
  const [result] = await commitBatch(on, [{ id: crypto.randomUUID(), work: [], objects }]);
  expect(result).toMatchObject({ ok: true });
  return (await readRevision(on)).revision;
}

/** All pages of a list: the names of each. */
async function pagesOf(query: PageQuery, on = sql): Promise<string[][]> {
  const pages: string[][] = [];
  let from: Pick<PageQuery, "at" | "after"> = {};
  for (;;) {
    const page = await readPage(on, { ...query, ...from });
    pages.push(page.rows.map(({ namespace, name }) => (namespace === "" ? name : `${namespace}/${name}`)));
    if (page.next === undefined) return pages;
    from = { at: page.revision, after: page.next };
  }
}

const has = (key: string, ...values: string[]): LabelRequirement => ({ key, operator: "In", values });

describe("large objects", () => {
  const large = (name: string, x = "x"): Change => ({
    name,
    body: JSON.stringify({ name, x: x.repeat(100_000) }),
    sealed: "s".repeat(20_000),
  });
  const names = ["a", "b", "c", "d", "e", "f", "g"];

  it("come in pages that are bounded in bytes, now and at a revision that has passed", async () => {
    const at = await commit("large", ...names.map((name) => large(name)));
    const query = { type: "large", limit: 500, maxBytes: 300_000 };
    const wanted = [["a", "b", "c"], ["d", "e", "f"], ["g"]];
    expect(await pagesOf(query)).toEqual(wanted);
    const first = await readPage(sql, query);
    expect(first).toMatchObject({ remaining: 4, next: { name: "c", remaining: 4 } });
    const updates = names.map((name) => ({ ...large(name, "y"), action: "update" as const, sealed: null }));
    await commit("large", ...updates.slice(0, 6), { name: "g", action: "delete" });
    expect(await pagesOf({ ...query, at })).toEqual(wanted);
    const old = await readPage(sql, { ...query, at });
    expect(old.rows.map(({ body }) => body)).toEqual(names.slice(0, 3).map((name) => large(name).body));
  });

  it("do not end a page before its first, and end it early where a filter takes them", async () => {
    await commit("larger", ...names.map((name) => large(name)));
    const query = { type: "larger", limit: 500, maxBytes: 10 };
    expect(await pagesOf(query)).toEqual(names.map((name) => [name]));
    const filter = (body: string): boolean => !body.includes('"b"');
    const pages = await pagesOf({ ...query, filter });
    expect(pages.flat()).toEqual(names.filter((name) => name !== "b"));
    expect(pages.length).toBeGreaterThan(5);
  });

  it("do not count where bodies are not asked for", async () => {
    await commit("largest", ...names.map((name) => large(name)));
    const { rows } = await readPage(sql, { type: "largest", limit: 500, maxBytes: 10, bodies: false });
    expect(rows.map(({ name, body, sealed }) => [name, body, sealed])).toEqual(
      names.map((name) => [name, "", null]),
    );
  });
});

describe("a page of the current list", () => {
  it("has rows by namespace and name, the store's revision, and the next key only when more follow", async () => {
    const revision = await commit(
      "plain",
      ...["b/2", "a/2", "b/1", "a/1", "/z"].map((key) => {
        const [namespace = "", name = ""] = key.split("/");
        return { namespace, name, sealed: `sealed ${key}` };
      }),
    );
    const first = await readPage(sql, { type: "plain", limit: 2 });
    expect(first).toEqual({
      revision,
      next: { namespace: "a", name: "1", remaining: 3 },
      remaining: 3,
      rows: [
        {
          namespace: "",
          name: "z",
          uid: "plain//z",
          revision,
          body: '{"name":"z"}',
          sealed: "sealed /z",
        },
        {
          namespace: "a",
          name: "1",
          uid: "plain/a/1",
          revision: revision - 1,
          body: '{"name":"1"}',
          sealed: "sealed a/1",
        },
      ],
    });
    expect(await pagesOf({ type: "plain", limit: 2 })).toEqual([["z", "a/1"], ["a/2", "b/1"], ["b/2"]]);
    expect(await pagesOf({ type: "plain", limit: 5 })).toHaveLength(1);
    expect(await pagesOf({ type: "plain", limit: 1, namespace: "b" })).toEqual([["b/1"], ["b/2"]]);
    expect(await pagesOf({ type: "plain", limit: 1e15, namespace: "none" })).toEqual([[]]);
  });

  it("has only the names asked for, and none where none is asked for or none can exist", async () => {
    await commit("named", ...["a", "b", "c", "d"].map((name) => ({ namespace: "n", name })));
    const list = (names: string[], more: Partial<PageQuery> = {}) =>
      pagesOf({ type: "named", limit: 2, names, ...more });
    expect(await list(["c"])).toEqual([["n/c"]]);
    expect(await list(["d", "a", "b", "x\0", "\ud800"], { namespace: "n" })).toEqual([
      ["n/a", "n/b"],
      ["n/d"],
    ]);
    expect(await list([])).toEqual([[]]);
    expect(await list(["\0"])).toEqual([[]]);
    expect(await list(["a"], { namespace: "\0" })).toEqual([[]]);
  });

  it("goes on behind any key, be it of another namespace or long gone", async () => {
    await commit("behind", ...["a/1", "b/1", "b/2", "c/1"].map((key) => split(key)));
    const after = async (key: string, namespace?: string) =>
      (
        await readPage(sql, {
          type: "behind",
          limit: 10,
          after: split(key),
          ...(namespace === undefined ? {} : { namespace }),
        })
      ).rows.map(({ namespace, name }) => `${namespace}/${name}`);
    expect(await after("b/1")).toEqual(["b/2", "c/1"]);
    expect(await after("a/9")).toEqual(["b/1", "b/2", "c/1"]);
    expect(await after("b/1", "b")).toEqual(["b/2"]);
    expect(await after("a/9", "b")).toEqual(["b/1", "b/2"]);
    expect(await after("c/1", "b")).toEqual([]);
    await expect(after("b/\0")).rejects.toMatchObject({ code: "Invalid" });
  });
});

describe("a page at a revision", () => {
  it("has every object as it was then: what was changed or deleted since, and nothing that came since", async () => {
    const born = await commit(
      "then",
      { name: "kept" },
      { name: "changed" },
      { name: "gone" },
      { name: "reborn" },
    );
    const at = await commit("then", { name: "changed", action: "update", body: "{}", sealed: "old" });
    await commit("then", { name: "changed", action: "update", body: '{"new":1}' });
    await commit("then", { name: "changed", action: "update", body: '{"new":2}' });
    await commit("then", { name: "gone", action: "delete" }, { name: "reborn", action: "delete" });
    await commit("then", { name: "reborn", uid: "another" }, { name: "came" }, { name: "came-and-went" });
    await commit("then", { name: "came-and-went", action: "delete" });
    const page = await readPage(sql, { type: "then", limit: 10, at });
    expect(page.revision).toBe(at);
    expect(
      page.rows.map(({ name, uid, revision, body, sealed }) => [name, uid, revision, body, sealed]),
    ).toEqual([
      ["changed", "then//changed", at, "{}", "old"],
      ["gone", "then//gone", born - 1, '{"name":"gone"}', null],
      ["kept", "then//kept", born - 3, '{"name":"kept"}', null],
      ["reborn", "then//reborn", born, '{"name":"reborn"}', null],
    ]);
    for (const limit of [1, 2, 3])
      expect((await pagesOf({ type: "then", limit, at })).flat()).toEqual([
        "changed",
        "gone",
        "kept",
        "reborn",
      ]);
    expect((await pagesOf({ type: "then", limit: 2 })).flat()).toEqual(["came", "changed", "kept", "reborn"]);
    expect(await pagesOf({ type: "then", limit: 1, at: born - 4 })).toEqual([[]]);
  });

  it("judges labels as they were then", async () => {
    const at = await commit(
      "labelled",
      { name: "left", labels: { team: "a" } },
      { name: "joined" },
      { name: "lost", labels: { team: "a" } },
    );
    await commit("labelled", { name: "left", action: "update", labels: { team: "b" } });
    await commit("labelled", { name: "joined", action: "update", labels: { team: "a" } });
    await commit("labelled", { name: "lost", action: "delete" });
    const query = { type: "labelled", limit: 1, labels: [has("team", "a")] };
    expect(await pagesOf({ ...query, at })).toEqual([["left"], ["lost"]]);
    expect(await pagesOf(query)).toEqual([["joined"]]);
  });

  it("is full wherever the list goes on, however many objects came or went between its own", async () => {
    const at = await commit("edge", ...["b", "d", "f", "h"].map((name) => ({ name })));
    await commit("edge", ...["a", "c", "e", "g", "i"].map((name) => ({ name })));
    await commit("edge", ...["b", "d", "h"].map((name) => ({ name, action: "delete" as const })));
    const list = (limit: number) => pagesOf({ type: "edge", limit, at });
    const expected = [
      [["b"], ["d"], ["f"], ["h"]],
      [
        ["b", "d"],
        ["f", "h"],
      ],
      [["b", "d", "f"], ["h"]],
    ];
    expect([await list(1), await list(2), await list(3)]).toEqual(expected);
    // More than one statement looks at.
    const crowd = ["a", "c", "e", "g"].flatMap((letter) =>
      Array.from({ length: 700 }, (_, index) => ({ name: `${letter}${1_000 + index}` })),
    );
    await commit("edge", ...crowd);
    expect([await list(1), await list(2), await list(3)]).toEqual(expected);
    expect(await list(4)).toEqual([["b", "d", "f", "h"]]);
  });

  it("is Expired when the log no longer reaches back to it, and a Timeout when it is yet to come", async () => {
    const at = await commit("bounds", { name: "x" });
    await expect(readPage(sql, { type: "bounds", limit: 1, at: at + 1 })).rejects.toMatchObject({
      code: "Timeout",
      status: 504,
    });
    await sql`update revision set compacted = ${at}`;
    try {
      await expect(readPage(sql, { type: "bounds", limit: 1, at: at - 1 })).rejects.toMatchObject({
        code: "Expired",
        status: 410,
      });
      expect(await pagesOf({ type: "bounds", limit: 1, at })).toEqual([["x"]]);
    } finally {
      await sql`update revision set compacted = 0`;
    }
  });
});

describe("how many remain", () => {
  it("is exact on every page of a list, though objects come and go behind it", async () => {
    await commit("counted", ...Array.from({ length: 7 }, (_, index) => ({ name: `o${index}` })));
    const seen: (number | undefined)[] = [];
    let from: Pick<PageQuery, "at" | "after"> = {};
    for (let round = 0; ; round++) {
      const page = await readPage(sql, { type: "counted", limit: 2, ...from });
      seen.push(page.remaining);
      if (page.next === undefined) break;
      from = { at: page.revision, after: page.next };
      await commit("counted", { name: `p${round}` }, { name: `o${6 - round}`, action: "delete" });
    }
    expect(seen).toEqual([5, 3, 1, undefined]);
  });

  it("is told of a list at a revision while nothing of its type has changed since", async () => {
    const at = await commit("still", ...["a", "b", "c"].map((name) => ({ name })));
    await commit("other", { name: "a" });
    expect(await readPage(sql, { type: "still", limit: 1, at })).toMatchObject({ remaining: 2 });
    await commit("still", { name: "d" });
    expect(await readPage(sql, { type: "still", limit: 1, at })).not.toHaveProperty("remaining");
  });

  it("is not told where a selector is in use, nor where it would be a long count", async () => {
    const names = Array.from({ length: 10_003 }, (_, index) => ({ name: `n${index}` }));
    await commit("long", ...names);
    expect(await readPage(sql, { type: "long", limit: 2 })).not.toHaveProperty("remaining");
    expect(await readPage(sql, { type: "long", limit: 3 })).toMatchObject({ remaining: 10_000 });
    for (const more of [{ names: ["n1", "n2"] }, { filter: () => true }, { labels: [has("x")] }] as const) {
      const labels = [{ key: "x", operator: "DoesNotExist", values: [] }] as const;
      const query = { type: "long", limit: 1, ...more, ...("labels" in more ? { labels } : {}) };
      const page = await readPage(sql, query);
      expect(page.next).toBeDefined();
      expect(page).not.toHaveProperty("remaining");
    }
  });

  it("never answers more than 10,000 rows at once", async () => {
    expect((await pagesOf({ type: "long", limit: 1e15 })).map(({ length }) => length)).toEqual([10_000, 3]);
  });
});

describe("a filter", () => {
  it("fills pages with what it lets through, and reads on until they are full or the list ends", async () => {
    const at = await commit(
      "sieved",
      ...Array.from({ length: 1_200 }, (_, index) => ({ name: `f${1000 + index}`, body: `{"n":${index}}` })),
    );
    await commit("sieved", { name: "f1000", action: "update", body: '{"n":1}' });
    let judged = 0;
    const every = (step: number) => (body: string) => {
      judged++;
      return (JSON.parse(body) as { n: number }).n % step === 0;
    };
    expect(await pagesOf({ type: "sieved", limit: 2, at, filter: every(500) })).toEqual([
      ["f1000", "f1500"],
      ["f2000"],
    ]);
    expect(judged).toBeGreaterThan(1_199);
    // One more object follows the second: whether it passes, the next page says.
    expect(await pagesOf({ type: "sieved", limit: 2, filter: every(599) })).toEqual([["f1599", "f2198"], []]);
    expect(await pagesOf({ type: "sieved", limit: 1, filter: every(1_199) })).toEqual([["f2199"]]);
    expect(await pagesOf({ type: "sieved", limit: 2, filter: () => false })).toEqual([[]]);
    expect(await pagesOf({ type: "sieved", limit: 600, filter: every(2) })).toHaveLength(1);
  });
});

describe("label selectors in SQL", () => {
  const labelled = [
    {},
    { a: "1" },
    { a: "2", b: "x" },
    { a: "10", b: "" },
    { a: "-3" },
    { a: "+3", c: "0007" },
    { a: "x1" },
    { a: "9223372036854775808" },
    { a: "9223372036854775807", "example.com/role": "x" },
    { b: "y", ["__proto__"]: "x" },
    { "a b": "it's", c: '"' },
  ] as Record<string, string>[];
  const keys = ["a", "b", "c", "example.com/role", "__proto__", "a b", "\0"];
  const values = ["1", "2", "10", "x", "", "it's", '"', "\0", "9223372036854775807"];
  const selectors: LabelSelector[] = [
    [],
    ...keys.flatMap((key): LabelSelector[] => [
      [{ key, operator: "Exists", values: [] }],
      [{ key, operator: "DoesNotExist", values: [] }],
      ...values.map((value): LabelSelector => [has(key, value)]),
      [has(key, "1", "x", "y\0", "2")],
      [{ key, operator: "NotIn", values: ["1", "x", "\0"] }],
      [{ key, operator: "NotIn", values: [""] }],
      ...["0", "2", "-4", "+2", "x", "9223372036854775806", "9223372036854775808"].flatMap(
        (value): LabelSelector[] => [
          [{ key, operator: "GreaterThan", values: [value] }],
          [{ key, operator: "LessThan", values: [value] }],
        ],
      ),
    ]),
    [has("a", "2"), has("b", "x")],
    [has("a", "2"), has("a", "1")],
    [has("a", "2"), has("a", "2")],
    [has("b", "x", "y"), { key: "a", operator: "DoesNotExist", values: [] }],
    [
      has("a", "1", "2", "10"),
      { key: "a", operator: "GreaterThan", values: ["1"] },
      { key: "b", operator: "NotIn", values: ["x"] },
    ],
  ];

  it("match what matchesLabels matches, in rows and in what was before", async () => {
    const at = await commit(
      "selected",
      ...labelled.map((labels, index) => ({ name: `o${10 + index}`, labels })),
    );
    const expected = (selector: LabelSelector) =>
      labelled.flatMap((labels, index) => (matchesLabels(selector, labels) ? [`o${10 + index}`] : []));
    const wrong = async () => {
      const found = await Promise.all(
        selectors.map(
          async (labels) =>
            [labels, (await pagesOf({ type: "selected", limit: 100, labels, at })).flat()] as const,
        ),
      );
      return found.filter(([labels, names]) => names.join() !== expected(labels).join());
    };
    expect(await wrong()).toEqual([]);
    await commit(
      "selected",
      ...labelled.map((_, index) => ({
        name: `o${10 + index}`,
        action: "update" as const,
        labels: { a: "changed" },
      })),
    );
    expect(await wrong()).toEqual([]);
    expect(selectors.filter((selector) => expected(selector).length > 0).length).toBeGreaterThan(40);
  });
});

describe("the order of pages", () => {
  it("is that of bytes in a database with another collation, and all pages keep to it", async () => {
    await sql.unsafe(
      "create database english template template0 locale_provider icu icu_locale 'en-US' locale 'C'",
    );
    const english = postgres(url.replace(/[^/]*$/, "english"), {
      max: 1,
      fetch_types: false,
      onnotice: () => undefined,
    });
    try {
      await migrate(english, readMigrations(join(import.meta.dirname, "../migrations")));
      const names = ["a-b", "ab", "a.c", "a1", "B", "é", "A", "b", "z", "\u{1f600}", "\uffee", "a"];
      const bytes = names.toSorted((one, two) => Buffer.compare(Buffer.from(one), Buffer.from(two)));
      const [{ theirs } = { theirs: [] }] = await english<{ theirs: string[] }[]>`
        select json_agg(n order by n) as theirs from json_array_elements_text(${JSON.stringify(names)}::text::json) n`;
      expect(theirs).not.toEqual(bytes);
      const at = await commitOn(english, "t", ...names.map((name) => ({ name })));
      await commitOn(english, "t", ...names.slice(3, 8).map((name) => ({ name, action: "delete" as const })));
      expect((await pagesOf({ type: "t", limit: 1, at }, english)).flat()).toEqual(bytes);
      expect((await pagesOf({ type: "t", limit: 1, at, namespace: "" }, english)).flat()).toEqual(bytes);
    } finally {
      await english.end();
    }
  });
});

function split(key: string): PageKey {
  const [namespace = "", name = ""] = key.split("/");
  return { namespace, name };
}
