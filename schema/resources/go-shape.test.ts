/** What Kubernetes' own types lose and get in Go, as a kube-apiserver answered. */
import { expect, it } from "vitest";
import { configMaps } from "./core/config-maps.ts";
import { roleBindings } from "./rbac.authorization.k8s.io/role-bindings.ts";
import { roles } from "./rbac.authorization.k8s.io/roles.ts";
import { clusterRoles } from "./rbac.authorization.k8s.io/cluster-roles.ts";
import { asGo, isGoType } from "./go-shape.ts";
import { customResourceDefinitions } from "./apiextensions.k8s.io/custom-resource-definitions.ts";
import { settings } from "./management.cattle.io/settings.ts";
import { objectMetaSchema } from "./object-meta.ts";
import type { JsonSchema } from "../structural/types.ts";

const shaped = (schema: JsonSchema, value: object): object => {
  asGo(schema, value);
  return value;
};

it("is of Kubernetes' own types, but for definitions, whose schemas have rules of their own", () => {
  expect([configMaps, roles].every(isGoType)).toBe(true);
  expect([settings, customResourceDefinitions].some(isGoType)).toBe(false);
});

it("leaves out empty maps and lists, and keeps what is said", () => {
  expect(shaped(configMaps.schema(), { data: {}, binaryData: {}, immutable: false })).toEqual({
    immutable: false,
  });
  expect(shaped(objectMetaSchema(), { labels: {}, finalizers: [], name: "a" })).toEqual({ name: "a" });
  expect(shaped(clusterRoles.schema(), { aggregationRule: { clusterRoleSelectors: [{}] } })).toEqual({
    aggregationRule: { clusterRoleSelectors: [{}] },
  });
  // Of another type: that is for the rules to say.
  expect(shaped(configMaps.schema(), { data: [] })).toEqual({ data: [] });
  // Go writes neither of them out: `rules` is always there.
  expect(shaped(roles.schema(), { rules: [{ verbs: [], apiGroups: [] }] })).toEqual({
    rules: [{ verbs: [] }],
  });
});

it("takes a null in a map of texts for the empty text, and leaves other nulls to the defaults", () => {
  expect(shaped(configMaps.schema(), { data: { a: null, b: "1" }, binaryData: null })).toEqual({
    data: { a: "", b: "1" },
    binaryData: null,
  });
});

it("has the zero values of what a struct always has", () => {
  expect(shaped(roleBindings.schema(), { subjects: [{ kind: "User" }] })).toEqual({
    roleRef: { kind: "", name: "" },
    subjects: [{ kind: "User", name: "" }],
  });
  expect(shaped(roles.schema(), { rules: [{}] })).toEqual({ rules: [{ verbs: [] }] });
});
