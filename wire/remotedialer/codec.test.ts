import { describe, expect, it } from "vitest";
import { decodeMessage, decodeSync, encodeMessage, encodeSync, encodeText, messageType } from "./codec.ts";

const { data, connect, error, addClient, removeClient, pause, resume } = messageType;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** tunnel.md 1.5: bytes produced by the Go encoder. */
const rows: [name: string, encoded: Uint8Array, expected: string][] = [
  [
    "CONNECT tcp",
    encodeText(connect, 2, "tcp/10.43.0.1:443", 1),
    "02 04 04 b0ea01 7463702f31302e34332e302e313a343433",
  ],
  [
    "CONNECT steve",
    encodeText(connect, 2, "tcp/127.0.0.1:6080", 1),
    "02 04 04 b0ea01 7463702f3132372e302e302e313a36303830",
  ],
  [
    "CONNECT through a peer",
    encodeText(connect, 2, "stv-cluster-c-abcde::tcp/127.0.0.1:6080", 300),
    "d804 04 04 b0ea01 7374762d636c75737465722d632d61626364653a3a7463702f3132372e302e302e313a36303830",
  ],
  ["DATA hello", encodeMessage(data, 2, utf8("hello"), 2), "04 04 02 b0ea01 68656c6c6f"],
  ["DATA abc", encodeMessage(data, 150, utf8("abc"), 8191), "fe7f ac02 02 b0ea01 616263"],
  ["DATA empty", encodeMessage(data, 64, undefined, 64), "8001 8001 02 b0ea01"],
  ["DATA with a negative message id", encodeMessage(data, 2, Uint8Array.of(0), -1), "01 04 02 b0ea01 00"],
  ["ERROR EOF", encodeText(error, 2, "EOF", 3), "06 04 06 454f46"],
  [
    "ERROR dial",
    encodeText(error, 2, "dial tcp 10.43.0.1:443: connect: connection refused", 3),
    "06 04 06 6469616c207463702031302e34332e302e313a3434333a20636f6e6e6563743a20636f6e6e656374696f6e2072656675736564",
  ],
  [
    "ADDCLIENT",
    encodeText(addClient, 0, "c-abcde/7700000000000000001", 4),
    "08 00 08 632d61626364652f37373030303030303030303030303030303031",
  ],
  [
    "REMOVECLIENT",
    encodeText(removeClient, 0, "c-abcde/7700000000000000001", 5),
    "0a 00 0a 632d61626364652f37373030303030303030303030303030303031",
  ],
  ["PAUSE", encodeMessage(pause, 2, undefined, 6), "0c 04 0c"],
  ["RESUME", encodeMessage(resume, 2, undefined, 7), "0e 04 0e"],
  [
    "SYNC of three",
    encodeSync([300, 2, 3], 8),
    "10 00 10 0200000000000000 0300000000000000 2c01000000000000",
  ],
  ["SYNC of none", encodeSync([], 8), "10 00 10"],
];

describe("the remotedialer codec", () => {
  it.each(rows)("tunnel 1: encodes %s as Go does", (_name, encoded, expected) => {
    expect(hex(encoded)).toBe(expected.replaceAll(" ", ""));
  });

  it.each(rows)(
    "tunnel 1: decodes %s and encodes it again to the same bytes",
    (_name, _encoded, expected) => {
      const wire = bytes(expected);
      const message = decodeMessage(wire);
      if (message === undefined) throw new Error("not decoded");
      const { type, connId, payload } = message;
      // Nobody interprets the message id: behind it, all bytes must be those that came.
      const again = encodeMessage(type, connId, payload, 0);
      const idLength = wire.findIndex((byte) => byte < 0x80) + 1;
      expect(hex(again.subarray(1))).toBe(hex(wire.subarray(idLength)));
    },
  );

  it("tunnel 1: decodes type, stream and payload", () => {
    expect(decodeMessage(bytes("fe7f ac02 02 b0ea01 616263"))).toEqual({
      type: data,
      connId: 150,
      payload: utf8("abc"),
    });
    expect(decodeMessage(bytes("06 04 06 454f46"))).toEqual({ type: error, connId: 2, payload: utf8("EOF") });
    expect(decodeMessage(bytes("10 00 10"))).toEqual({ type: 8, connId: 0, payload: new Uint8Array() });
  });

  it.each([
    ["aad5aad5aad5aad5aa01 80897a 0c", 1_000_000],
    ["feffffffffffffffff01 04 0c", 2],
  ])("tunnel 2: skips the ten-byte message id of %s", (text, connId) => {
    expect(decodeMessage(bytes(text))).toMatchObject({ type: pause, connId });
  });

  it("tunnel 2: carries conn ids up to 2^53 - 1 exactly", () => {
    for (const connId of [
      1,
      63,
      64,
      2 ** 31,
      2 ** 32 + 1,
      2 ** 52 + 1,
      Number.MAX_SAFE_INTEGER - 1,
      Number.MAX_SAFE_INTEGER,
    ]) {
      expect(decodeMessage(encodeMessage(pause, connId))?.connId).toBe(connId);
    }
  });

  it("tunnel 3: refuses a varint that is cut short, too long or too large", () => {
    for (const text of [
      "",
      "80",
      "02",
      "0280",
      "0204",
      "028080",
      "ffffffffffffffffffff01 04 0c",
      "02 feffffffffffffffff01 0c",
      "020402b0ea",
    ]) {
      expect([text, decodeMessage(bytes(text))]).toEqual([text, undefined]);
    }
  });

  it("tunnel 3: refuses a SYNC whose length is not a multiple of eight", () => {
    expect(decodeSync(new Uint8Array(7))).toBeUndefined();
    expect(decodeSync(decodeMessage(encodeSync([2, 3, 300]))?.payload ?? new Uint8Array(1))).toEqual([
      2, 3, 300,
    ]);
  });

  it("never throws, whatever the bytes", () => {
    for (let round = 0; round < 20_000; round++) {
      const noise = crypto.getRandomValues(new Uint8Array(round % 40));
      expect(() => decodeMessage(noise)).not.toThrow();
    }
  });
});
