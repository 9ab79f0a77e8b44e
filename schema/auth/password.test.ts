import { pbkdf2Sync, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { checkPassword, hashPassword, verifyPassword } from "./password.ts";
import type { StoredPassword } from "./password.ts";
import { createNodeHasher } from "./pbkdf2/node-hasher.ts";
import type { Hasher } from "./pbkdf2/pbkdf2.ts";

const hasher = createNodeHasher();
const salt = new Uint8Array(32).fill(7);
/** As Rancher stores `a-long-enough-password` (auth.md 2.2). */
const upstream: StoredPassword = {
  password: Buffer.from("9b86bfd7b3912ceeb8d33e6d405d5bebcf294d94eaf449d111a1d11a2df9ea89", "hex"),
  salt,
  algorithm: "pbkdf2sha3512",
};

describe("hashPassword and verifyPassword", () => {
  it("auth 3: writes the stored form that upstream writes", () => {
    const stored = hashPassword(hasher, "a-long-enough-password", salt);
    expect({ ...stored, password: Buffer.from(stored.password) }).toEqual(upstream);
  });

  it("accepts a password stored by upstream, and no other", () => {
    expect(verifyPassword(hasher, upstream, "a-long-enough-password")).toBe(true);
    expect(verifyPassword(hasher, upstream, "a-long-enough-passwore")).toBe(false);
    expect(verifyPassword(hasher, upstream, "")).toBe(false);
  });

  it("auth 3: stores and accepts a Unicode password of more than 72 bytes", () => {
    const password = "пароль-密码-🔐".repeat(5);
    const salt = randomBytes(32);
    const stored = hashPassword(hasher, password, salt);
    expect(Buffer.from(stored.password)).toEqual(pbkdf2Sync(password, salt, 210_000, 32, "sha3-512"));
    expect(verifyPassword(hasher, stored, password)).toBe(true);
  });

  it.each([0, 31, 33])("auth 3: refuses to hash with a salt of %i bytes", (length) => {
    expect(() => hashPassword(hasher, "a-long-enough-password", new Uint8Array(length))).toThrow(RangeError);
  });

  it.each<[string, StoredPassword | undefined]>([
    ["an unknown user", undefined],
    ["a bcrypt hash", { ...upstream, algorithm: "bcrypt", salt: new Uint8Array(0) }],
    ["an empty salt", { ...upstream, salt: new Uint8Array(0) }],
    ["an empty hash", { ...upstream, password: new Uint8Array(0) }],
    ["a cut hash", { ...upstream, password: upstream.password.subarray(0, 31) }],
  ])("auth 5: refuses %s after exactly the work of a real verification", (_, stored) => {
    const work: number[][] = [];
    const recording: Hasher = {
      ...hasher,
      pbkdf2(password, salt, iterations, keyLength) {
        work.push([password.length, salt.length, iterations, keyLength]);
        return hasher.pbkdf2(password, salt, iterations, keyLength);
      },
    };
    expect(verifyPassword(recording, stored, "a-long-enough-password")).toBe(false);
    expect(work).toEqual([[22, 32, 210_000, 32]]);
  });

  it("auth 7: refuses a password over 1024 bytes without hashing it", () => {
    const broken: Hasher = {
      ...hasher,
      pbkdf2: () => {
        throw new Error("hashed");
      },
    };
    expect(verifyPassword(broken, upstream, "x".repeat(1025))).toBe(false);
    expect(verifyPassword(broken, undefined, "x".repeat(1025))).toBe(false);
    expect(() => verifyPassword(broken, upstream, "x".repeat(1024))).toThrow("hashed");
  });
});

describe("checkPassword", () => {
  const check = (password: string, more: { minLength?: number; currentPassword?: string } = {}) => {
    const result = checkPassword(password, { username: "administrator", ...more });
    return result.ok ? [] : result.problems;
  };

  it("counts code points, neither bytes nor code units, against a minimum of 12", () => {
    expect(check("🔐".repeat(12))).toEqual([]);
    expect(check("🔐".repeat(11))).toEqual(["too-short"]);
    expect(check("x".repeat(12))).toEqual([]);
    expect(check("x".repeat(11))).toEqual(["too-short"]);
  });

  it("obeys the configured minimum, and accepts nothing under one that is not a number", () => {
    expect(check("xyz", { minLength: 3 })).toEqual([]);
    expect(check("x".repeat(20), { minLength: 21 })).toEqual(["too-short"]);
    expect(check("x".repeat(20), { minLength: Number.NaN })).toEqual(["too-short"]);
  });

  it("refuses the username and the current password", () => {
    expect(check("administrator")).toEqual(["equals-username"]);
    expect(check("a-long-enough-password", { currentPassword: "a-long-enough-password" })).toEqual([
      "equals-current",
    ]);
    expect(check("a-long-enough-password", { currentPassword: "another-password" })).toEqual([]);
  });

  it("auth 7: refuses more than 1024 bytes of UTF-8, and NUL", () => {
    expect(check("é".repeat(512))).toEqual([]);
    expect(check(`${"é".repeat(512)}x`)).toEqual(["too-long"]);
    expect(check("a-long-enough\0password")).toEqual(["contains-nul"]);
  });

  it("names every broken rule", () => {
    const result = checkPassword("a\0", { username: "a\0", currentPassword: "a\0" });
    expect(result).toEqual({
      ok: false,
      problems: ["too-short", "contains-nul", "equals-username", "equals-current"],
    });
  });
});
