import { describe, expect, it } from "vitest";
import { createHasher } from "./pbkdf2.ts";
import pbkdf2Module from "./pbkdf2.wasm";

const hex = (data: Uint8Array) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");

describe("pbkdf2.wasm in workerd", () => {
  it("auth 3: derives the vector of auth.md 2.2 from a statically imported module", () => {
    const hasher = createHasher(new WebAssembly.Instance(pbkdf2Module));
    const password = new TextEncoder().encode("a-long-enough-password");
    expect(hex(hasher.pbkdf2(password, new Uint8Array(32).fill(7), 210_000, 32))).toBe(
      "9b86bfd7b3912ceeb8d33e6d405d5bebcf294d94eaf449d111a1d11a2df9ea89",
    );
  });
});
