import { describe, expect, it } from "vitest";
import { clusters } from "../resources/management.cattle.io/clusters.ts";
import { tokens } from "../resources/management.cattle.io/tokens.ts";
import { uniqueGuards } from "./value-guards.ts";

const named = (...values: string[]) => ({ fields: { displayName: values } });

describe("the guards of unique values", () => {
  it("are those of the values that are taken, the same for everybody who takes them", () => {
    const [guard, ...more] = uniqueGuards(clusters, undefined, named("a"));
    expect(guard).toMatch(/^unique:clusters\.management\.cattle\.io\/\d{1,4}$/);
    expect(more).toEqual([]);
    expect(uniqueGuards(clusters, named("b"), named("b", "a"))).toEqual([guard]);
  });

  it("are none when no value is taken", () => {
    expect(uniqueGuards(clusters, named("a"), named("a"))).toEqual([]);
    expect(uniqueGuards(clusters, named("a"), named())).toEqual([]);
    expect(uniqueGuards(clusters, named("a"), undefined)).toEqual([]);
    expect(uniqueGuards(tokens, undefined, { fields: { userId: ["u"] } })).toEqual([]);
  });

  it("are mostly different for different values, and not many", () => {
    const values = Array.from({ length: 10_000 }, (_, index) => `cluster-${index}`);
    const guards = new Set(values.flatMap((value) => uniqueGuards(clusters, undefined, named(value))));
    expect(guards.size).toBeGreaterThan(900);
    expect(guards.size).toBeLessThanOrEqual(1_024);
  });
});
