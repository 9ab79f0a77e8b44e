/** Updates from what an isolate knows: no read when the caller is up to date, and the same answers as with one when he is not. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Sql } from "postgres";
import { migratedSql } from "../../test/setup/database.ts";
import { configMaps } from "../resources/core/config-maps.ts";
import { namespaces } from "../resources/core/namespaces.ts";
import { secrets, toBase64 } from "../resources/core/secrets.ts";
import type { Secret } from "../resources/core/secrets.ts";
import { registry } from "../resources/registry.ts";
import { createSealer } from "../seal/sealer.ts";
import { commitBatch } from "./commit.ts";
import { createKnownRows } from "./known-rows.ts";
import { readRows } from "./rows.ts";
import { createStore } from "./store.ts";
import type { BoundStore } from "./store.ts";
import type { ObjectKey } from "./types.ts";

const root = { name: "system:test", rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }] };
const sealer = createSealer({ current: "k1", keys: new Map([["k1", new Uint8Array(32).fill(1)]]) });
const namespace = (name: string) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
const configMap = (name: string, value: string, where = "default") => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: where },
  data: { value },
});

let sql: Sql;
let stop: () => Promise<void>;
let reads: ObjectKey[] = [];
/** Two isolates of one installation. */
let here: BoundStore;
let there: BoundStore;

const isolate = (): BoundStore =>
  createStore({
    sql: () => sql,
    commit: (items) => commitBatch(sql, items),
    readRow: async (key) => {
      reads.push(key);
      return (await readRows(sql, [key]))[0];
    },
    sealer,
    registry,
    knownRows: createKnownRows(),
    workOf: () => [],
    now: () => new Date(),
  }).as(root);

beforeAll(async () => {
  ({ sql, stop } = await migratedSql());
  [here, there] = [isolate(), isolate()];
  await here.create(namespaces, namespace("default"));
});
afterAll(() => stop());
beforeEach(() => {
  reads = [];
});

describe("an update", () => {
  it("reads nothing when it names the revision that this isolate wrote or read last", async () => {
    const made = await here.create(configMaps, configMap("known", "1"));
    const changed = await here.update(configMaps, { ...made, data: { value: "2" } });
    expect(reads).toEqual([]);
    const read = await there.get(configMaps, "default", "known");
    expect(read).toEqual(changed);
    const last = await there.update(configMaps, { ...changed, data: { value: "3" } });
    expect(reads).toHaveLength(1);
    expect(await here.get(configMaps, "default", "known")).toEqual(last);
  });

  it("of a Secret keeps what it is made of sealed, and opens it", async () => {
    const secret: Secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "sealed", namespace: "default" },
      type: "Opaque",
      data: { password: toBase64("old") },
    };
    const made = await here.create(secrets, secret);
    const changed = await here.update<Secret>(secrets, { ...made, data: { password: toBase64("new") } });
    expect(reads).toEqual([]);
    expect(await there.get(secrets, "default", "sealed")).toEqual(changed);
  });

  it.each([
    ["says something else", "mine"],
    ["would change nothing here", "1"],
  ])("that %s is a conflict when the object has changed elsewhere", async (_what, value) => {
    const made = await here.create(configMaps, configMap(`moved-${value}`, "1"));
    const theirs = await there.update(configMaps, { ...made, data: { value: "theirs" } });
    const mine = { ...made, data: { value } };
    await expect(here.update(configMaps, mine)).rejects.toMatchObject({ code: "Conflict" });
    expect(await here.get(configMaps, "default", made.metadata.name)).toEqual(theirs);
  });

  it("finds nothing when the object was deleted elsewhere, and conflicts when it was made anew", async () => {
    const made = await here.create(configMaps, configMap("gone", "1"));
    await there.delete(configMaps, "default", "gone");
    const update = { ...made, data: { value: "2" } };
    await expect(here.update(configMaps, update)).rejects.toMatchObject({ code: "NotFound" });
    await there.create(configMaps, configMap("gone", "1"));
    await expect(here.update(configMaps, update)).rejects.toMatchObject({ code: "Conflict" });
  });

  it("is judged by the object as it is: what was outdated here is no reason to refuse", async () => {
    const made = await here.create(configMaps, configMap("judged", "1"));
    await there.delete(configMaps, "default", "judged");
    const broken = { ...made, data: { "no key": "1" } };
    await expect(here.update(configMaps, broken)).rejects.toMatchObject({ code: "NotFound" });
  });

  it("of fifty writers in two isolates loses none", async () => {
    const made = await here.create(configMaps, configMap("counted", "0"));
    const add = async (store: BoundStore): Promise<void> => {
      for (;;) {
        const current = await store.get<typeof made>(configMaps, "default", "counted");
        const next = { ...current, data: { value: String(Number(current.data?.["value"]) + 1) } };
        try {
          await store.update(configMaps, next);
          return;
        } catch (error) {
          if (!String(error).includes("has been modified")) throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: 50 }, (_, index) => add(index % 2 === 0 ? here : there)));
    expect((await here.get<typeof made>(configMaps, "default", "counted")).data).toEqual({ value: "50" });
  });
});

