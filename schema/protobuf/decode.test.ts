import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { decodeProtobuf } from "./decode.ts";
import { ProtobufError } from "./error.ts";
import { kinds, messages } from "./descriptors/index.ts";
import { decodeMessage } from "./message.ts";

interface Vector {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What Go decodes, as Go writes it in JSON; null where Go refuses the bytes or JSON cannot say it. */
  readonly json: unknown;
}

/** Written by test/vectors-protobuf. */
const vectors = readFileSync(join(import.meta.dirname, "vectors.jsonl"), "utf8")
  .trimEnd()
  .split("\n")
  .map((line): Vector => {
    const { name, bytes, json } = JSON.parse(line) as { name: string; bytes: string; json: unknown };
    return { name, bytes: new Uint8Array(Buffer.from(bytes, "base64")), json };
  });
const isWellKnown = ({ name }: Vector): boolean => name === "IntOrString" || name === "Quantity";
const isMutated = ({ name }: Vector): boolean => name.startsWith("mutated");
const objects = vectors.filter((vector) => !isWellKnown(vector) && !isMutated(vector));

function decoded({ name, bytes }: Vector): unknown {
  if (name === "IntOrString" || name === "Quantity") return decodeMessage({}, name, bytes);
  const { apiVersion, kind, object } = decodeProtobuf(bytes);
  return { kind, apiVersion, ...object };
}

/** Shows the order of members too, which Go's types have. */
const text = (value: unknown): string => JSON.stringify(value, undefined, 1);

/** The error, which must be a ProtobufError, or `undefined`. */
function problem(decode: () => unknown): ProtobufError | undefined {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    return error;
  }
  return undefined;
}

/** A varint, for short messages made by hand. */
function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 0x80))];
}
const field = (number: number, content: string | readonly number[]): number[] => {
  const bytes = typeof content === "string" ? [...new TextEncoder().encode(content)] : content;
  return [...varint(number * 8 + 2), ...varint(bytes.length), ...bytes];
};
const magic = [0x6b, 0x38, 0x73, 0];
const body = (apiVersion: string, kind: string, raw: readonly number[]): Uint8Array =>
  Uint8Array.from([...magic, ...field(1, [...field(1, apiVersion), ...field(2, kind)]), ...field(2, raw)]);

