import { expect, it } from "vitest";
import { configMaps } from "../resources/core/config-maps.ts";
import { namespaces } from "../resources/core/namespaces.ts";
import { objectSchema } from "../resources/object-schema.ts";
import { applyConfiguration } from "./apply.ts";
import { conflictMessage } from "./conflict-message.ts";
import { ApplyError, ConflictError } from "./errors.ts";
import { toFieldSet } from "./to-field-set.ts";
import { toFieldsV1 } from "./fields-v1.ts";
import { withIdleTimes } from "./idle-times.ts";
import type { ManagedFieldsEntry } from "./managers.ts";
import { objectTypeOf } from "./object-type.ts";
import { managersAfterUpdate } from "./update.ts";
import { checkTyped } from "./validate-typed.ts";
import { atomOf } from "./atoms.ts";

const type = objectTypeOf(configMaps);
const first = "2026-01-01T00:00:00Z";
const later = "2026-01-01T00:01:00Z";

type Metadata = {
  name: string;
  uid?: string;
  labels?: object;
  managedFields?: readonly ManagedFieldsEntry[];
};
type ConfigMap = { apiVersion: string; kind: string; metadata: Metadata; data?: Record<string, string> };

function configMap(data: Record<string, string>, metadata: object = {}): ConfigMap {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "one", ...metadata }, data };
}

function created(): ConfigMap {
  const next = configMap({ a: "1", b: "2" }, { uid: "u" });
  const entries = managersAfterUpdate({ type, live: undefined, next, manager: "maker", time: first });
  return { ...next, metadata: { ...next.metadata, managedFields: entries ?? [] } };
}

const summary = (entries: readonly ManagedFieldsEntry[] | undefined): unknown =>
  entries?.map(({ manager, operation, time }) => `${manager} ${operation} ${time}`);

it("gives the creator everything but what is the server's", () => {
  expect(created().metadata.managedFields).toEqual([
    {
      manager: "maker",
      operation: "Update",
      apiVersion: "v1",
      time: first,
      fieldsType: "FieldsV1",
      fieldsV1: { "f:data": { ".": {}, "f:a": {}, "f:b": {} } },
    },
  ]);
});

it("answers with the very entries when nothing changes, and with others only in time when values do", () => {
  const live = created();
  const request = { type, live, manager: "maker", time: later };
  expect(managersAfterUpdate({ ...request, next: live })).toBe(live.metadata.managedFields);
  const changed = managersAfterUpdate({ ...request, next: { ...live, data: { a: "3", b: "2" } } });
  expect(changed).toEqual([{ ...live.metadata.managedFields?.[0], time: later }]);
});

it("moves a field to who changes its value", () => {
  const live = created();
  const next = { ...live, data: { a: "3", b: "2" } };
  const entries = managersAfterUpdate({ type, live, next, manager: "other", time: later });
  expect(summary(entries)).toEqual([`maker Update ${first}`, `other Update ${later}`]);
  expect(entries?.map(({ fieldsV1 }) => fieldsV1)).toEqual([
    { "f:data": { ".": {}, "f:b": {} } },
    { "f:data": { "f:a": {} } },
  ]);
});

it("keeps no managers for an object that has none, until something is applied to it", () => {
  const live = configMap({ a: "1" }, { uid: "u" });
  const next = configMap({ a: "2" }, { uid: "u" });
  expect(managersAfterUpdate({ type, live, next, manager: "other", time: later })).toBeUndefined();
  const config = configMap({ b: "1" });
  const applied = applyConfiguration({ type, live, config, manager: "applier", force: false, time: later });
  expect(summary((applied as unknown as ConfigMap).metadata.managedFields)).toEqual([
    `applier Apply ${later}`,
    `before-first-apply Update ${later}`,
  ]);
});

it("refuses to take a field from another manager without force", () => {
  const request = { type, live: created(), config: configMap({ a: "5" }), manager: "applier", time: later };
  const refused = (): unknown => applyConfiguration({ ...request, force: false });
  expect(refused).toThrow(ConflictError);
  try {
    refused();
  } catch (error) {
    expect(conflictMessage((error as ConflictError).conflicts)).toBe(
      'Apply failed with 1 conflict: conflict with "maker" using v1: .data.a',
    );
  }
  expect(applyConfiguration({ ...request, force: true })).toMatchObject({ data: { a: "5", b: "2" } });
});

