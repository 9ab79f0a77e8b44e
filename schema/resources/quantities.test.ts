import { describe, expect, it } from "vitest";
import { parseQuantity } from "./quantities.ts";

describe("a quantity", () => {
  it.each([
    ["0", 0n],
    ["1", 10n ** 9n],
    ["500m", 500_000_000n],
    ["1.5", 1_500_000_000n],
    [".5", 500_000_000n],
    ["1.", 10n ** 9n],
    ["1Ki", 1024n * 10n ** 9n],
    ["1.5Gi", 1_610_612_736n * 10n ** 9n],
    ["2k", 2_000n * 10n ** 9n],
    ["1e3", 1_000n * 10n ** 9n],
    ["12E", 12n * 10n ** 27n],
    ["1E2", 100n * 10n ** 9n],
    ["100n", 100n],
    ["0.1n", 1n],
    ["-1", -(10n ** 9n)],
    ["+3", 3n * 10n ** 9n],
  ])("%s is %s billionths", (text, value) => {
    expect(parseQuantity(text)).toBe(value);
  });

  it.each(["", "a", "1 Gi", "1gi", "Gi", "--1", "1e", "1KiB", "1.2.3", "٣"])("%j is none", (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  });
});
