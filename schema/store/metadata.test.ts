/** Rules for metadata, in the words of a kube-apiserver 1.36.3 that was asked the same. */
import { describe, expect, it } from "vitest";
import type { ObjectMeta } from "../object.ts";
import type { ResourceDefinition } from "../resource.ts";
import { configMaps } from "../resources/core/config-maps.ts";
import { namespaces } from "../resources/core/namespaces.ts";
import { settings } from "../resources/management.cattle.io/settings.ts";
import { roles } from "../resources/rbac.authorization.k8s.io/roles.ts";
import { metadataErrors, newMetadata } from "./metadata.ts";

const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

const errors = (definition: ResourceDefinition, metadata: Partial<ObjectMeta>): string[] => {
  const namespace = definition.scope === "Cluster" ? {} : { namespace: "default" };
  const object = { apiVersion: "", kind: "", metadata: { name: "a", ...namespace, ...metadata } };
  return metadataErrors(definition, object).map(({ field, message }) => `${field}: ${message}`);
};

describe("metadata", () => {
  it("names most objects as hosts are named, namespaces by one label, roles by anything in a path", () => {
    for (const definition of [configMaps, settings]) {
      expect(errors(definition, { name: "Bad_Name" })).toEqual([
        `metadata.name: Invalid value: "Bad_Name": ${subdomain}`,
      ]);
      expect(errors(definition, { name: "a.b-c" })).toEqual([]);
    }
    expect(errors(configMaps, { name: "x".repeat(254) })).toEqual([
      `metadata.name: Invalid value: "${"x".repeat(254)}": must be no more than 253 characters`,
    ]);
    expect(errors(namespaces, { name: "a.b" })[0]).toContain("a lowercase RFC 1123 label must consist of");
    expect(errors(namespaces, { name: "x".repeat(64) })).toEqual([
      `metadata.name: Invalid value: "${"x".repeat(64)}": must be no more than 63 bytes`,
    ]);
    expect(errors(roles, { name: "system:Node" })).toEqual([]);
    expect(errors(roles, { name: "a/b" })).toEqual([
      `metadata.name: Invalid value: "a/b": may not contain '/'`,
    ]);
    expect(errors(roles, { name: ".." })).toEqual([`metadata.name: Invalid value: "..": may not be '..'`]);
  });

  it("judges how a name begins that is still to be made", () => {
    expect(errors(configMaps, { generateName: "a-" })).toEqual([]);
    expect(errors(configMaps, { generateName: "Bad_", name: "Bad_x" })).toEqual([
      `metadata.generateName: Invalid value: "Bad_": ${subdomain}`,
      `metadata.name: Invalid value: "Bad_x": ${subdomain}`,
    ]);
    expect(errors(configMaps, { generateName: "x".repeat(300) })).toHaveLength(1);
  });

  it("tells labels, annotations and finalizers apart by what each may be", () => {
    expect(errors(configMaps, { labels: { "a b": "1", "x/y/z": "1", ok: "no spaces" } })).toEqual([
      expect.stringMatching(/^metadata.labels: Invalid value: "a b": name part must consist of alphanumeric/),
      expect.stringMatching(/^metadata.labels: Invalid value: "x\/y\/z": a valid label key must consist of/),
      expect.stringMatching(/^metadata.labels: Invalid value: "no spaces": a valid label must be an empty/),
    ]);
    expect(errors(configMaps, { labels: { a: "x".repeat(64) } })).toEqual([
      `metadata.labels: Invalid value: "${"x".repeat(64)}": must be no more than 63 bytes`,
    ]);
    expect(errors(configMaps, { annotations: { Ab: "anything at all" } })).toEqual([]);
    expect(errors(configMaps, { finalizers: ["a.b/c", "orphan"] })).toEqual([]);
    expect(errors(configMaps, { finalizers: ["bad"] })).toEqual([
      `metadata.finalizers[0]: Invalid value: "bad": name is neither a standard finalizer name nor is it fully qualified`,
    ]);
    expect(errors(settings, { finalizers: ["bad"] })).toEqual([]);
  });

  it("keeps nothing that is empty, and counts changes of what has a spec", () => {
    const server = { uid: "u", now: new Date(0) };
    const given = { name: "a", generateName: "", labels: {}, annotations: {}, finalizers: [] };
    const bare = { name: "a", uid: "u", creationTimestamp: "1970-01-01T00:00:00Z" };
    expect(newMetadata(configMaps, given, server)).toEqual(bare);
    expect(newMetadata(settings, given, server)).toEqual({ ...bare, generation: 1 });
  });
});
