import { describe, expect, it } from "vitest";
import { MAX_BATCH, batchLength } from "./batch.ts";
import type { CommitItem } from "./types.ts";

function item(names: readonly string[], more: Partial<CommitItem> = {}): CommitItem {
  return {
    id: crypto.randomUUID(),
    objects: names.map((name) => ({
      type: "settings.management.cattle.io",
      namespace: "",
      name,
      action: "update",
      uid: name,
      body: "{}",
      sealed: null,
      labels: {},
      fields: {},
    })),
    work: [],
    ...more,
  };
}

describe("the length of a batch", () => {
  it("is that of all items when none touches what another changed, up to the limit", () => {
    expect(batchLength([])).toBe(0);
    expect(batchLength([item(["a"]), item(["b"])])).toBe(2);
    const many = Array.from({ length: MAX_BATCH + 5 }, (_, index) => item([`n${index}`]));
    expect(batchLength(many)).toBe(MAX_BATCH);
    expect(batchLength(many, 3)).toBe(3);
  });

  it("ends before an item on a key of an earlier one", () => {
    expect(batchLength([item(["a"]), item(["b", "a"]), item(["c"])])).toBe(1);
    expect(batchLength([item(["a"]), item(["b"]), item(["a"])])).toBe(2);
  });

  it("does not take names of other namespaces or types for the same key", () => {
    const [object] = item(["a"]).objects;
    if (object === undefined) throw new Error("no object");
    const other = { ...item([]), objects: [{ ...object, namespace: "n" }] };
    const another = { ...item([]), objects: [{ ...object, type: "secrets" }] };
    expect(batchLength([item(["a"]), other, another])).toBe(3);
  });

  it("takes an item whose own objects share a key: the statement judges it", () => {
    expect(batchLength([item(["a", "a"]), item(["b"])])).toBe(2);
  });

  it("ends between raising a generation and expecting it, in either order", () => {
    const raises = item(["a"], { raiseGenerations: ["rbac"] });
    const expects = item(["b"], { expectGenerations: { rbac: 1 } });
    expect(batchLength([raises, expects])).toBe(1);
    expect(batchLength([expects, raises])).toBe(1);
    expect(batchLength([expects, item(["c"], { expectGenerations: { rbac: 1 } })])).toBe(2);
    expect(batchLength([expects, item(["c"], { raiseGenerations: ["registry"] })])).toBe(2);
  });
});