it("refuses a configuration that brings managedFields, is of another type, or has unknown fields", () => {
  const apply = (config: object): unknown =>
    applyConfiguration({
      type,
      live: undefined,
      config: config as never,
      manager: "a",
      force: false,
      time: first,
    });
  expect(() => apply(configMap({}, { managedFields: [] }))).toThrow("metadata.managedFields must be nil");
  expect(() => apply({ ...configMap({}), kind: "Secret" })).toThrow("invalid object type: /v1, Kind=Secret");
  expect(() => apply({ ...configMap({}), foo: 1 })).toThrow(
    new ApplyError(
      "failed to create typed patch object (/one; /v1, Kind=ConfigMap): .foo: field not declared in schema",
    ),
  );
});

it("lets an ordinary request own nothing of the status, and a status request nothing else", () => {
  const namespace = { ...objectTypeOf(namespaces), statusMetadata: false };
  const live = { apiVersion: "v1", kind: "Namespace", metadata: { name: "a", uid: "u" } };
  const next = { ...live, metadata: { ...live.metadata, labels: { a: "b" } }, status: { phase: "Active" } };
  const fields = (subresource: string | undefined): unknown =>
    managersAfterUpdate({
      type: namespace,
      live: undefined,
      next,
      manager: "a",
      time: first,
      subresource,
    })?.map(({ fieldsV1 }) => fieldsV1);
  expect(fields(undefined)).toEqual([{ "f:metadata": { "f:labels": { ".": {}, "f:a": {} } } }]);
  expect(fields("status")).toEqual([{ "f:status": { ".": {}, "f:phase": {} } }]);
  const own = managersAfterUpdate({
    type: objectTypeOf(namespaces),
    live: undefined,
    next,
    manager: "a",
    time: first,
    subresource: "status",
  });
  expect(own?.map(({ fieldsV1 }) => Object.keys(fieldsV1))).toEqual([["f:metadata", "f:status"]]);
});

it("puts the times of before back when nothing else has changed", () => {
  const before = created().metadata.managedFields ?? [];
  const after = before.map((entry) => ({ ...entry, time: later }));
  expect(withIdleTimes(before, after, () => true)).toBe(before);
  expect(withIdleTimes(before, after, () => false)).toBe(after);
  expect(withIdleTimes(before, [], () => true)).toEqual([]);
  expect(withIdleTimes(undefined, after, () => true)).toBe(after);
});

it("writes members, items and values in Go's order, whatever their names", () => {
  const atom = atomOf({
    type: "object",
    properties: {
      map: { type: "object", additionalProperties: { type: "string" } },
      set: { type: "array", items: { type: "integer" }, "x-kubernetes-list-type": "set" },
    },
  });
  const map = JSON.parse('{"\u{1F600}":"","\uFF5E":"","__proto__":"","1":""}') as object;
  const set = toFieldSet(atom, { set: [10, 9], map });
  expect(JSON.stringify(toFieldsV1(set))).toBe(
    '{"f:map":{"f:1":{},"f:__proto__":{},"f:\uFF5E":{},"f:\u{1F600}":{}},"f:set":{"v:9":{},"v:10":{}}}',
  );
});

it("knows the envelope of a resource inside another one", () => {
  const atom = atomOf({
    type: "object",
    "x-kubernetes-embedded-resource": true,
    properties: { spec: { type: "object", additionalProperties: { type: "string" } } },
  });
  const value = { apiVersion: "v1", kind: "A", metadata: { labels: { a: "b" } }, spec: {} };
  expect(() => checkTyped(atom, value)).not.toThrow();
  expect(() => checkTyped(atom, { ...value, other: 1 })).toThrow(".other: field not declared in schema");
});

it("keeps one schema of whole objects for each type", () => {
  expect(objectSchema(configMaps)).toBe(objectSchema(configMaps));
  expect(objectTypeOf(configMaps)).toBe(objectTypeOf(configMaps));
});
