import { describe, expect, it } from "vitest";
import { canonical, deepFrozen, shares, vectors } from "../../test/vectors/vectors.ts";
import { PatchError } from "./errors.ts";
import { applyMergePatch } from "./merge-patch.ts";

interface Vector {
  document: unknown;
  patch: unknown;
  result: unknown;
}
const all = (vectors("merge-patch") as Vector[]).map(
  (vector) => [JSON.stringify(vector.patch), JSON.stringify(vector.document), vector] as const,
);

describe("applyMergePatch", () => {
  it.each(all)(
    "merges %s into %s as kube-apiserver does",
    (_patch, _document, { document, patch, result }) => {
      const merged = applyMergePatch(deepFrozen(document), deepFrozen(patch));
      expect(canonical(merged)).toBe(canonical(result));
      expect(shares(merged, document) || shares(merged, patch)).toBe(false);
    },
  );

  // RFC 7386, appendix A.
  it.each<[unknown, unknown, unknown]>([
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [
      ["a", "b"],
      ["c", "d"],
      ["c", "d"],
    ],
    [{ a: "b" }, ["c"], ["c"]],
    [{ a: "foo" }, null, null],
    [{ a: "foo" }, "bar", "bar"],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])("turns %j by %j into %j", (document, patch, result) => {
    expect(applyMergePatch(document, patch)).toEqual(result);
  });

  it("leaves nulls inside lists alone, as the RFC has it", () => {
    expect(applyMergePatch({}, { a: [null, { b: null }] })).toEqual({ a: [null, { b: null }] });
  });

  it("keeps the places of members and appends new ones", () => {
    const merged = applyMergePatch({ a: 1, b: { x: 1, y: 2 }, c: 3 }, { d: 4, b: { z: 3, x: 9 }, a: null });
    expect(JSON.stringify(merged)).toBe('{"b":{"x":9,"y":2,"z":3},"c":3,"d":4}');
  });

  it("refuses what nests beyond 64 levels", () => {
    const deep = (depth: number): unknown => JSON.parse('{"a":'.repeat(depth) + "1" + "}".repeat(depth));
    expect(applyMergePatch(deep(64), deep(64))).toEqual(deep(64));
    expect(() => applyMergePatch({}, deep(65))).toThrow(PatchError);
    expect(() => applyMergePatch(deep(65), {})).toThrow(PatchError);
    expect(() => applyMergePatch(deep(65), deep(65))).toThrow(PatchError);
  });
});
