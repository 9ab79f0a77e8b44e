/** Messages of a kube-apiserver 1.36.3. */
import { expect, it } from "vitest";
import type { KubeObject } from "../object.ts";
import { scaleErrors } from "./scale-errors.ts";

const paths = {
  specReplicasPath: ".spec.replicas",
  statusReplicasPath: ".status.replicas",
  labelSelectorPath: ".status.selector",
};
const errors = (members: object, subresource?: "status"): string[] => {
  const object = { apiVersion: "v1", kind: "X", metadata: { name: "x" }, ...members } as KubeObject;
  const context = subresource === undefined ? { object } : { object, subresource };
  return scaleErrors(context, paths).map(({ field, message }) => `${field}: ${message}`);
};

it("takes what is absent, and whole numbers from nothing to what an int32 holds", () => {
  expect(errors({})).toEqual([]);
  expect(errors({ spec: {}, status: { selector: "a=b" } })).toEqual([]);
  expect(errors({ spec: { replicas: 0 }, status: { replicas: 2 ** 31 - 1 } })).toEqual([]);
});

it("refuses other numbers, whatever the schema says", () => {
  expect(errors({ spec: { replicas: -1 }, status: { replicas: 2 ** 31 } })).toEqual([
    ".spec.replicas: Invalid value: -1: should be a non-negative integer",
    ".status.replicas: Invalid value: 2147483648: should be less than or equal to 2147483647",
  ]);
  expect(errors({ spec: { replicas: "x" }, status: { selector: 5 } })).toEqual([
    ".spec.replicas: Invalid value: 0: .spec.replicas accessor error: x is of the type string, expected int64",
    '.status.selector: Invalid value: "": .status.selector accessor error: 5 is of the type int64, expected string',
  ]);
  expect(errors({ spec: [] })).toEqual([
    ".spec.replicas: Invalid value: 0: .spec.replicas accessor error: [] is of the type []interface {}, expected map[string]interface{}",
  ]);
});

it("judges a write of the status by the status", () => {
  expect(errors({ spec: { replicas: -1 } }, "status")).toEqual([]);
  expect(errors({ status: { replicas: -1 } }, "status")).toHaveLength(1);
});
