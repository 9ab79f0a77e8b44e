import { describe, expect, it } from "vitest";
import { createHashSlots } from "./hash-slots.ts";

describe("the line for password hashes", () => {
  it("lets a lone login hash at once, whatever came before", () => {
    const slots = createHashSlots(250, 1000);
    expect([slots.reserve(0), slots.reserve(250), slots.reserve(9_999)]).toEqual([0, 0, 0]);
  });

  it("spaces a burst, so that other requests run in between", () => {
    const slots = createHashSlots(250, 1000);
    expect([1, 2, 3, 4, 5].map(() => slots.reserve(100))).toEqual([0, 250, 500, 750, 1000]);
  });

  it("refuses when the line is full, and takes callers again when it has moved", () => {
    const slots = createHashSlots(250, 500);
    expect([1, 2, 3, 4].map(() => slots.reserve(0))).toEqual([0, 250, 500, undefined]);
    expect(slots.reserve(250)).toBe(500);
  });
});
