import { expect, it } from "vitest";
import { constantTimeEqual } from "./constant-time.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);

it("finds equal bytes equal, no bytes included", () => {
  expect(constantTimeEqual(bytes(1, 2, 255), bytes(1, 2, 255))).toBe(true);
  expect(constantTimeEqual(bytes(), bytes())).toBe(true);
});

it("finds one different bit in any place", () => {
  for (let i = 0; i < 32 * 8; i++) {
    const changed = new Uint8Array(32);
    changed[i >> 3] = 1 << (i & 7);
    expect(constantTimeEqual(changed, new Uint8Array(32))).toBe(false);
  }
});

it("finds a prefix, also one followed by zeros, different from the whole", () => {
  expect(constantTimeEqual(bytes(1), bytes(1, 0))).toBe(false);
  expect(constantTimeEqual(bytes(1, 0), bytes(1))).toBe(false);
  expect(constantTimeEqual(bytes(), bytes(0))).toBe(false);
  expect(constantTimeEqual(new Uint8Array(256), bytes())).toBe(false);
});
