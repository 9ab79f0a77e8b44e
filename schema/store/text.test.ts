import { describe, expect, it } from "vitest";
import { secrets } from "../resources/core/secrets.ts";
import { encodeObject } from "./encoding.ts";
import { objectText } from "./text.ts";

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Texts that could lead a search astray, and those that JSON has to escape. */
const texts = [
  "",
  '"metadata":{',
  '","metadata":{"x":"',
  "\\",
  '\\"',
  '"',
  "}",
  "{",
  "\u0000\n\t",
  "\u{1f600}é",
  "\ud800",
  "metadata",
  "resourceVersion",
];

/** Deterministic: mulberry32. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

function text(pick: (below: number) => number): string {
  return Array.from({ length: 1 + pick(3) }, () => texts[pick(texts.length)] ?? "").join("");
}

function members(pick: (below: number) => number, depth: number): { [key: string]: Json } {
  // A letter first: JavaScript moves keys that are whole numbers to the front.
  return Object.fromEntries(
    Array.from({ length: pick(4) }, () => [`k${text(pick)}`, value(pick, depth)] as const),
  );
}

function value(pick: (below: number) => number, depth: number): Json {
  switch (pick(depth === 0 ? 4 : 6)) {
    case 0:
      return text(pick);
    case 1:
      return pick(2 ** 31) - 2 ** 30 + pick(2) / 2;
    case 2:
      return pick(2) === 0;
    case 3:
      return null;
    case 4:
      return Array.from({ length: pick(3) }, () => value(pick, depth - 1));
    default:
      return { ...members(pick, depth - 1), metadata: members(pick, depth - 1) };
  }
}

describe("the text of an object", () => {
  it("is what JSON.stringify makes of the object with its resourceVersion and its secret members, whatever they hold", () => {
    const pick = random(4);
    for (let round = 0; round < 3_000; round++) {
      const head = { apiVersion: text(pick), kind: text(pick) };
      const metadata = members(pick, 2);
      const rest = members(pick, 3);
      const hidden = pick(2) === 0 ? null : { token: text(pick), ...members(pick, 2) };
      const revision = pick(2) === 0 ? pick(100) : Number.MAX_SAFE_INTEGER - pick(100);
      // A body never has a member that is stored apart.
      for (const name of Object.keys(hidden ?? {})) delete rest[name];
      const body = JSON.stringify({ ...head, metadata, ...rest });
      const full = {
        ...head,
        metadata: { resourceVersion: String(revision), ...metadata },
        ...rest,
        ...hidden,
      };
      const result = objectText(body, revision, hidden === null ? null : JSON.stringify(hidden));
      expect(result).toBe(JSON.stringify(full));
      expect(JSON.parse(result)).toEqual(JSON.parse(JSON.stringify(full)));
    }
  });

  it("puts together again what the store takes apart", () => {
    const object = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s", namespace: "default", uid: "u", resourceVersion: "7", labels: { a: "b" } },
      type: "Opaque",
      data: { password: "aHVudGVyMg==" },
    };
    const { body, secret } = encodeObject(secrets, object);
    expect(body).not.toContain("aHVudGVyMg");
    expect(JSON.parse(objectText(body, 7, secret))).toEqual(object);
  });

  it.each([
    ["no object", "[]"],
    ["no head", '{"metadata":{"name":"a"}}'],
    ["another order", '{"kind":"A","apiVersion":"v1","metadata":{"name":"a"}}'],
    ["metadata only further in", '{"apiVersion":"v1","kind":"A","spec":{"metadata":{"name":"a"}}}'],
  ])("is not guessed for a body of another form: %s", (_what, body) => {
    expect(() => objectText(body, 1, null)).toThrow(TypeError);
  });
});
