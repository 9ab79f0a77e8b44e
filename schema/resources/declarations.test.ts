/** What must hold of every declared type: adding one is adding a file, so nobody else looks at it. */
import { describe, expect, it } from "vitest";
import { typeKey } from "../resource.ts";
import { applyDefaults, validate } from "../structural/engine.ts";
import type { JsonSchema } from "../structural/types.ts";
import { registry } from "./registry.ts";

const all = registry.all();

/** Each schema within a schema, with its path. */
function* within(schema: JsonSchema, path = ""): Generator<[string, JsonSchema]> {
  yield [path, schema];
  for (const [name, member] of Object.entries(schema.properties ?? {}))
    yield* within(member, `${path}.${name}`);
  if (schema.items !== undefined) yield* within(schema.items, `${path}[]`);
  if (typeof schema.additionalProperties === "object")
    yield* within(schema.additionalProperties, `${path}{}`);
}

it("declares each type and each kind once", () => {
  const keys = all.map(typeKey);
  expect(new Set(keys).size).toBe(keys.length);
  const kinds = all.map(({ group, kind }) => `${kind}.${group}`);
  expect(new Set(kinds).size).toBe(kinds.length);
});

describe.each(all.map((definition) => [typeKey(definition), definition] as const))(
  "%s",
  (_key, definition) => {
    it("is named as Kubernetes names types", () => {
      const { plural, singular, kind, version, shortNames = [], categories = [] } = definition;
      for (const name of [plural, singular, ...shortNames, ...categories])
        expect(name).toMatch(/^[a-z][a-z0-9-]*$/);
      expect(kind.toLowerCase()).toBe(singular);
      expect(version).toMatch(/^v[0-9]+((alpha|beta)[0-9]+)?$/);
    });

    it("has a structural schema whose patterns can be read and whose defaults are valid", () => {
      for (const [path, schema] of within(definition.schema())) {
        const { type, pattern, properties = {}, required = [] } = schema;
        if (pattern !== undefined) expect(() => new RegExp(pattern, "u"), path).not.toThrow();
        if (schema.properties !== undefined) expect(type, path).toBe("object");
        if (schema.items !== undefined) expect(type, path).toBe("array");
        // What is required can be said.
        if (schema["x-kubernetes-preserve-unknown-fields"] !== true)
          for (const name of required) expect(Object.keys(properties), path).toContain(name);
        for (const name of schema["x-kubernetes-list-map-keys"] ?? [])
          expect(Object.keys(schema.items?.properties ?? {}), path).toContain(name);
        if (schema.default !== undefined)
          expect(validate(schema, applyDefaults(schema, structuredClone(schema.default))), path).toEqual([]);
      }
    });

    it("has columns, replicas and sealed members where its schema has them", () => {
      const { properties = {} } = definition.schema();
      const members = ["metadata", ...Object.keys(properties)];
      const open = definition.schema()["x-kubernetes-preserve-unknown-fields"] === true;
      const { specReplicasPath, statusReplicasPath } = definition.scaleSubresource ?? {};
      const paths = [
        ...(definition.printerColumns ?? []).map(({ jsonPath }) => jsonPath),
        ...[specReplicasPath, statusReplicasPath].filter((path) => path !== undefined),
        ...(definition.sensitive ?? []).map((pointer) => pointer.replace("/", ".")),
      ];
      for (const path of paths) {
        const [, first = ""] = /^\.([A-Za-z0-9]+)/.exec(path) ?? [];
        if (!open) expect(members, path).toContain(first);
      }
    });
  },
);
