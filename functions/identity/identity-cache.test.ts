import { describe, expect, it } from "vitest";
import { createIdentityCache } from "./identity-cache.ts";
import type { Identity } from "./identity.ts";

const identity = (userId: string): Identity => ({
  userId,
  username: userId,
  groups: [],
  roles: [],
  rules: [],
  extra: {},
  mustChangePassword: false,
  token: { name: "token-a", kind: "session", authProvider: "local" },
});

describe("the identity cache", () => {
  it("keeps an identity for its age and not a millisecond longer", () => {
    const cache = createIdentityCache(10_000);
    cache.set("k", identity("u"), 0, cache.generation());
    expect(cache.get("k", 9_999)?.userId).toBe("u");
    expect(cache.get("k", 10_000)).toBeUndefined();
  });

  it("has one of many callers renew an entry before its end", () => {
    const cache = createIdentityCache(10_000);
    expect(cache.renews("k", 0)).toBe(false);
    cache.set("k", identity("u"), 0, cache.generation());
    expect([6_999, 7_000, 7_001].map((now) => cache.renews("k", now))).toEqual([false, true, false]);
    cache.set("k", identity("u"), 7_100, cache.generation());
    expect(cache.renews("k", 10_000)).toBe(false);
    expect(cache.get("k", 17_000)?.userId).toBe("u");
    cache.drop("k");
    expect(cache.get("k", 7_200)).toBeUndefined();
  });

  it("never holds more than its bound, and drops the oldest first", () => {
    const cache = createIdentityCache(10_000, 2);
    for (const key of ["a", "b", "c"]) cache.set(key, identity(key), 0, cache.generation());
    expect(["a", "b", "c"].map((key) => cache.get(key, 1)?.userId)).toEqual([undefined, "b", "c"]);
  });

  it("does not keep an identity that was read before a write of this isolate", () => {
    const cache = createIdentityCache();
    const began = cache.generation();
    cache.forget();
    cache.set("k", identity("u"), 0, began);
    expect(cache.get("k", 1)).toBeUndefined();
  });
});
