import { describe, expect, it } from "vitest";
import { canonical, deepFrozen, shares, vectors } from "../../test/vectors/vectors.ts";
import { PatchError } from "./errors.ts";
import { applyJsonPatch } from "./json-patch.ts";

interface Vector {
  document: unknown;
  patch: unknown;
  error?: true;
  result?: unknown;
}
const all = (vectors("json-patch") as Vector[]).map(
  (vector) => [JSON.stringify(vector.patch), JSON.stringify(vector.document), vector] as const,
);

function codeOf(document: unknown, patch: unknown): string | undefined {
  try {
    applyJsonPatch(document, patch);
  } catch (error) {
    if (error instanceof PatchError) return error.code;
    throw error;
  }
  return undefined;
}

describe("applyJsonPatch", () => {
  it.each(all.filter(([, , { error }]) => error === undefined))(
    "applies %s to %s as kube-apiserver does",
    (_patch, _document, { document, patch, result }) => {
      const patched = applyJsonPatch(deepFrozen(document), deepFrozen(patch));
      expect(canonical(patched)).toBe(canonical(result));
      expect(shares(patched, document) || shares(patched, patch)).toBe(false);
    },
  );

  it.each(all.filter(([, , { error }]) => error !== undefined))(
    "refuses to apply %s to %s",
    (_patch, _document, { document, patch }) => {
      expect(() => applyJsonPatch(deepFrozen(document), deepFrozen(patch))).toThrow(PatchError);
    },
  );

  it.each<[string, unknown, unknown, unknown]>([
    ["add", { a: 1 }, { op: "add", path: "", value: { b: 2 } }, { b: 2 }],
    ["replace", { a: 1 }, { op: "replace", path: "", value: [] }, []],
    ["copy a part of it over", { a: { b: 1 } }, { op: "copy", from: "/a", path: "" }, { b: 1 }],
    ["copy it into itself", { a: 1 }, { op: "copy", from: "", path: "/b" }, { a: 1, b: { a: 1 } }],
    ["test", { a: 1 }, { op: "test", path: "", value: { a: 1 } }, { a: 1 }],
  ])("can %s the whole document", (_what, document, operation, result) => {
    expect(applyJsonPatch(document, [operation])).toEqual(result);
  });

  it.each([
    ["remove the whole document", { op: "remove", path: "" }],
    ["move the whole document", { op: "move", from: "", path: "/b" }],
    ["make the document a scalar", { op: "add", path: "", value: 1 }],
    ["follow a pointer without a slash", { op: "add", path: "a/b", value: 1 }],
  ])("refuses to %s", (_what, operation) => {
    expect(codeOf({ a: { b: 1 } }, [operation])).toBe("Invalid");
  });

  it("compares numbers and text by value, and lists with null", () => {
    const document = { a: [1, null, "\u00e4", { b: null }] };
    const value = JSON.parse('[1.0,null,"\\u00e4",{"b":null}]') as unknown;
    expect(applyJsonPatch(document, [{ op: "test", path: "/a", value }])).toEqual(document);
  });

  it("copies deeply: neither copy sees changes of the other", () => {
    const patched = applyJsonPatch({ a: { list: [{ x: 1 }] } }, [
      { op: "copy", from: "/a", path: "/b" },
      { op: "add", path: "/a/list/0/x", value: 2 },
      { op: "add", path: "/b/list/-", value: 3 },
    ]);
    expect(patched).toEqual({ a: { list: [{ x: 2 }] }, b: { list: [{ x: 1 }, 3] } });
  });

  it("reads no member from a prototype and changes none", () => {
    const patch = [
      { op: "add", path: "/__proto__", value: { polluted: true } },
      { op: "add", path: "/constructor", value: { prototype: {} } },
      { op: "add", path: "/constructor/prototype/polluted", value: true },
    ];
    const patched = applyJsonPatch({}, patch) as object;
    expect(Object.keys(patched)).toEqual(["__proto__", "constructor"]);
    expect(Object.getPrototypeOf(patched)).toBe(Object.prototype);
    expect("polluted" in {}).toBe(false);
    expect(codeOf({}, [{ op: "add", path: "/__proto__/polluted", value: true }])).toBe("Invalid");
    expect(codeOf([], [{ op: "replace", path: "/length", value: 0 }])).toBe("Invalid");
  });

  it("takes 10,000 operations and no more", () => {
    const patch = Array.from({ length: 10_000 }, () => ({ op: "add", path: "/a/-", value: 1 }));
    expect(applyJsonPatch({ a: [] }, patch)).toEqual({ a: Array.from({ length: 10_000 }, () => 1) });
    expect(codeOf({ a: [] }, [...patch, patch[0]])).toBe("RequestEntityTooLarge");
  });

  it("refuses copies that grow the document by more than 3 MiB", () => {
    const copy = { op: "copy", from: "/a", path: "/a/-" };
    expect(
      codeOf(
        { a: ["x".repeat(1024)] },
        Array.from({ length: 30 }, () => copy),
      ),
    ).toBe("Invalid");
  });

  it("refuses to build what nests beyond 64 levels, however it gets there", () => {
    const nest = (from: string, to: string): object[] => [
      { op: "add", path: "/x", value: {} },
      { op: "move", from, path: "/x/y" },
      { op: "move", from: "/x", path: to },
    ];
    const patch = Array.from({ length: 3000 }, () => nest("/a", "/a")).flat();
    expect(codeOf({ a: {} }, patch)).toBe("Invalid");
    expect(codeOf({ a: {} }, [...patch, { op: "copy", from: "/a", path: "/b" }])).toBe("Invalid");
    expect(codeOf({}, [{ op: "add", path: "/a", value: JSON.parse("[".repeat(70) + "]".repeat(70)) }])).toBe(
      "Invalid",
    );
  });

  it.each([[null], [{}], ["x"], [1]])("calls %j no patch", (patch) => {
    expect(codeOf({}, patch)).toBe("BadRequest");
  });
});
