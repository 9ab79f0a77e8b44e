/** Conditions between objects of different types, raced against the real database. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migratedSql } from "../../test/setup/database.ts";
import type { GlobalRole } from "../resources/management.cattle.io/global-roles.ts";
import { globalRoles } from "../resources/management.cattle.io/global-roles.ts";
import { roleTemplates } from "../resources/management.cattle.io/role-templates.ts";
import type { RoleTemplate } from "../resources/management.cattle.io/role-templates.ts";
import { registry } from "../resources/registry.ts";
import { createSealer } from "../seal/sealer.ts";
import { commitBatch } from "./commit.ts";
import { createStore } from "./store.ts";
import type { BoundStore } from "./store.ts";

const everything = [
  { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
  { nonResourceURLs: ["*"], verbs: ["*"] },
];
const sealer = createSealer({ current: "k1", keys: new Map([["k1", new Uint8Array(32).fill(1)]]) });
const apiVersion = "management.cattle.io/v3";

const template = (name: string, ...roleTemplateNames: string[]): RoleTemplate => ({
  apiVersion,
  kind: "RoleTemplate",
  metadata: { name },
  context: "cluster",
  roleTemplateNames,
});
const role = (name: string, ...inheritedClusterRoles: string[]): GlobalRole => ({
  apiVersion,
  kind: "GlobalRole",
  metadata: { name },
  inheritedClusterRoles,
});

describe("an object that others name", () => {
  let store: BoundStore;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    const database = await migratedSql();
    ({ stop } = database);
    store = createStore({
      sql: () => database.sql,
      commit: (items) => commitBatch(database.sql, items),
      sealer,
      registry,
      workOf: () => [],
      now: () => new Date(),
    }).as({ name: "user-root", rules: everything });
  });
  afterAll(() => stop());

  it("cannot be deleted, and cannot be named once it is", async () => {
    await store.create(roleTemplates, template("base"));
    await store.create(globalRoles, role("user-of-base", "base"));
    await expect(store.delete(roleTemplates, "", "base")).rejects.toThrow(
      "it is inherited by GlobalRole user-of-base",
    );
    await store.delete(globalRoles, "", "user-of-base");
    await store.delete(roleTemplates, "", "base");
    await expect(store.create(globalRoles, role("late", "base"))).rejects.toThrow("no such RoleTemplate");
  });

  it("is never left dangling by a delete that races with who names it", async () => {
    for (let round = 0; round < 20; round++) {
      const name = `raced-${round}`;
      // Every other one has a finalizer: its delete is an update.
      const finalizers = round % 2 === 0 ? [] : ["example.com/wait"];
      await store.create(roleTemplates, { ...template(name), metadata: { name, finalizers } });
      const [deleted, named] = await Promise.allSettled([
        store.delete(roleTemplates, "", name),
        store.create(globalRoles, role(`names-${round}`, name)),
      ]);
      expect([deleted.status, named.status].toSorted()).toEqual(["fulfilled", "rejected"]);
    }
  });

  it("makes no cycle when both halves are written at once", async () => {
    for (let round = 0; round < 10; round++) {
      const [one, two] = [`left-${round}`, `right-${round}`];
      await store.create(roleTemplates, template(one));
      await store.create(roleTemplates, template(two));
      const inherit = (name: string, other: string) =>
        store.modify(roleTemplates, "", name, (current) => ({ ...current, roleTemplateNames: [other] }));
      const results = await Promise.allSettled([inherit(one, two), inherit(two, one)]);
      expect(results.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    }
  });
});
