import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Sql } from "postgres";
import { migratedSql } from "../../test/setup/database.ts";
import type { KubeObject } from "../object.ts";
import type { ResourceDefinition } from "../resource.ts";
import { namespaces } from "../resources/core/namespaces.ts";
import { secrets } from "../resources/core/secrets.ts";
import type { Secret } from "../resources/core/secrets.ts";
import { everythingRules } from "../resources/policy-rule.ts";
import { registry } from "../resources/registry.ts";
import { createSealer } from "../seal/sealer.ts";
import type { Sealer } from "../seal/sealer.ts";
import { commitBatch } from "./commit.ts";
import { countSeals, rewrapEvents, rewrapObjects } from "./rewrap.ts";
import type { ObjectCursor, Rewrapping } from "./rewrap.ts";
import { createStore } from "./store.ts";
import type { BoundStore } from "./store.ts";

const keys = new Map([1, 2].map((id) => [`k${id}`, new Uint8Array(32).fill(id)]));
const old = createSealer({ current: "k1", keys });
const current = createSealer({ current: "k2", keys });
const afterwards = createSealer({ current: "k2", keys: new Map([["k2", new Uint8Array(32).fill(2)]]) });

let sql: Sql;
let stop: () => Promise<void>;
let storeWith: (sealer: Sealer) => BoundStore;

beforeAll(async () => {
  ({ sql, stop } = await migratedSql());
  storeWith = (sealer) =>
    createStore({
      sql: () => sql,
      commit: (items) => commitBatch(sql, items),
      sealer,
      registry,
      workOf: () => [],
      now: () => new Date(),
    }).as({ name: "system:test", groups: [], rules: everythingRules, server: true });
  await storeWith(old).create(namespaces, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "default" },
  });
});
afterAll(() => stop());
beforeEach(async () => {
  await sql`delete from objects where type = 'secrets'`;
  await sql`delete from events`;
});

const secret = (name: string, text: string): Secret => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace: "default" },
  data: { password: btoa(text) },
});
const everything = async (rewrapping: Rewrapping): Promise<{ rewritten: number; left: number }> => {
  let [rewritten, left] = [0, 0];
  for (let cursor: ObjectCursor | undefined = ["", "", ""]; cursor !== undefined;) {
    const window: Awaited<ReturnType<typeof rewrapObjects>> = await rewrapObjects(rewrapping, cursor);
    [rewritten, left, cursor] = [rewritten + window.rewritten, left + window.left, window.next];
  }
  for (let cursor: number | undefined = 0; cursor !== undefined;) {
    const window: Awaited<ReturnType<typeof rewrapEvents>> = await rewrapEvents(rewrapping, cursor);
    [rewritten, left, cursor] = [rewritten + window.rewritten, left + window.left, window.next];
  }
  return { rewritten, left };
};
const rows = async () => ({
  revision: (await sql<{ revision: string }[]>`select revision::text from revision`)[0]?.revision,
  objects: await sql`select type, name, uid, revision::text, labels from objects order by type, name`,
  events: await sql`select revision::text, kind, type, name from events order by revision`,
  secrets: await sql`select body from objects where type = 'secrets' order by name`,
});

describe("sealing anew", () => {
  const rewrapping = (sealer: Sealer = current): Rewrapping => ({ sql, sealer, migrated: [], window: 2 });

  it("leaves nothing to the old key, and everything else as it was", async () => {
    const store = storeWith(old);
    for (const name of ["a", "b", "c", "d", "e"]) await store.create(secrets, secret(name, name));
    await store.modify(secrets, "default", "a", (each) => ({ ...each, data: { password: btoa("again") } }));
    await store.delete(secrets, "default", "b");
    const before = await rows();
    // Four objects; five creations, a change with two sealed states, and a deletion.
    expect(await countSeals(sql)).toEqual({ k1: 12 });
    expect(await everything(rewrapping())).toEqual({ rewritten: 4 + 7, left: 0 });
    expect(await countSeals(sql)).toEqual({ k2: 12 });
    expect(await rows()).toEqual(before);
    const read = storeWith(afterwards);
    expect((await read.get(secrets, "default", "a")).data).toEqual({ password: btoa("again") });
    expect((await read.get(secrets, "default", "e")).data).toEqual({ password: btoa("e") });
    // Once more there is nothing to do.
    expect(await everything(rewrapping())).toEqual({ rewritten: 0, left: 0 });
  });

  it("leaves a row to who writes it meanwhile, and what it cannot open where it is", async () => {
    const store = storeWith(old);
    await store.create(secrets, secret("busy", "1"));
    await store.create(secrets, secret("broken", "2"));
    await store.create(secrets, secret("fine", "3"));
    await sql`update objects set sealed = 's1:k0:AAAAAAAAAAAAAAAA:AAAA' where name = 'broken'`;
    const slow: Sealer = {
      ...current,
      seal: async (text, place) => {
        if (place.includes("/busy/")) await store.delete(secrets, "default", "busy");
        return current.seal(text, place);
      },
    };
    const window = await rewrapObjects({ ...rewrapping(slow), window: 100 });
    expect(window).toMatchObject({ rewritten: 1, left: 2 });
    expect(window.problem).toContain("k0");
    expect(window).not.toHaveProperty("next");
    expect(await sql`select name from objects where type = 'secrets' order by name`).toEqual([
      { name: "broken" },
      { name: "fine" },
    ]);
  });

  it("waits for nobody who holds a row", async () => {
    await storeWith(old).create(secrets, secret("held", "1"));
    await sql.begin(async (holder) => {
      await holder`select 1 from objects where name = 'held' for update`;
      expect(await rewrapObjects({ ...rewrapping(), window: 100 })).toEqual({ rewritten: 0, left: 1 });
    });
    expect(await rewrapObjects({ ...rewrapping(), window: 100 })).toEqual({ rewritten: 1, left: 0 });
  });
});

