import { describe, expect, it } from "vitest";
import { isRotationDue, noted, parseKeySet, signingKey, withNext, withoutRetired } from "./key-set.ts";
import type { KeySet, SigningKey } from "./key-set.ts";

const day = 86_400;
const key = (kid: string, signsFrom: number, lastExpiry: number | null = 0): SigningKey => ({
  kid,
  jwk: { kty: "RSA", n: "n", e: "AQAB" },
  sealed: "s1:…",
  signsFrom,
  lastExpiry,
});
const set = (...keys: SigningKey[]): KeySet => ({ v: 1, keys, issuers: ["https://a"] });
const kids = ({ keys }: KeySet): string[] => keys.map(({ kid }) => kid);

describe("the key set of service accounts", () => {
  it("signs with the youngest key whose time has come", () => {
    const keys = set(key("old", 0), key("now", 100), key("next", 200));
    expect(signingKey(keys, 99).kid).toBe("old");
    expect(signingKey(keys, 100).kid).toBe("now");
    expect(signingKey(keys, 200).kid).toBe("next");
  });

  it("publishes the next key an hour before it signs, and one at a time", () => {
    const now = 1_000 * day;
    const old = set(key("old", now - 90 * day));
    expect(isRotationDue(set(key("old", now - 90 * day + 1)), now)).toBe(false);
    expect(isRotationDue(old, now)).toBe(true);
    const next = withNext(old, { kid: "next", jwk: key("", 0).jwk, sealed: "" }, now);
    expect(signingKey(next, now + 3_599).kid).toBe("old");
    expect(signingKey(next, now + 3_600).kid).toBe("next");
    expect(isRotationDue(next, now + 60)).toBe(false);
  });

  it("auth 57: keeps an old key until the last token that it signed has expired", () => {
    const keys = noted(set(key("old", 0), key("now", 100)), "old", "https://a", 10 * day - 5);
    expect(kids(withoutRetired(keys, 11 * day - 1))).toEqual(["old", "now"]);
    expect(kids(withoutRetired(keys, 11 * day))).toEqual(["now"]);
    expect(withoutRetired(keys, 10 * day)).toBe(keys);
    const forEver = noted(keys, "old", undefined, null);
    expect(kids(withoutRetired(forEver, 10_000 * day))).toEqual(["old", "now"]);
    expect(noted(forEver, "old", "https://a", 99_999 * day)).toBe(forEver);
  });

  it("notes a day's tokens of one life once, and each issuer once", () => {
    const first = noted(set(key("k", 0)), "k", "https://a", 3 * day + 10);
    expect(first.keys[0]?.lastExpiry).toBe(4 * day);
    expect(noted(first, "k", "https://a", 4 * day)).toBe(first);
    expect(noted(first, "k", undefined, 4 * day)).toBe(first);
    expect(noted(first, "k", "https://b", 4 * day).issuers).toEqual(["https://b", "https://a"]);
    let many = first;
    for (let i = 0; i < 40; i++) many = noted(many, "k", `https://${i}`, 0);
    expect(many.issuers).toHaveLength(16);
    expect(many.issuers[0]).toBe("https://39");
  });

  it.each(["null", "{}", '{"v":2,"keys":[],"issuers":[]}', '{"v":1,"keys":[],"issuers":[]}', "{"])(
    "refuses %s",
    (text) => expect(() => parseKeySet(text)).toThrow(),
  );
});
