import { describe, expect, it } from "vitest";
import { parseKeyRing } from "./keys.ts";
import { createSealer } from "./sealer.ts";

const key = (fill: number): string => btoa(String.fromCharCode(...new Uint8Array(32).fill(fill)));
const ring = (current: string, keys: Record<string, string>) =>
  parseKeyRing(JSON.stringify({ current, keys }));
const old = createSealer(ring("k1", { k1: key(1) }));
const both = createSealer(ring("k2", { k1: key(1), k2: key(2) }));
const text = "hunter2 \u{1f600} \0";

describe("the sealer", () => {
  it("opens what it sealed, and seals the same text differently each time", async () => {
    const sealed = await old.seal(text, "place");
    expect(sealed).toMatch(/^s1:k1:/);
    expect(sealed).not.toContain("hunter2");
    expect(await old.open(sealed, "place")).toBe(text);
    expect(await old.seal(text, "place")).not.toBe(sealed);
  });

  it("seals by the current key, and opens what a retired one sealed", async () => {
    const sealed = await old.seal(text, "place");
    expect(await both.open(sealed, "place")).toBe(text);
    const anew = await both.seal(text, "place");
    expect(anew).toMatch(/^s1:k2:/);
    expect(await both.open(anew, "place")).toBe(text);
    await expect(old.open(anew, "place")).rejects.toThrow("sealed by key k2, which DROVER_KEYS lacks");
  });

  it("does not open under another key of the same id", async () => {
    const sealed = await old.seal(text, "place");
    const other = createSealer(ring("k1", { k1: key(3) }));
    await expect(other.open(sealed, "place")).rejects.toThrow("does not open");
    const relabelled = sealed.replace(":k1:", ":k2:");
    await expect(both.open(relabelled, "place")).rejects.toThrow("does not open");
  });

  it("does not open at another place, nor what was changed or is of another form", async () => {
    const sealed = await old.seal(text, "place");
    await expect(old.open(sealed, "other")).rejects.toThrow("does not open at other");
    const last = sealed.at(-5) === "A" ? "B" : "A";
    await expect(old.open(sealed.slice(0, -5) + last + sealed.slice(-4), "place")).rejects.toThrow();
    for (const odd of ["", "clear text", sealed.replace("s1", "s2"), "s1:k1:AA==:AA==", "s1:k1:!:!"])
      await expect(old.open(odd, "place")).rejects.toThrow(/unknown form/);
  });
});

describe("the key ring", () => {
  it.each([
    ["no JSON", "{"],
    ["null", "null"],
    ["a list", "[]"],
    ["no keys", '{"current":"k1"}'],
    ["a current key that is missing", JSON.stringify({ current: "k2", keys: { k1: key(1) } })],
    ["a short key", JSON.stringify({ current: "k1", keys: { k1: btoa("short-and-secret") } })],
    ["no base64", JSON.stringify({ current: "k1", keys: { k1: "short-and-secret" } })],
    ["an id with a colon", JSON.stringify({ current: "k:1", keys: { "k:1": key(1) } })],
  ])("refuses %s, without showing any key", (_what, given) => {
    let message = "";
    try {
      parseKeyRing(given);
    } catch (error) {
      message = String(error);
    }
    expect(message).toMatch(/DROVER_KEYS/);
    expect(message).not.toContain("short-and-secret");
    expect(message).not.toContain(key(1));
  });
});
