import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { KubeObject } from "../object.ts";
import { apiVersionOf, typeKey } from "../resource.ts";
import type { AdmissionContext, ResourceDefinition } from "../resource.ts";
import { applyDefaults, prune, validate } from "../structural/engine.ts";
import type { FieldError } from "../structural/types.ts";
import { leases } from "./coordination.k8s.io/leases.ts";
import { configMaps } from "./core/config-maps.ts";
import { events } from "./core/events.ts";
import { namespaces } from "./core/namespaces.ts";
import { serviceAccounts } from "./core/service-accounts.ts";
import { objectMetaSchema } from "./object-meta.ts";
import { isQualifiedName } from "./qualified-name.ts";
import { registry } from "./registry.ts";
import { canonicalMicroTime, canonicalTime } from "./times.ts";

/** As the store admits an object: `schema/store/admission.ts`, without a store. */
async function admit<T extends KubeObject>(
  definition: ResourceDefinition<T>,
  content: object,
  { old, ...metadata }: { old?: T; name?: string; namespace?: string } = {},
): Promise<{ object: T; errors: FieldError[] }> {
  const named = { name: "one", ...(definition.scope === "Namespaced" && { namespace: "default" }) };
  const rest = prune(definition.schema(), structuredClone(content));
  applyDefaults(definition.schema(), rest);
  const given = {
    apiVersion: apiVersionOf(definition),
    kind: definition.kind,
    metadata: { ...named, ...metadata },
    ...rest,
  } as unknown as T;
  const shape = validate(definition.schema(), rest);
  if (shape.length > 0) return { object: given, errors: shape };
  const context = (object: T): AdmissionContext<T> => ({
    operation: old === undefined ? "CREATE" : "UPDATE",
    object,
    ...(old === undefined ? {} : { old }),
    actor: { name: "system:test", rules: [] },
    lookup: async () => undefined,
    lookupByIndex: async () => [],
    declared: () => undefined,
    now: () => new Date(0),
  });
  const object = (await definition.mutate?.(context(given))) ?? given;
  return { object, errors: [...((await definition.validate?.(context(object))) ?? [])] };
}

async function problems<T extends KubeObject>(...args: Parameters<typeof admit<T>>): Promise<string[]> {
  const { errors } = await admit(...args);
  return errors.map(({ reason, field }) => `${reason} ${field}`);
}

/** Errors on DELETE of an object that breaks every rule: none, or it could never be removed. */
async function onDelete<T extends KubeObject>(
  definition: ResourceDefinition<T>,
  object: object,
): Promise<unknown> {
  const context = { operation: "DELETE", object, old: object } as unknown as AdmissionContext<T>;
  return definition.validate?.(context);
}

function without(member: string, schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) => (key === member ? undefined : value));
}

describe("schemas of core types", () => {
  /** Out of api/openapi-spec/swagger.json of Kubernetes v1.36.3: references resolved, descriptions left out. */
  const published = JSON.parse(
    readFileSync(join(import.meta.dirname, "kubernetes-openapi.json"), "utf8"),
  ) as Record<string, unknown>;

  it.each([configMaps, events, leases, namespaces, serviceAccounts] as ResourceDefinition[])(
    "$plural are as Kubernetes publishes them, with list and patch markers",
    (definition) => {
      const theirs = published[typeKey(definition)];
      // Deviations, each with its reason beside the schema: binaryData of ConfigMaps, the phase of Namespaces.
      expect(without("nullable", without("enum", definition.schema()) as object)).toEqual(
        definition.plural === "configmaps" ? without("format", theirs) : theirs,
      );
    },
  );

  it("ObjectMeta is as Kubernetes publishes it, with list and patch markers", () => {
    const ours = without("x-kubernetes-preserve-unknown-fields", objectMetaSchema());
    expect(ours).toEqual(published["ObjectMeta"]);
  });

  it("are found by group, version and plural", () => {
    expect(registry.byPlural("", "v1", "configmaps")).toBe(configMaps);
    expect(registry.byPlural("", "v1", "events")).toBe(events);
    expect(registry.byPlural("", "v1", "serviceaccounts")).toBe(serviceAccounts);
    expect(registry.byPlural("coordination.k8s.io", "v1", "leases")).toBe(leases);
  });
});