describe("migrating what is stored", () => {
  it("changes bodies, seals, labels and indexes of objects and events, and nothing that clients see move", async () => {
    const store = storeWith(old);
    await store.create(secrets, secret("one", "1"));
    await store.modify(secrets, "default", "one", (each) => ({ ...each, data: { password: btoa("2") } }));
    const migrated: ResourceDefinition<Secret> = {
      ...secrets,
      indexes: { found: () => ["here"] },
      migrations: [
        (object: KubeObject) => {
          const { data = {}, ...rest } = object as Secret;
          const labels = { ...rest.metadata.labels, form: "two" };
          return { ...rest, metadata: { ...rest.metadata, labels }, data: { ...data, more: btoa("more") } };
        },
      ],
    };
    const before = await rows();
    const rewrapping = { sql, sealer: old, migrated: [migrated], window: 100 };
    expect(await everything(rewrapping)).toEqual({ rewritten: 1 + 2, left: 0 });
    const after = await rows();
    expect(after.revision).toBe(before.revision);
    expect(after.events).toEqual(before.events);
    expect(after.objects.map(({ revision }) => revision as string)).toEqual(
      before.objects.map(({ revision }) => revision as string),
    );
    const [row] = await sql`select body, labels, fields from objects where name = 'one' and type = 'secrets'`;
    expect(row).toMatchObject({ labels: { form: "two" }, fields: { found: ["here"] } });
    expect(row?.["body"]).toMatch(/,"drover:form":2\}$/);
    const events = await sql`select body, before, before_labels from events order by revision`;
    expect(events.map(({ body }) => (body as string).endsWith('"drover:form":2}'))).toEqual([true, true]);
    expect(events.map(({ before: body }) => (body as string | null)?.endsWith('"drover:form":2}'))).toEqual([
      undefined,
      true,
    ]);
    expect(events[1]?.["before_labels"]).toEqual({ form: "two" });
    const read = await createStore({
      sql: () => sql,
      commit: (items) => commitBatch(sql, items),
      sealer: old,
      registry: { ...registry, byTypeKey: (key) => (key === "secrets" ? migrated : registry.byTypeKey(key)) },
      workOf: () => [],
      now: () => new Date(),
    })
      .as({ name: "system:test", groups: [], rules: everythingRules, server: true })
      .get(migrated, "default", "one");
    expect(read.data).toEqual({ password: btoa("2"), more: btoa("more") });
    expect(await everything(rewrapping)).toEqual({ rewritten: 0, left: 0 });
  });
});

describe("writers and the sweep at once", () => {
  it("lose nothing to each other: each state is sealed once more, and each follows the one before", async () => {
    const names = Array.from({ length: 6 }, (_, index) => `shared-${index}`);
    for (const name of names) await storeWith(old).create(secrets, secret(name, "0"));
    let writing = true;
    const writers = [old, current, old, current].map(async (sealer) => {
      const store = storeWith(sealer);
      for (let round = 0; round < 15; round++)
        for (const name of names)
          await store.modify(secrets, "default", name, (each) => ({
            ...each,
            data: { password: btoa(String(Number(atob(each.data?.["password"] ?? "")) + 1)) },
          }));
    });
    const rewrapping: Rewrapping = { sql, sealer: current, migrated: [], window: 4 };
    const sweeps = (async () => {
      while (writing) await everything(rewrapping);
    })();
    const done = await Promise.allSettled(writers);
    writing = false;
    await sweeps;
    // So many writers of one object may give up; what was answered has happened.
    const failed = done.filter(({ status }) => status === "rejected");
    for (const each of failed) expect(String((each as PromiseRejectedResult).reason)).toContain("concurrent");
    await everything(rewrapping);
    expect(Object.keys(await countSeals(sql))).toEqual(["k2"]);
    const events = await sql<{ name: string; uid: string; sealed: string; was: string | null }[]>`
      select name, uid, sealed, before_sealed as was from events where type = 'secrets' order by revision`;
    const counts = new Map<string, number>();
    for (const { name, uid, sealed, was } of events) {
      const read = async (text: string) => {
        const opened = await afterwards.open(text, `secrets/default/${name}/${uid}`);
        return Number(atob((JSON.parse(opened) as Required<Pick<Secret, "data">>).data["password"] ?? ""));
      };
      expect(await read(sealed)).toBe(was === null ? 0 : (counts.get(name) ?? 0) + 1);
      if (was !== null) expect(await read(was)).toBe(counts.get(name));
      counts.set(name, await read(sealed));
    }
    for (const name of names) {
      const { data } = await storeWith(afterwards).get(secrets, "default", name);
      expect(Number(atob(data?.["password"] ?? ""))).toBe(counts.get(name));
    }
  }, 60_000);
});
