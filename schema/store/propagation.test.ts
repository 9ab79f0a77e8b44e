import { describe, expect, it } from "vitest";
import { finalizersFor } from "./propagation.ts";
import type { Propagation } from "./propagation.ts";

describe("finalizersFor", () => {
  it.each<[string, readonly string[], Propagation, readonly string[]]>([
    ["adds nothing without a word", ["x/y"], {}, ["x/y"]],
    ["keeps what an earlier deletion said", ["foregroundDeletion", "x/y"], {}, ["x/y", "foregroundDeletion"]],
    [
      "adds one for the foreground",
      ["x/y"],
      { propagationPolicy: "Foreground" },
      ["x/y", "foregroundDeletion"],
    ],
    ["adds one to orphan", [], { propagationPolicy: "Orphan" }, ["orphan"]],
    ["has one word only", ["orphan"], { propagationPolicy: "Foreground" }, ["foregroundDeletion"]],
    ["takes it back in the background", ["orphan", "x/y"], { propagationPolicy: "Background" }, ["x/y"]],
    ["knows the older way to orphan", [], { orphanDependents: true }, ["orphan"]],
    ["knows the older way not to", ["orphan"], { orphanDependents: false }, []],
  ])("%s", (_what, held, propagation, wanted) => {
    expect(finalizersFor(held, propagation)).toEqual(wanted);
  });
});
