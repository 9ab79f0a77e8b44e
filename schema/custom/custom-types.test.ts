import type { Sql } from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migratedSql } from "../../test/setup/database.ts";
import type { KubeObject } from "../object.ts";
import type { ResourceDefinition } from "../resource.ts";
import { customResourceDefinitions } from "../resources/apiextensions.k8s.io/custom-resource-definitions.ts";
import type { CustomResourceDefinition } from "../resources/apiextensions.k8s.io/custom-resource-definitions.schema.ts";
import { namespaces } from "../resources/core/namespaces.ts";
import { registry } from "../resources/registry.ts";
import { createSealer } from "../seal/sealer.ts";
import { commitBatch } from "../store/commit.ts";
import { createStore } from "../store/store.ts";
import type { BoundStore, Store } from "../store/store.ts";

const root = {
  name: "system:test",
  rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }],
};
const sealer = createSealer({ current: "k1", keys: new Map([["k1", new Uint8Array(32).fill(1)]]) });

let sql: Sql;
let stop: () => Promise<void>;
let statements = 0;

beforeAll(async () => {
  ({ sql, stop } = await migratedSql());
  await isolate()
    .as(root)
    .create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "n" } });
});
afterAll(() => stop());

/** A store as another isolate has it: with a memory of its own. */
function isolate(): Store {
  return createStore({
    sql: () => {
      statements++;
      return sql;
    },
    commit: (items) => commitBatch(sql, items),
    sealer,
    registry,
    workOf: () => [],
    now: () => new Date(),
  });
}

type Widget = KubeObject & { spec?: Record<string, unknown>; status?: Record<string, unknown> };

function crd(group: string, versions: readonly object[], names: object = {}): CustomResourceDefinition {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { plural: "widgets", kind: "Widget", ...names },
      versions: versions as NonNullable<CustomResourceDefinition["spec"]["versions"]>,
    },
  };
}

function version(name: string, spec: object, more: object = {}): object {
  const properties = { spec: { type: "object", properties: spec } };
  return {
    name,
    served: true,
    storage: true,
    schema: { openAPIV3Schema: { type: "object", properties } },
    ...more,
  };
}

async function typeOf(store: Store, group: string, name = "v1"): Promise<ResourceDefinition<Widget>> {
  const found = await store.types.byPlural(group, name, "widgets");
  if (found === undefined) throw new Error(`no widgets.${group} in ${name}`);
  return found;
}

const widget = (group: string, name: string, spec: Record<string, unknown>, apiVersion = "v1"): Widget => ({
  apiVersion: `${group}/${apiVersion}`,
  kind: "Widget",
  metadata: { name, namespace: "n" },
  spec,
});
const make = (store: BoundStore, object: CustomResourceDefinition) =>
  store.create(customResourceDefinitions, object);

