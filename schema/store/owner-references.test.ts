import { describe, expect, it } from "vitest";
import type { OwnerReference } from "../object.ts";
import { distinctReferences, ownerReferenceErrors } from "./owner-references.ts";

const reference: OwnerReference = { apiVersion: "apps/v1", kind: "Deployment", name: "d", uid: "1" };
const messages = (...ownerReferences: OwnerReference[]): string[] =>
  ownerReferenceErrors({ name: "x", ownerReferences }).map(({ field, message }) => `${field}: ${message}`);

describe("ownerReferenceErrors", () => {
  it("accepts one controller among several owners", () => {
    expect(
      messages({ ...reference, controller: true }, { ...reference, uid: "2", controller: false }),
    ).toEqual([]);
  });

  it.each<[Partial<OwnerReference>, string]>([
    [{ apiVersion: "" }, 'apiVersion: Invalid value: "": version must not be empty'],
    [{ apiVersion: "a/b/c" }, 'apiVersion: Invalid value: "a/b/c": version must not be empty'],
    [{ kind: "" }, 'kind: Invalid value: "": must not be empty'],
    [{ name: "" }, 'name: Invalid value: "": must not be empty'],
    [{ uid: "" }, 'uid: Invalid value: "": must not be empty'],
  ])("refuses %j", (change, wanted) => {
    expect(messages({ ...reference, ...change })).toEqual([`metadata.ownerReferences.${wanted}`]);
  });

  it("refuses Events as owners, and two controllers", () => {
    expect(messages({ ...reference, apiVersion: "v1", kind: "Event" })).toEqual([
      'metadata.ownerReferences: Invalid value: {"apiVersion":"v1","kind":"Event","name":"d","uid":"1"}: /v1, Kind=Event is disallowed from being an owner',
    ]);
    const [error = ""] = messages(
      { ...reference, controller: true },
      { ...reference, name: "e", uid: "2", controller: true },
    );
    expect(error).toMatch(/Found "true" in references for d and e$/);
  });
});

it("keeps each reference once", () => {
  expect(distinctReferences([reference, { ...reference }, { ...reference, uid: "2" }])).toHaveLength(2);
  expect(distinctReferences([])).toBeUndefined();
});
