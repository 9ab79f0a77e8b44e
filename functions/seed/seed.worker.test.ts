/** Several starts at once on one database (auth 9): those that lose must not fail. */
import { env as bindings } from "cloudflare:workers";
import postgres from "postgres";
import { beforeEach, expect, it } from "vitest";
import { globalRoleBindings } from "../../schema/resources/management.cattle.io/global-role-bindings.ts";
import { users } from "../../schema/resources/management.cattle.io/users.ts";
import type { Env } from "../env.ts";
import { systemActor } from "../http/context.ts";
import { openStore } from "../store/open-store.ts";
import { seed } from "./seed.ts";

const env = {
  ...(bindings as unknown as Env),
  DROVER_KEYS: JSON.stringify({ current: "k1", keys: { k1: btoa("0123456789abcdef0123456789abcdef") } }),
  DROVER_LOG_LEVEL: "error",
} as Env;

// Other files use this database before: with a user of theirs, no start makes one.
beforeEach(async () => {
  const sql = postgres(env.DB.connectionString, { max: 1, fetch_types: false });
  await sql`delete from objects`;
  await sql`delete from meta where key = 'service-account-keys'`;
});

it("auth 9: makes one administrator however many starts race, and none of them fails", async () => {
  // Hashes take turns, so the later ones find the winner's user only when theirs is judged.
  const results = await Promise.all(
    [1, 2, 3].map((n) => seed(env, { bootstrapPassword: `bootstrap passphrase ${n}` })),
  );
  expect(results.filter(({ adminCreated }) => adminCreated)).toHaveLength(1);
  const store = openStore(env).as(systemActor("test"));
  const { items } = await store.list(users, { index: { field: "username", value: "admin" } });
  expect(items).toMatchObject([{ username: "admin", mustChangePassword: false }]);
  const index = { field: "userName", value: items[0]?.metadata.name ?? "" };
  expect((await store.list(globalRoleBindings, { index })).items).toMatchObject([
    { globalRoleName: "admin" },
  ]);

  expect(await seed(env, { bootstrapPassword: "yet another passphrase" })).toMatchObject({
    adminCreated: false,
  });
});
