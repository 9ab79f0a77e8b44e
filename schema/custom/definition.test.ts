import { expect, it } from "vitest";
import { definitionsOf } from "./definition.ts";
import { createRegistry } from "./registry.ts";
import type { CrdHead } from "./head.ts";

const head: CrdHead = {
  established: true,
  terminating: false,
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "widgets", kind: "Widget", shortNames: ["w"] },
    versions: [
      { name: "v1", served: true, storage: false, deprecated: true },
      {
        name: "v2",
        served: true,
        storage: true,
        subresources: { status: {}, scale: { specReplicasPath: ".spec.n", statusReplicasPath: ".status.n" } },
        selectableFields: [{ jsonPath: ".spec.color" }],
      },
      { name: "v3", served: false, storage: false },
    ],
  },
};
const row = { name: "widgets.example.com", revision: 7, body: "{}", head: JSON.stringify(head) };

it("knows names, versions and subresources of a type without reading its schemas", () => {
  const custom = definitionsOf({ ...row, body: "no JSON: whoever parses it fails" }, 3);
  if (custom === undefined) throw new Error("it is not established");
  const registry = createRegistry([], [custom], 1);
  expect(registry.all().map(({ version }) => version)).toEqual(["v1", "v2"]);
  expect(registry.byPlural("example.com", "v3", "widgets")).toBeUndefined();
  expect(registry.byKind("example.com/v1", "Widget")?.custom?.deprecation).toBe(
    "example.com/v1 Widget is deprecated; use example.com/v2 Widget",
  );
  expect(registry.stored()).toEqual([registry.byTypeKey("widgets.example.com")]);
  expect(registry.byTypeKey("widgets.example.com")).toMatchObject({
    version: "v2",
    singular: "widget",
    shortNames: ["w"],
    statusSubresource: true,
    scaleSubresource: { specReplicasPath: ".spec.n", statusReplicasPath: ".status.n" },
    selectableFields: ["spec.color"],
    custom: { expects: { "registry:widgets.example.com": 3 }, storedAs: "example.com/v2", since: 7 },
  });
});

it("serves nothing of a type whose names are not accepted", () => {
  expect(definitionsOf({ ...row, head: JSON.stringify({ ...head, established: false }) }, 1)).toBeUndefined();
});
