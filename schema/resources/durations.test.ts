import { describe, expect, it } from "vitest";
import { durationMs } from "./durations.ts";

describe("a duration", () => {
  it.each([
    ["0", 0],
    ["240h", 864_000_000],
    ["1h30m", 5_400_000],
    ["336h0m0s", 1_209_600_000],
    ["-1.5s", -1_500],
    ["1.s", 1_000],
    [".5h", 1_800_000],
    ["+3m", 180_000],
    ["1µs", 0.001],
  ])("%s is %s ms", (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  it.each(["", "-", "1", "h", "1h ", " 1h", "1d", "1h-1m", "1h1", "3000000h", "."])("%j is none", (text) => {
    expect(durationMs(text)).toBeUndefined();
  });
});