describe("ConfigMaps", () => {
  const mebi = 1024 * 1024;

  it("take keys of letters, digits, '-', '_' and '.', up to 253 of them", async () => {
    for (const key of ["a", "A_b-c.9", "a..b", ".a", "k".repeat(253)])
      expect(await problems(configMaps, { data: { [key]: "x" } }), key).toEqual([]);
    for (const key of ["", "a b", "a/b", "ü", ".", "..", "..a", "k".repeat(254)]) {
      expect(await problems(configMaps, { data: { [key]: "x" } }), key).toEqual([
        `FieldValueInvalid data[${key}]`,
      ]);
      expect(await problems(configMaps, { binaryData: { [key]: "" } }), key).toEqual([
        `FieldValueInvalid binaryData[${key}]`,
      ]);
    }
  });

  it("refuse one key in both maps", async () => {
    expect(await problems(configMaps, { data: { a: "", b: "" }, binaryData: { b: "" } })).toEqual([
      "FieldValueInvalid data[b]",
    ]);
  });

  it("store base64 in one line and refuse what is none, without showing it", async () => {
    const { object } = await admit(configMaps, { binaryData: { a: "QUJD\nREVG\r\n" } });
    expect(object.binaryData).toEqual({ a: "QUJDREVG" });
    for (const value of ["QUJ", "QU=D", "QUJD====", "QUJD QUJD", "QU_-"]) {
      const { errors } = await admit(configMaps, { binaryData: { a: value } });
      expect(errors.map(({ field }) => field)).toEqual(["binaryData[a]"]);
      expect(errors[0]?.message).not.toContain(value);
    }
  });

  it("hold 1 MiB of values in bytes, in both maps together", async () => {
    const half = btoa("x".repeat(mebi / 2));
    expect(
      await problems(configMaps, { data: { a: "ü".repeat(mebi / 4) }, binaryData: { b: half } }),
    ).toEqual([]);
    expect(
      await problems(configMaps, { data: { a: `${"ü".repeat(mebi / 4)}x` }, binaryData: { b: half } }),
    ).toEqual(["FieldValueTooLong "]);
  });

  it("keep data and immutability once immutable, whatever the order of keys; metadata may change", async () => {
    const content = { immutable: true, data: { a: "1", b: "2" }, binaryData: { c: "QQ==" } };
    const { object: old } = await admit(configMaps, content);
    const again = { binaryData: { c: "QQ==" }, data: { b: "2", a: "1" }, immutable: true };
    expect(await problems(configMaps, again, { old })).toEqual([]);
    expect(await problems(configMaps, { ...content, data: { a: "1" } }, { old })).toEqual([
      "FieldValueForbidden data",
    ]);
    expect(await problems(configMaps, {}, { old })).toEqual([
      "FieldValueForbidden immutable",
      "FieldValueForbidden data",
      "FieldValueForbidden binaryData",
    ]);
    const { object: open } = await admit(configMaps, { data: { a: "1" } });
    expect(await problems(configMaps, { immutable: true, data: {} }, { old: open })).toEqual([]);
  });
});

describe("ServiceAccounts", () => {
  it("keep of their Secrets the names only", async () => {
    const secrets = [{ name: "a", namespace: "b", kind: "Secret", uid: "u", other: 1 }, { uid: "u" }];
    const imagePullSecrets = [{ name: "p" }];
    const { object, errors } = await admit(serviceAccounts, {
      secrets,
      imagePullSecrets,
      automountServiceAccountToken: false,
    });
    expect(errors).toEqual([]);
    expect(object).toMatchObject({
      secrets: [{ name: "a" }, {}],
      imagePullSecrets,
      automountServiceAccountToken: false,
    });
    expect(object.secrets).toStrictEqual([{ name: "a" }, {}]);
  });
});

