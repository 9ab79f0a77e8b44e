import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Sql } from "postgres";
import { migratedSql } from "../../test/setup/database.ts";
import type { KubeObject } from "../object.ts";
import type { ResourceDefinition } from "../resource.ts";
import { everythingRules } from "../resources/policy-rule.ts";
import { createSealer } from "../seal/sealer.ts";
import { commitBatch } from "./commit.ts";
import { createStore } from "./store.ts";
import type { BoundStore } from "./store.ts";
import { formMember, inCurrentForm, storedForm, withForm } from "./stored-form.ts";

const text = { type: "string" } as const;
type Widget = KubeObject & { readonly title?: string; readonly names?: string[]; readonly secret?: string };

/** `title` became `names`, and then the secret was written backwards. */
const forms: ResourceDefinition<Widget>[] = [
  { properties: { title: text, secret: text } },
  { properties: { names: { type: "array", items: text }, secret: text } } as const,
  { properties: { names: { type: "array", items: text }, secret: text } } as const,
].map(({ properties }, index) => ({
  group: "example.drover.io",
  version: "v1",
  kind: "Widget",
  plural: "widgets",
  singular: "widget",
  scope: "Cluster",
  sensitive: ["/secret"],
  schema: () => ({ type: "object", properties }) as const,
  indexes: { name: ({ title, names = [] }: Widget) => (title === undefined ? names : [title]) },
  ...(index === 0
    ? {}
    : {
        migrations: [
          (object: KubeObject) => {
            const { title, ...rest } = object as Widget;
            return { ...rest, names: title === undefined ? [] : [title] };
          },
          (object: KubeObject) => {
            const { secret = "", ...rest } = object as Widget;
            return { ...rest, secret: Array.from(secret).toReversed().join("") };
          },
        ].slice(0, index),
      }),
}));
const [first, second, third] = forms as [
  ResourceDefinition<Widget>,
  ResourceDefinition<Widget>,
  ResourceDefinition<Widget>,
];
const sealer = createSealer({ current: "k1", keys: new Map([["k1", new Uint8Array(32).fill(1)]]) });

let sql: Sql;
let stop: () => Promise<void>;
/** The store as a version of Drover has it whose widgets are of that form. */
let of: (definition: ResourceDefinition<Widget>) => BoundStore;

beforeAll(async () => {
  ({ sql, stop } = await migratedSql());
  of = (definition) =>
    createStore({
      sql: () => sql,
      commit: (items) => commitBatch(sql, items),
      sealer,
      registry: {
        all: () => [definition],
        byTypeKey: (key) => (key === "widgets.example.drover.io" ? definition : undefined),
        byPlural: () => undefined,
      },
      workOf: () => [],
      now: () => new Date(),
    }).as({ name: "system:test", groups: [], rules: everythingRules, server: true });
});
afterAll(() => stop());

const widget = (name: string, more: Partial<Widget>): Widget => ({
  apiVersion: "example.drover.io/v1",
  kind: "Widget",
  metadata: { name },
  ...more,
});
const bodyOf = async (name: string): Promise<string> =>
  (await sql<{ body: string }[]>`select body from objects where name = ${name}`)[0]?.body ?? "";

describe("an object of an older form", () => {
  it("is read in the current one: by get, list and as text, sensitive members included", async () => {
    await of(first).create(first, widget("old", { title: "a", secret: "abc" }));
    expect(await of(second).get(second, "", "old")).toMatchObject({ names: ["a"], secret: "abc" });
    const whole = await of(third).get(third, "", "old");
    expect(whole).toMatchObject({ names: ["a"], secret: "cba" });
    expect(whole).not.toHaveProperty("title");
    expect(whole).not.toHaveProperty(formMember);
    const { items } = await of(third).list(third);
    expect(items).toEqual([whole]);
    expect(JSON.parse(await of(third).texts.get(third, "", "old"))).toEqual(whole);
    const page = await of(third).texts.page(third, { limit: 10 });
    expect(page.texts.map((each) => JSON.parse(each) as unknown)).toEqual([whole]);
  });

  it("is found by fields of the current one", async () => {
    const filter = (body: string) => (JSON.parse(body) as Widget).names?.[0] === "a";
    const page = await of(third).texts.page(third, { limit: 10, filter });
    expect(page.texts).toHaveLength(1);
    const older = await of(first).texts.page(first, { limit: 10, filter });
    expect(older.texts).toEqual([]);
  });

  it("is written in the current one, which only its row says", async () => {
    await of(first).create(first, widget("new", { title: "a", secret: "abc" }));
    expect(await bodyOf("new")).not.toContain(formMember);
    await of(third).modify(third, "", "new", (each) => ({ ...each, names: ["a", "b"] }));
    expect(await bodyOf("new")).toMatch(/,"drover:form":3\}$/);
    const made = await of(third).create(third, widget("newer", { names: [], secret: "x" }));
    expect(made).not.toHaveProperty(formMember);
    for (const name of ["new", "newer"]) {
      const read = await of(third).texts.get(third, "", name);
      expect(read).not.toContain(formMember);
      expect(JSON.parse(read)).toEqual(await of(third).get(third, "", name));
    }
  });

  it("does not change by a write that changes nothing", async () => {
    await of(first).create(first, widget("same", { title: "a" }));
    const read = await of(second).get(second, "", "same");
    const written = await of(second).update(second, read);
    expect(written.metadata).toEqual(read.metadata);
  });
});

describe("an object of a newer form", () => {
  it("is neither read nor written: what its form means is not known", async () => {
    await of(third).create(third, widget("future", { names: ["a"] }));
    const refusal = /widgets\.example\.drover\.io future was stored by a newer version of Drover, in form 3/;
    await expect(of(second).get(second, "", "future")).rejects.toThrow(refusal);
    await expect(of(first).get(first, "", "future")).rejects.toThrow(refusal);
    await expect(of(second).texts.get(second, "", "future")).rejects.toThrow(refusal);
    await expect(of(second).delete(second, "", "future")).rejects.toThrow(refusal);
  });
});

describe("the mark of a form", () => {
  it("is nobody's to write", async () => {
    const open: ResourceDefinition<Widget> = {
      ...first,
      schema: () => ({ type: "object", "x-kubernetes-preserve-unknown-fields": true }),
    };
    await of(open).create(open, { ...widget("forged", {}), [formMember]: 7 } as Widget);
    expect(await bodyOf("forged")).not.toContain(JSON.stringify(formMember));
    expect(await of(open).get(open, "", "forged")).not.toHaveProperty(formMember);
  });

  it("is not there for form 1, and a part of the text for others", () => {
    expect([storedForm(first), storedForm(second), storedForm(third)]).toEqual([1, 2, 3]);
    expect(withForm(first, '{"a":1}')).toBe('{"a":1}');
    expect(withForm(second, '{"a":1}')).toBe('{"a":1,"drover:form":2}');
    expect(() => inCurrentForm(second, { ...widget("odd", {}), [formMember]: "2" } as Widget)).toThrow(
      /newer/,
    );
  });
});
