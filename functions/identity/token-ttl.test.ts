import { describe, expect, it } from "vitest";
import { expiryOf, ingestTtl } from "./token-ttl.ts";

const hour = 3_600_000;

describe("the life of a token", () => {
  it.each([
    ["zero means the default", 0, 60, 120, hour],
    ["zero without a default means the maximum", 0, 0, 120, 2 * hour],
    ["zero without default and maximum never expires", 0, 0, 0, 0],
    ["a default above the maximum is capped", 0, 240, 120, 2 * hour],
    ["a negative one is capped where a maximum exists", -1, 60, 120, 2 * hour],
    ["a negative one never expires without a maximum", -1, 60, 0, 0],
    ["one above the maximum is the maximum", 3 * hour, 60, 120, 2 * hour],
    ["one at the maximum stays", 2 * hour, 60, 120, 2 * hour],
    ["one below the maximum stays", 1, 60, 120, 1],
    ["any is granted without a maximum", 1000 * hour, 60, 0, 1000 * hour],
    ["a life beyond all dates is a hundred years", 2 ** 53 - 1, 60, 0, 876_600 * hour],
  ])("auth 15: %s", (_, requested, defaultMinutes, maxMinutes, granted) => {
    expect(ingestTtl(requested, { defaultMinutes, maxMinutes })).toBe(granted);
  });

  it("auth 15: ends exactly when creation plus ttl is reached", () => {
    expect(expiryOf(1_000, 500)).toBe(1_500);
    expect(expiryOf(1_000, 0)).toBeUndefined();
    expect(new Date(expiryOf(1_000, 2 ** 53 - 1) ?? 0).toISOString()).toMatch(/^\+275760/);
  });
});
