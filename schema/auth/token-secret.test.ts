import { createHash, randomBytes, scrypt as nodeScrypt, scryptSync } from "node:crypto";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { createNodeHasher } from "./pbkdf2/node-hasher.ts";
import {
  generateNameSuffix,
  generateTokenSecret,
  hashTokenSecret,
  isCurrentTokenHash,
  parseTokenCredential,
  scryptCost,
  sha256Hex,
  tokenAlphabet,
  verifyTokenSecret,
} from "./token-secret.ts";
import type { Scrypt } from "./token-secret.ts";

const hasher = createNodeHasher();
const secret = "d".repeat(54);
/** The vector of auth.md 3.3. */
const version3 =
  "$3:1:uFrxm43ggfw:zsN1zEFC7SvABTdR58o7yjIqfrI4cQ/HSYz3jBwwVnx5X+/ph4etGDIU9dvIYuy1IvnYUVe6a/Ar95xE+gfjhA";

const { N, r, p, keyLength } = scryptCost;
const limits = { N, r, p, maxmem: 64 * 1024 * 1024 };
const scrypt: Scrypt = async (key, salt) =>
  promisify<Uint8Array, Uint8Array, number, typeof limits, Buffer>(nodeScrypt)(key, salt, keyLength, limits);

const unpadded = (data: Buffer) => data.toString("base64").replaceAll("=", "");
const salt = Buffer.from("b85af19b8de081fc", "hex");
const version1 = `$1:${salt.toString("hex")}:15:8:1:${unpadded(scryptSync(secret, salt, 64, limits))}`;
const version2 = `$2:${unpadded(salt)}:${unpadded(createHash("sha256").update(salt).update(secret).digest())}`;

describe("generated secrets and names", () => {
  it("auth 13: have the format of upstream's tokens", () => {
    for (let i = 0; i < 100; i++) {
      const bearer = `token-${generateNameSuffix(randomBytes)}:${generateTokenSecret(randomBytes)}`;
      expect(bearer).toMatch(/^token-[a-z0-9]{5}:[bcdfghjklmnpqrstvwxz2456789]{54}$/);
    }
  });

  it("give every accepted byte value an equal share, and draw again for the rest", () => {
    // A source that yields 0, 1, … 255, 0, …: 27 secrets of 54 take 1458 characters = 6 rounds of 243 bytes.
    let next = 0;
    const source = (count: number) => Uint8Array.from({ length: count }, () => next++ % 256);
    const text = Array.from({ length: 27 }, () => generateTokenSecret(source)).join("");
    for (const character of tokenAlphabet) expect(text.split(character).length - 1).toBe(54);
  });

  it("are spread evenly with a real source", () => {
    const text = Array.from({ length: 1000 }, () => generateTokenSecret(randomBytes)).join("");
    const expected = text.length / 27;
    const chiSquare = Array.from(tokenAlphabet, (c) => (text.split(c).length - 1 - expected) ** 2 / expected);
    // 26 degrees of freedom: above 80 once in some three million runs; plain modulo 27 gives about 175.
    expect(chiSquare.reduce((sum, part) => sum + part)).toBeLessThan(80);
  });
});

