import { describe, expect, it } from "vitest";
import { deletedStatus, statusDetails } from "./status-details.ts";

const configMaps = { group: "", plural: "configmaps", kind: "ConfigMap" };
const widgets = { group: "demo.example.com", plural: "widgets", kind: "Widget" };

describe("statusDetails", () => {
  it("names the place of the object as kube-apiserver does: the plural as kind, no empty group", () => {
    expect(statusDetails("NotFound", { definition: configMaps, name: "nope" })).toEqual({
      name: "nope",
      kind: "configmaps",
    });
    expect(statusDetails("AlreadyExists", { definition: widgets, name: "a", uid: "u" })).toEqual({
      name: "a",
      group: "demo.example.com",
      kind: "widgets",
      uid: "u",
    });
  });

  it("names the kind for an invalid object, and what is wrong with it", () => {
    const cause = {
      reason: "FieldValueInvalid",
      field: "metadata.name",
      message: 'Invalid value: "One"',
    } as const;
    expect(statusDetails("Invalid", { definition: widgets, name: "One" }, { causes: [cause] })).toEqual({
      name: "One",
      group: "demo.example.com",
      kind: "Widget",
      causes: [cause],
    });
  });

  it("leaves out the name of a request for a collection", () => {
    expect(statusDetails("Forbidden", { definition: configMaps, name: "" })).toEqual({ kind: "configmaps" });
    expect(statusDetails("Forbidden", { definition: configMaps })).toEqual({ kind: "configmaps" });
  });

  it("is empty where there is nothing to say, and carries the time to wait without a subject", () => {
    expect(statusDetails("BadRequest", undefined)).toEqual({});
    expect(statusDetails("TooManyRequests", undefined, { retryAfterSeconds: 1 })).toEqual({
      retryAfterSeconds: 1,
    });
  });
});

describe("deletedStatus", () => {
  it("is what kube-apiserver answers to a deletion", () => {
    expect(JSON.stringify(deletedStatus({ definition: configMaps, name: "s1", uid: "b4f6" }))).toBe(
      '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","details":{"name":"s1","kind":"configmaps","uid":"b4f6"}}',
    );
    expect(deletedStatus({ definition: widgets, name: "none", uid: "e51d" })).toMatchObject({
      details: { name: "none", group: "demo.example.com", kind: "widgets", uid: "e51d" },
    });
  });
});