describe("writes that name no revision", () => {
  it("of forty at once, in two isolates, all succeed and none is lost", async () => {
    await here.create(configMaps, configMap("crowd", "0"));
    const stores = [here, there];
    const patches = Array.from({ length: 30 }, (_, index) =>
      (stores[index % 2] ?? here).modify(configMaps, "default", "crowd", (current) => ({
        ...current,
        data: { ...current.data, [`k${index}`]: "1" },
      })),
    );
    const config = { apiVersion: "v1", kind: "ConfigMap" };
    const applies = Array.from({ length: 10 }, (_, index) =>
      (stores[index % 2] ?? here).apply(
        configMaps,
        "default",
        "crowd",
        { ...config, metadata: { name: "crowd" }, data: { [`a${index}`]: "1" } },
        { manager: `m${index}`, force: false },
      ),
    );
    await Promise.all<unknown>([...patches, ...applies]);
    const { data = {} } = await here.get(configMaps, "default", "crowd");
    expect(Object.keys(data)).toHaveLength(41);
  });
});

describe("a create", () => {
  it("asks nothing of its namespace, and the commit does", async () => {
    await here.create(configMaps, configMap("quick", "1"));
    expect(reads).toEqual([]);
    await expect(here.create(configMaps, configMap("lost", "1", "nowhere"))).rejects.toMatchObject({
      code: "NotFound",
      message: 'namespaces "nowhere" not found',
    });
  });

  it("says what is wrong with its namespace before what is wrong with itself", async () => {
    const broken = { ...configMap("broken", "1", "nowhere"), data: { "no key": "1" } };
    await expect(here.create(configMaps, broken)).rejects.toMatchObject({ code: "NotFound" });
  });

  it("makes nothing in a namespace whose deletion was committed before it", async () => {
    await here.create(namespaces, namespace("going"));
    await here.delete(namespaces, "", "going");
    await expect(there.create(configMaps, configMap("late", "1", "going"))).rejects.toMatchObject({
      code: "Forbidden",
      causes: [{ reason: "NamespaceTerminating" }],
    });
  });

  it("raced with the deletion of its namespace comes before it or not at all", async () => {
    await here.create(namespaces, namespace("raced"));
    const makes = Array.from({ length: 40 }, (_, index) =>
      there.create(configMaps, configMap(`raced-${index}`, "1", "raced")).then(
        ({ metadata }) => Number(metadata.resourceVersion),
        () => undefined,
      ),
    );
    const deleted = await here.delete(namespaces, "", "raced");
    const revisions = (await Promise.all(makes)).filter((revision) => revision !== undefined);
    expect(revisions.every((revision) => revision < Number(deleted.metadata.resourceVersion))).toBe(true);
    const [row] = await sql<{ n: number }[]>`
      select count(*)::float8 as n from objects where namespace = 'raced'`;
    expect(row?.n).toBe(revisions.length);
  });
});

describe("what an isolate knows", () => {
  it("is bounded in rows and in size", () => {
    const known = createKnownRows(2);
    const row = (name: string, body = "{}") => ({
      namespace: "",
      name,
      uid: "u",
      revision: 7,
      body,
      sealed: null,
    });
    const has = (name: string) => known.at({ type: "t", namespace: "", name }, "7") !== undefined;
    for (const name of ["a", "b", "c"]) known.remember("t", row(name));
    expect(["a", "b", "c"].map(has)).toEqual([false, true, true]);
    known.remember("t", row("c", "x".repeat(20_000)));
    expect(has("c")).toBe(false);
    expect(known.at({ type: "t", namespace: "", name: "b" }, "6")).toBeUndefined();
  });
});
