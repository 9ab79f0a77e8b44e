/** Events that are old go, through the store, and others stay. */
import { env as bindings } from "cloudflare:workers";
import postgres from "postgres";
import type { Sql } from "postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { events } from "../../schema/resources/core/events.ts";
import type { Event } from "../../schema/resources/core/events.ts";
import { namespaces } from "../../schema/resources/core/namespaces.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { root, testStore } from "../../test/setup/reconciling.ts";
import type { Env } from "../env.ts";
import { createLogger } from "../../schema/logger.ts";
import { expireEvents } from "./event-expiry.ts";

let sql: Sql;
let store: BoundStore;

beforeAll(async () => {
  sql = postgres((bindings as unknown as Env).DB.connectionString, { max: 4, fetch_types: false });
  store = testStore(sql).as(root);
  await forgetAll();
  await store.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "default" } });
  await sql`delete from work`;
});
afterAll(forgetAll);

async function forgetAll(): Promise<void> {
  await sql`delete from objects`;
  await sql`delete from work`;
}

const event = (name: string): Event => ({
  apiVersion: "v1",
  kind: "Event",
  metadata: { name, namespace: "default" },
  involvedObject: { namespace: "default" },
});
const names = async (): Promise<string[]> =>
  (await store.list(events)).items.map(({ metadata }) => metadata.name);
const revision = async (): Promise<number> =>
  (await sql<{ revision: number }[]>`select revision::float8 as revision from revision`)[0]?.revision ?? 0;

it("takes Events an hour after their last write, tells their watchers, and then writes nothing", async () => {
  for (const name of ["old", "touched", "older"]) await store.create<Event>(events, event(name));
  // Two hours pass.
  await sql`update events set created_at = created_at - interval '2 hours'`;
  await store.modify<Event>(events, "default", "touched", (current) => ({ ...current, count: 2 }));
  await store.create<Event>(events, event("new"));
  const log = createLogger("error");
  await expireEvents(sql, store, log);
  expect(await names()).toEqual(["new", "touched"]);
  const gone = await sql<{ name: string }[]>`
    select name from events where type = 'events' and kind = 'DELETED' order by name`;
  expect(gone.map(({ name }) => name)).toEqual(["old", "older"]);
  const before = await revision();
  await expireEvents(sql, store, log);
  expect(await revision()).toBe(before);
  expect(await sql`select 1 from work`).toEqual([]);
});

it("takes all of them where the log is empty", async () => {
  await store.create<Event>(events, event("forgotten"));
  await sql`delete from events`;
  await expireEvents(sql, store, createLogger("error"));
  expect(await names()).toEqual([]);
});
