/** What must hold of every declared type. Samples are in `samples/<group>.yaml`. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { parseAllDocuments } from "yaml";
import type { JsonPath } from "../../functions/http/kube/local/jsonpath.ts";
import { parseJsonPath } from "../../functions/http/kube/local/jsonpath.ts";
import type { KubeObject } from "../object.ts";
import { apiVersionOf, typeKey } from "../resource.ts";
import type { ResourceDefinition } from "../resource.ts";
import { applyDefaults, prune, validate } from "../structural/engine.ts";
import type { JsonSchema } from "../structural/types.ts";
import { metadataErrors } from "../store/metadata.ts";
import { isDnsLabel, isDnsSubdomain } from "./names.ts";
import { objectMetaSchema } from "./object-meta.ts";
import { registry } from "./registry.ts";

const all = registry.all().map((definition) => [typeKey(definition), definition] as const);

/** The schema of a whole object, as a client sees it. */
function whole(definition: ResourceDefinition): JsonSchema {
  const schema = definition.schema();
  return { ...schema, properties: { ...schema.properties, metadata: objectMetaSchema() } };
}

/** The schema that steps lead to; `undefined` where a declared one ends. */
function follow(schema: JsonSchema | undefined, steps: JsonPath): JsonSchema | undefined {
  return steps.reduce<JsonSchema | undefined>((at, step) => {
    if (at === undefined) return undefined;
    if (step.kind === "filter" || step.kind === "index" || step.kind === "wildcard") return at.items;
    if (step.kind !== "field") throw new TypeError(`a column with ${step.kind}`);
    const { properties = {}, additionalProperties } = at;
    if (Object.hasOwn(properties, step.name)) return properties[step.name];
    if (typeof additionalProperties === "object") return additionalProperties;
    return undefined;
  }, schema);
}

/** Kubernetes' rules for structural schemas, as far as our dialect can break them. */
function structuralProblems(schema: JsonSchema, path = "$"): string[] {
  const problems: string[] = [];
  const typeless =
    schema["x-kubernetes-int-or-string"] === true || schema["x-kubernetes-preserve-unknown-fields"] === true;
  if (schema.type === undefined && !typeless) problems.push(`${path}: no type`);
  if (schema.properties !== undefined && schema.additionalProperties !== undefined)
    problems.push(`${path}: properties and additionalProperties`);
  if (schema.type === "array" && schema.items === undefined) problems.push(`${path}: no items`);
  for (const name of schema.required ?? [])
    if (schema.properties !== undefined && !Object.hasOwn(schema.properties, name))
      problems.push(`${path}: ${name} is required but not declared`);
  if (schema["x-kubernetes-list-type"] === "map")
    for (const key of schema["x-kubernetes-list-map-keys"] ?? [])
      if (!Object.hasOwn(schema.items?.properties ?? {}, key)) problems.push(`${path}: no key ${key}`);
  if (schema.default !== undefined) {
    const errors = validate(schema, schema.default);
    problems.push(...errors.map(({ message }) => `${path}: default: ${message}`));
  }
  for (const value of schema.enum ?? [])
    if (typeof value !== schema.type) problems.push(`${path}: enum of another type`);
  if (schema.pattern !== undefined) expect(() => new RegExp(schema.pattern ?? "", "u"), path).not.toThrow();
  for (const [name, member] of Object.entries(schema.properties ?? {}))
    problems.push(...structuralProblems(member, `${path}.${name}`));
  if (schema.items !== undefined) problems.push(...structuralProblems(schema.items, `${path}[]`));
  if (typeof schema.additionalProperties === "object")
    problems.push(...structuralProblems(schema.additionalProperties, `${path}.*`));
  return problems;
}

const samples = globSync("samples/*.yaml", { cwd: import.meta.dirname }).flatMap((file) =>
  parseAllDocuments(readFileSync(join(import.meta.dirname, file), "utf8")).map(
    (document) => document.toJS() as KubeObject,
  ),
);

