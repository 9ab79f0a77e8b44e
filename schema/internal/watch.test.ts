import { describe, expect, it } from "vitest";
import { typeKey } from "../resource.ts";
import { registry } from "../resources/registry.ts";
import { changesRights, decodeWatch, encodeWatch, fanoutName, fanoutType } from "./watch.ts";
import type { WatchContext } from "./watch.ts";

const watch: WatchContext = {
  v: 1,
  op: "watch",
  type: "secrets",
  apiVersion: "v1",
  kind: "Secret",
  namespace: "dev",
  labelSelector: "team in (ä,b)",
  after: 12,
  bookmarks: true,
  timeoutMs: 1_000,
  sealedToo: true,
};

describe("the context of a watch", () => {
  it("crosses in a header as it is", () => {
    const text = encodeWatch(watch);
    expect(text).toMatch(/^[\x20-\x7e]+$/);
    expect(decodeWatch(new Headers({ x: text }).get("x"))).toEqual(watch);
  });

  it.each([
    ["no header", null],
    ["no JSON", "{"],
    ["null", "null"],
    ["another version", JSON.stringify({ ...watch, v: 2 })],
    ["another operation", JSON.stringify({ ...watch, op: "proxy" })],
    ["no type", JSON.stringify({ ...watch, type: undefined })],
    ["a name that is no text", JSON.stringify({ ...watch, name: 1 })],
    ["a revision that is none", JSON.stringify({ ...watch, after: -1 })],
    ["a revision beyond integers", JSON.stringify({ ...watch, after: 2 ** 53 })],
    ["a time that is none", JSON.stringify({ ...watch, timeoutMs: "1" })],
    ["no word on bookmarks", JSON.stringify({ ...watch, bookmarks: undefined })],
  ])("is refused with %s", (_what, header) => {
    expect(decodeWatch(header)).toBeUndefined();
  });

  it("goes to an object of its type", () => {
    expect(fanoutName("clusters.management.cattle.io", 3)).toBe("clusters.management.cattle.io#3");
    expect(fanoutType("clusters.management.cattle.io#3")).toBe("clusters.management.cattle.io");
  });
});

describe("changesRights", () => {
  it("is so for every type that raises the generation rbac, and for credentials that go or change", () => {
    const raising = registry
      .all()
      .filter(({ raises }) => raises === "rbac")
      .map(typeKey);
    const kinds = ["ADDED", "MODIFIED", "DELETED"] as const;
    for (const kind of kinds) expect(raising.filter((type) => !changesRights({ type, kind }))).toEqual([]);
    const token = "tokens.management.cattle.io";
    expect(kinds.map((kind) => changesRights({ type: token, kind }))).toEqual([false, true, true]);
    expect(changesRights({ type: "configmaps", kind: "DELETED" })).toBe(false);
  });

  it("is not so for a token that was only seen to be used: its generation is the same", () => {
    const body = (generation?: number): string => JSON.stringify({ metadata: { generation }, ttl: 1 });
    const change = { type: "tokens.management.cattle.io", kind: "MODIFIED", body: body(2) } as const;
    expect(changesRights({ ...change, before: body(2) })).toBe(false);
    expect(changesRights({ ...change, before: body(1) })).toBe(true);
    expect(changesRights({ ...change, body: body(), before: body() })).toBe(true);
    expect(changesRights({ ...change, kind: "DELETED", before: body(2) })).toBe(true);
    // The value of another type's generation says nothing of what is sealed in it.
    expect(changesRights({ ...change, type: "secrets", before: body(2) })).toBe(true);
  });
});