describe("Leases", () => {
  const spec = (content: object): Promise<string[]> => problems(leases, { spec: content });

  it("last longer than nothing and do not change hands less than never", async () => {
    expect(await spec({ leaseDurationSeconds: 1, leaseTransitions: 0 })).toEqual([]);
    expect(await spec({ leaseDurationSeconds: 0, leaseTransitions: -1 })).toEqual([
      "FieldValueInvalid spec.leaseDurationSeconds",
      "FieldValueInvalid spec.leaseTransitions",
    ]);
    // As in Kubernetes an error about a number's range names its field in the message only.
    expect(await spec({ leaseDurationSeconds: 2 ** 31 })).toEqual(["FieldValueInvalid <nil>"]);
  });

  it("take times of six digits only, and store them in UTC", async () => {
    const { object, errors } = await admit(leases, {
      spec: { acquireTime: "2026-01-02T03:04:05.678901+01:30", renewTime: null },
    });
    expect(errors).toEqual([]);
    expect(object.spec).toEqual({ acquireTime: "2026-01-02T01:34:05.678901Z" });
    for (const renewTime of [
      "2026-01-02T03:04:05Z",
      "2026-01-02T03:04:05.678Z",
      "2026-01-02T03:04:05.6789012Z",
    ])
      expect(await spec({ renewTime })).toEqual(["FieldValueInvalid spec.renewTime"]);
  });

  it("know one strategy, and others by a prefix; a preferred holder needs one", async () => {
    for (const strategy of ["OldestEmulationVersion", "example.com/mine"])
      expect(await spec({ strategy, preferredHolder: "b" })).toEqual([]);
    expect(await spec({ strategy: "Youngest" })).toEqual(["FieldValueNotSupported spec.strategy"]);
    expect(await spec({ strategy: "example.com/a/b" })).toEqual(["FieldValueInvalid spec.strategy"]);
    expect(await spec({ preferredHolder: "b" })).toEqual(["FieldValueForbidden spec.preferredHolder"]);
    expect(await spec({ preferredHolder: "" })).toEqual([]);
  });
});

describe("Events", () => {
  const about = (namespace?: string) => ({
    involvedObject: { kind: "Pod", ...(namespace && { namespace }) },
  });
  const full = {
    ...about("default"),
    eventTime: "2026-01-02T03:04:05.678901Z",
    reportingComponent: "example.com/reporter",
    reportingInstance: "reporter-1",
    action: "Binding",
    reason: "Scheduled",
  };

  it("lie where their object lies, and in default without one", async () => {
    expect(await problems(events, about("default"))).toEqual([]);
    expect(await problems(events, about())).toEqual([]);
    expect(await problems(events, about("other"))).toEqual(["FieldValueInvalid involvedObject.namespace"]);
    expect(await problems(events, about(), { namespace: "other" })).toEqual([
      "FieldValueInvalid involvedObject.namespace",
    ]);
    expect(await problems(events, {})).toEqual(["FieldValueRequired involvedObject"]);
  });

  it("need reporter, action and reason with eventTime, and only then", async () => {
    const { eventTime, ...rest } = full;
    expect(await problems(events, full)).toEqual([]);
    expect(await problems(events, { ...rest, ...about("default"), reason: "" })).toEqual([]);
    expect(await problems(events, { ...about("default"), eventTime })).toEqual([
      "FieldValueRequired reportingComponent",
      "FieldValueRequired reportingInstance",
      "FieldValueRequired action",
      "FieldValueRequired reason",
    ]);
    expect(await problems(events, { ...full, reportingComponent: "a b" })).toEqual([
      "FieldValueInvalid reportingComponent",
    ]);
    // Of the newer kind, Kubernetes asks no agreement of two namespaces that are both named.
    expect(await problems(events, { ...full, ...about("other") })).toEqual([]);
    expect(await problems(events, { ...full, ...about() }, { namespace: "kube-system" })).toEqual([]);
    expect(await problems(events, { ...full, ...about() }, { namespace: "other" })).toEqual([
      "FieldValueInvalid involvedObject.namespace",
    ]);
  });

  it("with eventTime have texts of bounded length in bytes", async () => {
    const long = { reportingInstance: "x", action: "x", reason: "x" };
    for (const field of Object.keys(long)) {
      expect(await problems(events, { ...full, [field]: "ü".repeat(64) })).toEqual([]);
      expect(await problems(events, { ...full, [field]: `${"ü".repeat(64)}x` })).toEqual([
        `FieldValueInvalid ${field}`,
      ]);
    }
    expect(await problems(events, { ...full, message: "x".repeat(1024) })).toEqual([]);
    expect(await problems(events, { ...full, message: "x".repeat(1025) })).toEqual([
      "FieldValueInvalid message",
    ]);
    expect(await problems(events, { ...about(), message: "x".repeat(1025) })).toEqual([]);
  });

  it("store their times in UTC, to the second or the microsecond", async () => {
    const { object, errors } = await admit(events, {
      ...full,
      firstTimestamp: "2026-01-02T03:04:05.9+02:00",
      lastTimestamp: "2026-01-02T03:04:05Z",
      series: { count: 2, lastObservedTime: "2026-01-02T03:04:05.000001-01:00" },
    });
    expect(errors).toEqual([]);
    expect(object).toMatchObject({
      firstTimestamp: "2026-01-02T01:04:05Z",
      lastTimestamp: "2026-01-02T03:04:05Z",
      series: { count: 2, lastObservedTime: "2026-01-02T04:04:05.000001Z" },
    });
    expect(await problems(events, { ...full, lastTimestamp: "2026-02-30T00:00:00Z" })).toEqual([
      "FieldValueTypeInvalid lastTimestamp",
    ]);
    expect(await problems(events, { ...full, series: { lastObservedTime: "2026-01-02T03:04:05Z" } })).toEqual(
      ["FieldValueInvalid series.lastObservedTime"],
    );
  });

  it("may be named after anything that is in a path", async () => {
    expect(await problems(events, about(), { name: "system:node.17a" })).toEqual([]);
  });
});