describe("decodeProtobuf", () => {
  it("has vectors of every kind that it knows", () => {
    const seen = new Set(
      objects.map(({ json }) => {
        const { apiVersion, kind } = json as { apiVersion: string; kind: string };
        return `${apiVersion}/${kind}`;
      }),
    );
    expect([...seen].sort()).toEqual([...Object.keys(kinds), "coordination.k8s.io/v1/DeleteOptions"].sort());
  });

  it("has vectors that set every field of every message to more than zero", () => {
    const set = new Set<string>();
    const look = (name: string, value: unknown): void => {
      for (const [, key, type, how] of messages()[name] ?? []) {
        const member = (value as Record<string, unknown>)[key];
        if (isNothing(member)) continue;
        set.add(`${name} ${key}`);
        const items = how?.startsWith("[]") === true ? (member as unknown[]) : [member];
        for (const item of items) look(type, item);
      }
    };
    for (const { json } of objects) {
      const { apiVersion, kind } = json as { apiVersion: string; kind: string };
      look(kinds[`${apiVersion}/${kind}`] ?? "meta.v1.DeleteOptions", json);
    }
    const fields = Object.entries(messages()).flatMap(([name, described]) =>
      described
        // A message without fields has nothing to set.
        .filter(([, , type]) => messages()[type]?.length !== 0)
        .map(([, key]) => `${name} ${key}`),
    );
    expect([...set].sort()).toEqual(fields.sort());
  });

  it.each(objects)("gives the JSON that Go gives: $name", (vector) => {
    expect(text(decoded(vector))).toBe(text(vector.json));
  });

  it.each(vectors.filter(isWellKnown))("gives the JSON that Go gives: $name $json", (vector) => {
    expect(decoded(vector)).toBe(vector.json);
  });

  it("refuses of damaged bodies what Go refuses, and takes the others for what Go takes them", () => {
    const damaged = vectors.filter(isMutated);
    const stricter: string[] = [];
    for (const vector of damaged) {
      const error = problem(() => decoded(vector));
      if (vector.json === null) expect(error?.message, vector.name).toBeTypeOf("string");
      else if (error === undefined)
        expect(isDeepStrictEqual(decoded(vector), vector.json), vector.name).toBe(true);
      else stricter.push(error.message);
    }
    // Go's generated code lets a map's entry run past its end, does not look at text that something later overwrites,
    // and drops the upper half of a field's number.
    for (const message of stricter)
      expect(message).toMatch(/ends within a value|not UTF-8|number is out of range|of a map entry/);
    expect(damaged.length).toBeGreaterThan(400);
    expect(stricter.length).toBeLessThan(damaged.length / 50);
  });

  it("throws ProtobufError and nothing else, whatever it is given", () => {
    const random = randomNumbers(1);
    let refused = 0;
    for (let count = 0; count < 20_000; count++) {
      const vector = vectors[random(vectors.length)];
      const bytes = vector === undefined ? new Uint8Array() : Uint8Array.from(vector.bytes);
      for (let changes = random(8); changes >= 0; changes--) bytes[4 + random(bytes.length)] = random(256);
      const cut = bytes.subarray(0, random(4) === 0 ? random(bytes.length + 1) : bytes.length);
      if (problem(() => decodeProtobuf(cut)) !== undefined) refused++;
    }
    expect(refused).toBeGreaterThan(5000);
    expect(refused).toBeLessThan(20_000);
  });

  it("refuses a body without the magic number, without a kind or without a version", () => {
    for (const bytes of [
      new Uint8Array(),
      Uint8Array.from(magic.slice(0, 3)),
      new TextEncoder().encode('{"kind":"Secret"}'),
      Uint8Array.from(magic),
      body("", "Namespace", []),
      body("v1", "", []),
      body("a/b/c", "DeleteOptions", []),
      body("a/", "DeleteOptions", []),
    ])
      expect(problem(() => decodeProtobuf(bytes))?.code).toBe("malformed");
  });

  it("tells a kind that it does not know from a body that is malformed", () => {
    for (const [apiVersion, kind] of [
      ["v1", "Pod"],
      ["v2", "Namespace"],
      ["coordination.k8s.io/v1", "Namespace"],
      ["constructor", "x"],
      ["__proto__", "y"],
    ] as const) {
      const error = problem(() => decodeProtobuf(body(apiVersion, kind, [0xff])));
      expect([error?.code, error?.message]).toEqual([
        "unknown-kind",
        `no kind "${kind}" is known for version "${apiVersion}"`,
      ]);
    }
  });

  it("takes DeleteOptions of any version", () => {
    for (const apiVersion of ["v1", "meta.k8s.io/v1", "management.cattle.io/v3"])
      expect(decodeProtobuf(body(apiVersion, "DeleteOptions", [8, 30]))).toEqual({
        apiVersion,
        kind: "DeleteOptions",
        object: { gracePeriodSeconds: 30 },
      });
  });

  it("keeps a label called __proto__ as a label", () => {
    const entry = [...field(1, "__proto__"), ...field(2, "x")];
    const { object } = decodeProtobuf(body("v1", "Namespace", field(1, field(11, entry))));
    const { labels } = object["metadata"] as { labels: object };
    expect(Object.entries(labels)).toEqual([["__proto__", "x"]]);
    expect(Object.getPrototypeOf(labels)).toBe(Object.prototype);
  });

  it("refuses integers that JavaScript would round and keeps the largest that it does not", () => {
    const generation = (bytes: readonly number[]): Uint8Array =>
      body("v1", "Namespace", field(1, [7 * 8, ...bytes]));
    const safe = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
    const { object } = decodeProtobuf(generation(safe));
    expect(object["metadata"]).toEqual({ generation: 2 ** 53 - 1 });
    const beyond = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10];
    expect(problem(() => decodeProtobuf(generation(beyond)))?.message).toBe("an integer is beyond 2^53 - 1");
  });

  it("refuses text that is not UTF-8 and keeps a byte order mark", () => {
    const name = (bytes: readonly number[]): Uint8Array => body("v1", "Namespace", field(1, field(1, bytes)));
    const { object } = decodeProtobuf(name([0xef, 0xbb, 0xbf, 0x61]));
    expect(object["metadata"]).toEqual({ name: "\ufeffa" });
    for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80]])
      expect(problem(() => decodeProtobuf(name(bytes)))?.message).toBe("a string is not UTF-8");
  });

  it("refuses times outside of the years that RFC 3339 can write", () => {
    const created = (seconds: bigint): Uint8Array => {
      const bytes: number[] = [];
      for (let rest = BigInt.asUintN(64, seconds); ; rest >>= 7n) {
        bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
        if (rest <= 0x7fn) break;
      }
      return body("v1", "Namespace", field(1, field(8, [8, ...bytes])));
    };
    const { object } = decodeProtobuf(created(253402300799n));
    expect(object["metadata"]).toEqual({ creationTimestamp: "9999-12-31T23:59:59Z" });
    for (const seconds of [253402300800n, -62167219201n])
      expect(problem(() => decodeProtobuf(created(seconds)))?.code).toBe("malformed");
  });

  it("refuses a body of few bytes that would become very many values", () => {
    const subjects = Array.from({ length: 200_001 }, () => [2 * 8 + 2, 0]).flat();
    const bytes = (count: number): Uint8Array =>
      body("rbac.authorization.k8s.io/v1", "RoleBinding", subjects.slice(0, count * 2));
    expect(decodeProtobuf(bytes(1000)).object["subjects"]).toHaveLength(1000);
    expect(problem(() => decodeProtobuf(bytes(200_001)))?.code).toBe("too-large");
  });
});

/** What a decoder that knows nothing of the field would give, or might. */
function isNothing(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === "" ||
    value === 0 ||
    value === false ||
    (typeof value === "object" && Object.keys(value).length === 0)
  );
}

/** mulberry32: the same numbers for the same seed. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