describe("every declared type", () => {
  it("has a key of its own", () => {
    expect(new Set(all.map(([key]) => key)).size).toBe(all.length);
    const kinds = all.map(([, definition]) => `${apiVersionOf(definition)} ${definition.kind}`);
    expect(new Set(kinds).size).toBe(all.length);
  });

  it.each(all)("%s has names that Kubernetes takes", (_key, definition) => {
    const { group, version, kind, plural, singular, shortNames = [], categories = [] } = definition;
    expect(group === "" || (isDnsSubdomain(group) && group.includes("."))).toBe(true);
    expect(version).toMatch(/^v\d+(?:(?:alpha|beta)\d+)?$/);
    expect(kind).toMatch(/^[A-Z][A-Za-z0-9]*$/);
    expect(singular).toBe(kind.toLowerCase());
    for (const name of [plural, ...shortNames, ...categories]) expect(isDnsLabel(name), name).toBe(true);
  });

  it.each(all)("%s has a structural schema", (_key, definition) => {
    const schema = definition.schema();
    expect(schema.type).toBe("object");
    expect(Object.keys(schema.properties ?? {})).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(?:apiVersion|kind|metadata)$/)]),
    );
    expect(structuralProblems(schema)).toEqual([]);
    // Built once: what is derived from a schema is kept by its identity.
    expect(definition.schema()).toBe(schema);
  });

  it.each(all)("%s refers to members that its schema has", (_key, definition) => {
    const {
      printerColumns = [],
      selectableFields = [],
      sensitive = [],
      unique = [],
      indexes = {},
    } = definition;
    const schema = whole(definition);
    for (const { name, jsonPath } of printerColumns)
      expect(follow(schema, parseJsonPath(jsonPath)), name).toBeDefined();
    for (const path of selectableFields)
      expect(follow(schema, parseJsonPath(`.${path}`)), path).toBeDefined();
    for (const pointer of sensitive) {
      expect(pointer).toMatch(/^\/[A-Za-z]+$/);
      const open = schema["x-kubernetes-preserve-unknown-fields"] === true;
      expect(open || Object.hasOwn(schema.properties ?? {}, pointer.slice(1)), pointer).toBe(true);
    }
    for (const index of unique) expect(Object.keys(indexes)).toContain(index);
  });
});

describe("samples", () => {
  // Kubernetes' own types are judged by what Kubernetes publishes, those of machine drivers by the tables they are made from.
  const ownTests = (group: string): boolean =>
    group === "" || group.endsWith(".k8s.io") || group.startsWith("rke-machine");
  const groups = new Set(samples.map(({ apiVersion }) => apiVersion));

  it.each(
    all.filter(([, definition]) => !ownTests(definition.group) || groups.has(apiVersionOf(definition))),
  )("%s has some, and they come back as they are", (_key, definition) => {
    const own = samples.filter(
      ({ apiVersion, kind }) => apiVersion === apiVersionOf(definition) && kind === definition.kind,
    );
    expect(own).not.toEqual([]);
    for (const sample of own) {
      const { apiVersion: _a, kind: _k, metadata: _m, ...rest } = structuredClone(sample);
      const schema = definition.schema();
      expect(validate(schema, rest), sample.metadata.name).toEqual([]);
      expect(metadataErrors(definition, sample), sample.metadata.name).toEqual([]);
      expect({ ...sample, ...applyDefaults(schema, prune(schema, rest)) }).toEqual(sample);
    }
  });

  it("are of declared types", () => {
    const kinds = new Set(all.map(([, definition]) => `${apiVersionOf(definition)} ${definition.kind}`));
    for (const { apiVersion, kind } of samples) expect(kinds).toContain(`${apiVersion} ${kind}`);
  });
});

describe("the list of types", () => {
  it("builds no schema when it is loaded: that would be paid by every cold start", async () => {
    vi.resetModules();
    let built = 0;
    vi.doMock("../structural/once.ts", () => ({
      once: (build: () => unknown) => () => {
        built++;
        return build();
      },
    }));
    try {
      const { definitions } = await import("./index.generated.ts");
      expect(definitions.length).toBe(all.length);
      expect(built).toBe(0);
      definitions[0]?.schema();
      expect(built).toBe(1);
    } finally {
      vi.doUnmock("../structural/once.ts");
      vi.resetModules();
    }
  });
});