describe("a user's type", () => {
  it("is established by the write that makes it, and known at once in every isolate", async () => {
    const [one, other] = [isolate(), isolate()];
    expect(await other.types.byPlural("at-once.example.com", "v1", "widgets")).toBeUndefined();
    const made = await make(
      one.as(root),
      crd("at-once.example.com", [version("v1", { a: { type: "string" } })]),
    );
    expect(made.status?.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
      "NamesAccepted=True",
      "Established=True",
    ]);
    expect(made.status).toMatchObject({
      acceptedNames: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" },
      storedVersions: ["v1"],
    });
    expect(made.metadata.finalizers).toBeUndefined();
    const type = await typeOf(other, "at-once.example.com");
    const stored = await other
      .as(root)
      .create(type, widget("at-once.example.com", "w", { a: "x", unknown: true }));
    expect(stored.spec).toEqual({ a: "x" });
  });

  it("costs no statement while it was looked at less than a second ago", async () => {
    const store = isolate();
    await make(store.as(root), crd("cached.example.com", [version("v1", {})]));
    await typeOf(store, "cached.example.com");
    const before = statements;
    await typeOf(store, "cached.example.com");
    expect(statements).toBe(before);
  });

  it("keeps what was parsed of a type while another one changes", async () => {
    const store = isolate();
    await make(store.as(root), crd("kept.example.com", [version("v1", { a: { type: "string" } })]));
    const before = await typeOf(store, "kept.example.com");
    await make(store.as(root), crd("changing.example.com", [version("v1", {})]));
    expect((await store.types.current()).byPlural("kept.example.com", "v1", "widgets")).toBe(before);
  });

  it("judges a write by the schema of the moment, even in an isolate that has an old one", async () => {
    const group = "judged.example.com";
    const [one, other] = [isolate(), isolate()];
    const made = await make(one.as(root), crd(group, [version("v1", { a: { type: "string" } })]));
    const old = await typeOf(other, group);
    await one.as(root).update(customResourceDefinitions, {
      ...made,
      spec: crd(group, [
        version("v1", { a: { type: "string", maxLength: 1 }, b: { type: "string", default: "B" } }),
      ]).spec,
    });
    await expect(other.as(root).create(old, widget(group, "long", { a: "xx" }))).rejects.toMatchObject({
      code: "Invalid",
    });
    expect((await other.as(root).create(old, widget(group, "w", { a: "x" }))).spec).toEqual({
      a: "x",
      b: "B",
    });
  });

  it("fills in defaults that came after an object was stored, when it is read", async () => {
    const group = "later.example.com";
    const store = isolate();
    const made = await make(store.as(root), crd(group, [version("v1", { a: { type: "string" } })]));
    await store.as(root).create(await typeOf(store, group), widget(group, "w", { a: "x" }));
    await store.as(root).update(customResourceDefinitions, {
      ...made,
      spec: crd(group, [version("v1", { b: { type: "integer", default: 1 } })]).spec,
    });
    const type = (await store.types.current()).byPlural(group, "v1", "widgets");
    if (type === undefined) throw new Error("it is gone");
    expect((await store.as(root).get(type as ResourceDefinition<Widget>, "n", "w")).spec).toEqual({ b: 1 });
    expect(JSON.parse(await store.as(root).texts.get(type, "n", "w"))).toMatchObject({ spec: { b: 1 } });
  });

  it("answers in the asked version and stores in the storage version, until objects are migrated", async () => {
    const group = "versions.example.com";
    const store = isolate();
    const both = { a: { type: "string" }, b: { type: "string" } };
    const made = await make(
      store.as(root),
      crd(group, [version("v1", both), version("v2", { a: { type: "string" } }, { storage: false })]),
    );
    const v2 = await typeOf(store, group, "v2");
    await store.as(root).create(await typeOf(store, group, "v1"), widget(group, "w", { a: "x", b: "y" }));
    expect(await store.as(root).get(v2, "n", "w")).toMatchObject({
      apiVersion: `${group}/v2`,
      spec: { a: "x" },
    });
    const stored = async () =>
      (await sql<{ body: string }[]>`select body from objects where type = ${`widgets.${group}`}`).map(
        ({ body }) => JSON.parse(body) as Widget,
      );
    expect(await stored()).toMatchObject([{ apiVersion: `${group}/v1`, spec: { a: "x", b: "y" } }]);

    const moved = await store.as(root).update(customResourceDefinitions, {
      ...made,
      spec: crd(group, [version("v1", both, { storage: false }), version("v2", both)]).spec,
    });
    expect(moved.status?.storedVersions).toEqual(["v1", "v2"]);
    const now = (await store.types.current()).byPlural(group, "v2", "widgets") as ResourceDefinition<Widget>;
    const current = await store.as(root).get(now, "n", "w");
    const rewritten = await store.as(root).update(now, current);
    expect(rewritten.metadata.resourceVersion).not.toBe(current.metadata.resourceVersion);
    expect(await stored()).toMatchObject([{ apiVersion: `${group}/v2`, spec: { a: "x", b: "y" } }]);
    const again = await store.as(root).update(now, rewritten);
    expect(again.metadata.resourceVersion).toBe(rewritten.metadata.resourceVersion);
  });

  it("gives what is written in another version the defaults of the stored one, and no members of the other", async () => {
    const group = "views.example.com";
    const store = isolate();
    const a = { type: "string" };
    const beta = { a, b: { type: "string", default: "b" } };
    await make(
      store.as(root),
      crd(group, [
        version("v1", { a, c: { ...a, default: "c" } }),
        version("v1beta1", beta, { storage: false }),
      ]),
    );
    const old = await typeOf(store, group, "v1beta1");
    const made = await store.as(root).create(old, widget(group, "w", { a: "x" }, "v1beta1"));
    expect(made).toMatchObject({ apiVersion: `${group}/v1beta1`, spec: { a: "x" } });
    expect(made.spec).not.toHaveProperty("b");
    const whole = await store.as(root).get(await typeOf(store, group), "n", "w");
    expect([whole.apiVersion, whole.spec]).toEqual([`${group}/v1`, { a: "x", c: "c" }]);
    expect((await isolate().as(root).get(old, "n", "w")).spec).toEqual({ a: "x" });
    const same = await store.as(root).update(old, made);
    expect(same.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
  });

  it("asks the rules in CEL, transition rules among them, and refuses a rule that nobody could ask", async () => {
    const group = "rules.example.com";
    const store = isolate();
    const ruled = (rule: string): object[] => [
      version("v1", {
        n: { type: "integer", "x-kubernetes-validations": [{ rule, message: "n only grows" }] },
      }),
    ];
    await expect(make(store.as(root), crd(group, ruled("self.unknownFunction()")))).rejects.toMatchObject({
      code: "Invalid",
      message: expect.stringContaining("undeclared reference to 'unknownFunction'") as string,
    });
    await make(store.as(root), crd(group, ruled("self >= oldSelf")));
    const type = await typeOf(store, group);
    const made = await store.as(root).create(type, widget(group, "w", { n: 2 }));
    await expect(store.as(root).update(type, { ...made, spec: { n: 1 } })).rejects.toMatchObject({
      code: "Invalid",
      message: `Widget.${group} "w" is invalid: spec.n: Invalid value: 1: n only grows`,
    });
    expect((await store.as(root).update(type, { ...made, spec: { n: 3 } })).spec).toEqual({ n: 3 });
  });

  it("takes no new objects while it is being deleted", async () => {
    const group = "going.example.com";
    const [one, other] = [isolate(), isolate()];
    await make(one.as(root), crd(group, [version("v1", {})]));
    const old = await typeOf(other, group);
    const going = await one.as(root).delete(customResourceDefinitions, "", `widgets.${group}`);
    expect((going as CustomResourceDefinition).status?.conditions?.at(-1)).toMatchObject({
      type: "Terminating",
      status: "True",
    });
    await expect(other.as(root).create(old, widget(group, "w", {}))).rejects.toMatchObject({
      code: "Forbidden",
    });
  });

  it("is not served while its kind is somebody else's", async () => {
    const group = "names.example.com";
    const store = isolate();
    await make(store.as(root), crd(group, [version("v1", {})]));
    const { spec, ...rest } = crd(group, [version("v1", {})], { plural: "gadgets" });
    const second = await make(store.as(root), { ...rest, metadata: { name: `gadgets.${group}` }, spec });
    expect(second.status?.conditions).toMatchObject([
      { type: "NamesAccepted", status: "False", reason: "ListKindConflict" },
      { type: "Established", status: "False", reason: "NotAccepted" },
    ]);
    expect(await store.types.byPlural(group, "v1", "gadgets")).toBeUndefined();
  });
});
