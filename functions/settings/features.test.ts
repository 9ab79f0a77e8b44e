import { describe, expect, it } from "vitest";
import { defaultFeature, featureFlags, parseFeatures } from "./features.ts";

describe("feature flags", () => {
  it("are the 33 of Rancher, four of them without an object", () => {
    const flags = Object.values(featureFlags);
    expect(flags).toHaveLength(33);
    expect(flags.filter(({ hidden }) => hidden === true)).toHaveLength(4);
  });

  it("have defaults that the start option replaces", () => {
    const given = parseFeatures("legacy=true, fleet=false,");
    expect(given).toEqual({ legacy: true, fleet: false });
    expect(defaultFeature("legacy", given)).toBe(true);
    expect(defaultFeature("fleet", given)).toBe(false);
    expect(defaultFeature("harvester", given)).toBe(true);
    expect(defaultFeature("made-up", given)).toBe(false);
  });

  it("of the paid builds are off, whatever is asked for", () => {
    expect(defaultFeature("cluster-autoscaling", parseFeatures("cluster-autoscaling=true"))).toBe(false);
  });

  it("bring Fleet along where many clusters are managed", () => {
    expect(parseFeatures("fleet=false,multi-cluster-management=true")).toMatchObject({ fleet: true });
  });

  it.each(["made-up=true", "legacy", "legacy=1", "legacy=true=false", "=true"])("refuse %s", (text) => {
    expect(() => parseFeatures(text)).toThrow(TypeError);
  });
});