describe("token hashes", () => {
  it("auth 13: hashes the vector of auth.md 3.3", () => {
    expect(hashTokenSecret(hasher, secret, () => salt)).toBe(version3);
  });

  it.each([
    ["1 (scrypt)", version1, false],
    ["2 (SHA-256)", version2, false],
    ["3 (SHA3-512)", version3, true],
  ])("auth 13: verifies version %s, and says whether it is today's", async (_, stored, current) => {
    expect(await verifyTokenSecret(hasher, stored, secret, scrypt)).toBe(true);
    expect(await verifyTokenSecret(hasher, stored, `${"d".repeat(53)}f`, scrypt)).toBe(false);
    expect(isCurrentTokenHash(stored)).toBe(current);
  });

  it("verifies what it hashed, with a new salt every time", async () => {
    const fresh = generateTokenSecret(randomBytes);
    const [first, second] = [0, 1].map(() => hashTokenSecret(hasher, fresh, randomBytes));
    expect(first).not.toBe(second);
    expect(await verifyTokenSecret(hasher, first ?? "", fresh)).toBe(true);
    expect(await verifyTokenSecret(hasher, first ?? "", secret)).toBe(false);
  });

  it("does not verify version 1 without scrypt", async () => {
    expect(await verifyTokenSecret(hasher, version1, secret)).toBe(false);
  });

  it.each([
    ["nothing", ""],
    ["the clear secret", secret],
    ["another version", version3.replace("$3", "$4")],
    ["another variation of SHA-3", version3.replace("$3:1", "$3:2")],
    ["a cut hash", version3.slice(0, -1)],
    ["an empty hash", "$3:1:uFrxm43ggfw:"],
    ["padded base64", `${version3}==`],
    ["URL-safe base64", version3.replaceAll("/", "_").replaceAll("+", "-")],
    ["a salt that is no base64", version3.replace("uFrxm43ggfw", "uFrxm43ggfwxx")],
    ["a fifth part", `${version3}:x`],
    ["a trailing line feed", `${version3}\n`],
    ["scrypt of a higher cost", version1.replace(":15:", ":22:")],
    ["version 2 without a salt", version2.replace(unpadded(salt), "")],
  ])("refuses a stored value that is %s", async (_, stored) => {
    expect(await verifyTokenSecret(hasher, stored, secret, scrypt)).toBe(false);
  });

  it("hashes and verifies nothing that is no token secret", async () => {
    for (const wrong of ["", "d".repeat(53), "d".repeat(55), "a".repeat(54), "d".repeat(100_000)]) {
      expect(() => hashTokenSecret(hasher, wrong, randomBytes)).toThrow(RangeError);
      const hash = unpadded(createHash("sha3-512").update(salt).update(wrong).digest());
      expect(await verifyTokenSecret(hasher, `$3:1:${unpadded(salt)}:${hash}`, wrong)).toBe(false);
    }
  });
});

describe("parseTokenCredential", () => {
  it.each([
    ["a Token object's", `token-abcde:${secret}`, { kind: "v3", name: "token-abcde", secret }],
    ["an extension token's", `ext/token-abcde:${secret}`, { kind: "ext", name: "token-abcde", secret }],
    ["a kubeconfig's", `kubeconfig-u-1.x:${secret}`, { kind: "v3", name: "kubeconfig-u-1.x", secret }],
  ])("auth 13: reads %s", (_, text, expected) => {
    expect(parseTokenCredential(text)).toEqual(expected);
  });

  it.each([
    ["is empty", ""],
    ["has no colon", "token-abcde"],
    ["has two colons", `token-abcde:${secret}:`],
    ["has no name", `:${secret}`],
    ["has no key", "token-abcde:"],
    ["has a short key", `token-abcde:${secret.slice(1)}`],
    ["has a key with a vowel", `token-abcde:a${secret.slice(1)}`],
    ["has an upper-case name", `Token-abcde:${secret}`],
    ["has a path in an extension name", `ext/../token-abcde:${secret}`],
    ["has the prefix twice", `ext/ext/token-abcde:${secret}`],
    ["has a name of dots", `..:${secret}`],
    ["has only the prefix", `ext/:${secret}`],
    ["has a name over 253 characters", `${"a".repeat(254)}:${secret}`],
    ["has a space before it", ` token-abcde:${secret}`],
    ["has a line feed after it", `token-abcde:${secret}\n`],
  ])("auth 14: refuses a value that %s", (_, text) => {
    expect(parseTokenCredential(text)).toBeUndefined();
  });
});

it("hashes registration tokens to SHA-256 in hex", async () => {
  expect(await sha256Hex("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});
