import { describe, expect, it } from "vitest";
import { canonical, deepFrozen, shares, vectors } from "../../test/vectors/vectors.ts";
import type { JsonSchema } from "../structural/types.ts";
import { PatchError } from "./errors.ts";
import { applyStrategicMergePatch } from "./strategic.ts";

interface Vectors {
  /** Schemas of Go structs, which refer to each other by `$ref`. */
  definitions: Record<string, JsonSchema>;
  vectors: { type: string; document: unknown; patch: unknown; error?: true; results?: unknown[] }[];
}
const { definitions, vectors: listed } = vectors("strategic") as Vectors;
const all = listed.map((vector) => [vector.type, JSON.stringify(vector.patch), vector] as const);

type Referring = JsonSchema & { readonly $ref?: string };

/** The schema with every `$ref` in its place replaced; members beside the reference stay. */
function resolved({ $ref, ...schema }: Referring): JsonSchema {
  if ($ref !== undefined) return { ...resolved(definitions[$ref] ?? {}), ...schema };
  const { properties, additionalProperties, items } = schema;
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([key, value]) => [key, resolved(value)]),
      ),
    }),
    ...(typeof additionalProperties === "object" && { additionalProperties: resolved(additionalProperties) }),
    ...(items && { items: resolved(items) }),
  };
}

const schemas = new Map(
  [...new Set(all.map(([type]) => type))].map((type) => [type, resolved(definitions[type] ?? {})]),
);
const schemaOf = (type: string): JsonSchema => schemas.get(type) ?? {};

function codeOf(schema: JsonSchema, document: unknown, patch: unknown): string | undefined {
  try {
    applyStrategicMergePatch(schema, document, patch);
  } catch (error) {
    if (error instanceof PatchError) return error.code;
    throw error;
  }
  return undefined;
}

describe("applyStrategicMergePatch", () => {
  it.each(all.filter(([, , { error }]) => error === undefined))(
    "patches a %s by %s as kube-apiserver does",
    (_type, _patch, { type, document, patch, results = [] }) => {
      const patched = applyStrategicMergePatch(schemaOf(type), deepFrozen(document), deepFrozen(patch));
      expect(results.map(canonical)).toContain(canonical(patched));
      expect(shares(patched, document) || shares(patched, patch)).toBe(false);
    },
  );

  it.each(all.filter(([, , { error }]) => error !== undefined))(
    "refuses to patch a %s by %s",
    (_type, _patch, { type, document, patch }) => {
      expect(() => applyStrategicMergePatch(schemaOf(type), deepFrozen(document), deepFrozen(patch))).toThrow(
        PatchError,
      );
    },
  );

  it("proves itself on enough vectors of both kinds", () => {
    expect(all.filter(([, , { error }]) => error === undefined).length).toBeGreaterThan(200);
    expect(all.filter(([, , { error }]) => error !== undefined).length).toBeGreaterThan(50);
  });

  const list = (strategy: string, items: JsonSchema = { type: "string" }): JsonSchema => ({
    type: "object",
    properties: { list: { type: "array", items, "x-kubernetes-patch-strategy": strategy } },
  });

  it("deletes from a list before it adds, where Kubernetes does either first", () => {
    const patch = { list: ["a"], "$deleteFromPrimitiveList/list": ["a"] };
    expect(applyStrategicMergePatch(list("merge"), { list: ["a", "b"] }, patch)).toEqual({
      list: ["a", "b"],
    });
  });

  it("merges objects and replaces lists below what a schema leaves open", () => {
    const open: JsonSchema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
    const document = { a: { list: [1], b: { c: 1 } } };
    expect(applyStrategicMergePatch(open, document, { a: { list: [2], b: { d: 2 } } })).toEqual({
      a: { list: [2], b: { c: 1, d: 2 } },
    });
    expect(
      applyStrategicMergePatch({ type: "object", additionalProperties: true }, document, { a: { b: null } }),
    ).toEqual({
      a: { list: [1] },
    });
  });

  it.each([
    ["three strategies", "merge,replace,retainKeys"],
    ["two that contradict", "merge,replace"],
  ])("refuses a schema with %s", (_what, strategy) => {
    expect(codeOf(list(strategy), { list: ["a"] }, { list: ["b"] })).toBe("BadRequest");
  });

  it("tells lists of lists from other mistakes, as kube-apiserver does", () => {
    expect(codeOf(list("merge"), { list: ["a"] }, { list: [["b"]] })).toBe("Invalid");
    expect(codeOf(list("merge"), { list: ["a"] }, { list: [1] })).toBe("BadRequest");
  });

  it.each([
    ["a document", [], {}],
    ["a document", null, {}],
    ["a patch", {}, []],
    ["a patch", {}, null],
    ["a patch", {}, "x"],
  ])("refuses %s that is no object", (_what, document, patch) => {
    expect(codeOf({}, document, patch)).toBe("BadRequest");
  });

  it("reads no member from a prototype and changes none", () => {
    const patch = JSON.parse(
      '{"__proto__":{"polluted":true},"constructor":{"x":1},"toString":null}',
    ) as unknown;
    const patched = applyStrategicMergePatch({ type: "object" }, {}, patch) as object;
    expect(Object.keys(patched)).toEqual(["__proto__", "constructor"]);
    expect(Object.getPrototypeOf(patched)).toBe(Object.prototype);
    expect("polluted" in {}).toBe(false);
  });

  it("appends what no order ranks in lists longer than Go's insertion sort takes", () => {
    const names = Array.from({ length: 25 }, (_, index) => `n${index}`);
    const patch = { list: ["x", "y"], "$setElementOrder/list": [] };
    expect(applyStrategicMergePatch(list("merge"), { list: names }, patch)).toEqual({
      list: [...names, "x", "y"],
    });
  });

  it("merges long lists in one pass", () => {
    const items: JsonSchema = { type: "object", properties: { name: { type: "string" } } };
    const keyed = (): JsonSchema => ({
      type: "object",
      properties: {
        list: {
          type: "array",
          items,
          "x-kubernetes-patch-strategy": "merge",
          "x-kubernetes-patch-merge-key": "name",
        },
      },
    });
    const names = (from: number, to: number): { name: string }[] =>
      Array.from({ length: to - from }, (_, index) => ({ name: `n${from + index}` }));
    const patch = {
      list: [...names(50_000, 100_000), ...names(0, 50_000).map((item) => ({ ...item, $patch: "delete" }))],
    };
    const patched = applyStrategicMergePatch(keyed(), { list: names(0, 60_000) }, patch);
    expect(patched).toEqual({ list: names(50_000, 100_000) });
  });
});