describe("Namespaces", () => {
  it("take finalizers of Kubernetes and those with a prefix, and have the phase that they are in", async () => {
    const { object, errors } = await admit(namespaces, {
      spec: { finalizers: ["kubernetes", "example.com/mine"] },
      status: { phase: "Terminating", conditions: [{ type: "a", status: "True" }] },
    });
    expect(errors).toEqual([]);
    expect(object.status).toMatchObject({ phase: "Active" });
    expect(await problems(namespaces, { spec: { finalizers: ["mine"] } })).toEqual([
      "FieldValueInvalid spec.finalizers",
    ]);
  });
});

it("what broke a rule can still be deleted", async () => {
  const metadata = { name: "Not a name", namespace: "default" };
  expect(await onDelete(configMaps, { metadata, data: { "a b": "" } })).toEqual([]);
  expect(await onDelete(leases, { metadata, spec: { leaseDurationSeconds: 0 } })).toEqual([]);
  expect(await onDelete(events, { metadata, involvedObject: { namespace: "other" } })).toEqual([]);
});

describe("times", () => {
  it("are RFC 3339 with days, hours and zones that exist", () => {
    expect(canonicalTime("2024-02-29T23:59:59Z")).toBe("2024-02-29T23:59:59Z");
    expect(canonicalTime("0001-01-01T00:00:00Z")).toBe("0001-01-01T00:00:00Z");
    expect(canonicalTime("9999-12-31T23:00:00+01:00")).toBe("9999-12-31T22:00:00Z");
    for (const text of [
      "",
      "2026-01-02",
      "2026-01-02 03:04:05Z",
      "2026-01-02T03:04:05",
      "2026-01-02t03:04:05z",
      "2026-02-29T00:00:00Z",
      "2026-13-01T00:00:00Z",
      "2026-01-01T24:00:00Z",
      "2026-01-01T00:00:60Z",
      "2026-01-01T00:00:00+24:00",
      "2026-01-01T00:00:00+00:60",
      "9999-12-31T23:00:00-01:00",
    ])
      expect(canonicalTime(text), text).toBeUndefined();
    expect(canonicalMicroTime("2026-02-29T00:00:00.000000Z")).toBeUndefined();
  });
});

describe("qualified names", () => {
  it("are a name of 63 characters, with a DNS subdomain in front of a slash or without", () => {
    for (const name of ["a", "A.b_c-9", "example.com/A", "a".repeat(63)])
      expect(isQualifiedName(name), name).toBe(true);
    for (const name of ["", "/a", "a/", "a/b/c", "Example.com/a", "-a", "a-", "a b", "a".repeat(64)])
      expect(isQualifiedName(name), name).toBe(false);
  });
});
