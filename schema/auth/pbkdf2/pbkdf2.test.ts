import { createHash, pbkdf2Sync, randomBytes, randomInt } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { build } from "./build.ts";
import { createNodeHasher, instantiatePbkdf2 } from "./node-hasher.ts";
import { createHasher } from "./pbkdf2.ts";

const hasher = createNodeHasher();
const salt = new Uint8Array(32).fill(7);
const bytes = (text: string) => new TextEncoder().encode(text);
const hex = (data: Uint8Array) => Buffer.from(data).toString("hex");

/** Computed with CPython's own SHA-3, a third implementation beside ours and OpenSSL's. Salt: 32 times 7. */
const knownAnswers: [string, string, number, string][] = [
  [
    "the vector of auth.md 2.2",
    "a-long-enough-password",
    210_000,
    "9b86bfd7b3912ceeb8d33e6d405d5bebcf294d94eaf449d111a1d11a2df9ea89",
  ],
  [
    "a password of exactly one block (72 bytes)",
    "x".repeat(72),
    1000,
    "986117034d4326ef0163360e8e8ff98d636e470f764e92a0fbe67f2f825128a1",
  ],
  [
    "a password of one byte more, which HMAC hashes first",
    "x".repeat(73),
    1000,
    "5376bab97d98a3b32c673a9cffdc4ac541543a8cd8baaed067c131f3c8497e8e",
  ],
  [
    "a long password",
    "correct horse battery staple ".repeat(5),
    1000,
    "5ecb9e0964bd3285e44a2512727ccc3ba2d6c31a71881ea69d9d337f8c33b4d7",
  ],
  [
    "a Unicode password, as UTF-8",
    "Zürich-密码-🔐-пароль",
    1000,
    "2723915d55e8106e00863bbac803cd20a57071f5fcee03b1cc66a204431aaac1",
  ],
];

describe("pbkdf2", () => {
  it.each(knownAnswers)("auth 3: derives the known key of %s", (_, password, iterations, key) => {
    expect(hex(hasher.pbkdf2(bytes(password), salt, iterations, 32))).toBe(key);
  });

  it("agrees with node:crypto for random passwords, salts, iterations and key lengths", () => {
    for (let i = 0; i < 200; i++) {
      const password = randomBytes(randomInt(0, 1025));
      const salt = randomBytes(randomInt(1, 300));
      const iterations = randomInt(1, 20);
      const keyLength = randomInt(1, 65);
      const expected = pbkdf2Sync(password, salt, iterations, keyLength, "sha3-512");
      expect(hex(hasher.pbkdf2(password, salt, iterations, keyLength))).toBe(hex(expected));
    }
  });

  it("auth 3: refuses an empty salt", () => {
    expect(() => hasher.pbkdf2(bytes("password"), new Uint8Array(0), 1, 32)).toThrow(RangeError);
  });

  it.each([
    ["a password over 1024 bytes", 1025, 32, 1, 32],
    ["a salt over 1024 bytes", 8, 1025, 1, 32],
    ["no iteration", 8, 32, 0, 32],
    ["half an iteration", 8, 32, 1.5, 32],
    ["iterations that are not a number", 8, 32, Number.NaN, 32],
    ["iterations that wrap to a negative number", 8, 32, 2 ** 31, 32],
    ["an empty key", 8, 32, 1, 0],
    ["a key longer than one digest", 8, 32, 1, 65],
  ])("refuses %s", (_, passwordLength, saltLength, iterations, keyLength) => {
    expect(() =>
      hasher.pbkdf2(new Uint8Array(passwordLength), new Uint8Array(saltLength), iterations, keyLength),
    ).toThrow(RangeError);
  });

  it("takes the longest password and salt together", () => {
    const [password, salt] = [randomBytes(1024), randomBytes(1024)];
    expect(hex(hasher.pbkdf2(password, salt, 2, 64))).toBe(
      hex(pbkdf2Sync(password, salt, 2, 64, "sha3-512")),
    );
  });
});

describe("sha3_512", () => {
  it("agrees with node:crypto for every length around the first block borders and the longest", () => {
    for (const length of [...Array(300).keys(), 4095, 4096]) {
      const data = randomBytes(length);
      expect(hex(hasher.sha3_512(data))).toBe(createHash("sha3-512").update(data).digest("hex"));
    }
  });

  it("refuses more than its buffer holds", () => {
    expect(() => hasher.sha3_512(new Uint8Array(4097))).toThrow(RangeError);
  });
});

describe("the module", () => {
  it("leaves its memory as it was before a secret came in", () => {
    const instance = instantiatePbkdf2();
    const { memory } = instance.exports as { memory: { buffer: ArrayBuffer } };
    const before = hex(new Uint8Array(memory.buffer));
    const hasher = createHasher(instance);
    hasher.pbkdf2(bytes("a secret of some length"), salt, 3, 32);
    hasher.sha3_512(bytes("another secret".repeat(50)));
    expect(hex(new Uint8Array(memory.buffer))).toBe(before);
  });

  it("gives results that later calls do not change", () => {
    const first = hasher.sha3_512(bytes("first"));
    const copy = hex(first);
    hasher.sha3_512(bytes("second"));
    expect(hex(first)).toBe(copy);
  });

  it("is refused when it is another module", () => {
    expect(() => createHasher({ exports: {} })).toThrow(TypeError);
  });

  it("is what its source compiles to, byte for byte", async () => {
    const directory = await mkdtemp(join(tmpdir(), "drover-wasm-"));
    try {
      build(join(directory, "rebuilt.wasm"));
      const rebuilt = await readFile(join(directory, "rebuilt.wasm"));
      expect(hex(rebuilt)).toBe(hex(await readFile(join(import.meta.dirname, "pbkdf2.wasm"))));
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
