import { inflateSync, constants } from "node:zlib";
import { describe, expect, it } from "vitest";
import { SpdyReader, encodeData, encodeSynStream } from "./frames.ts";

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(" ", ""), "hex");

/** What a reader says of bytes that come in pieces of `size`. */
function read(bytes: Uint8Array, size = bytes.length): unknown[] {
  const said: unknown[] = [];
  const data = new Map<number, string>();
  const reader = new SpdyReader({
    onData: (id, part) => data.set(id, (data.get(id) ?? "") + Buffer.from(part).toString()),
    onEnd: (id) => said.push(["end", id, data.get(id) ?? ""]),
    onGoAway: () => said.push("go away"),
    onPing: (answer) => said.push(["ping", Buffer.from(answer).toString("hex")]),
    onError: (problem) => said.push(problem),
  });
  for (let at = 0; at < bytes.length; at += size) reader.feed(bytes.subarray(at, at + size));
  return said;
}

describe("frames to the peer", () => {
  it("open streams with headers that any inflater reads, one after the other", () => {
    const first = encodeSynStream(1, { streamtype: "error" }, true);
    const second = encodeSynStream(3, { streamtype: "stdin", port: "80" }, false);
    expect(Buffer.from(first.subarray(0, 18)).toString("hex")).toBe("800300010000003100000001000000000000");
    // As Go's reader does, whose zlib stream goes on from frame to frame.
    const stream = Buffer.concat([first.subarray(18), second.subarray(18)]);
    const headers = inflateSync(stream, { finishFlush: constants.Z_SYNC_FLUSH });
    const pair = (text: string): Buffer =>
      Buffer.concat([hex(text.length.toString(16).padStart(8, "0")), Buffer.from(text)]);
    expect(headers).toEqual(
      Buffer.concat([
        hex("00000001"),
        ...["streamtype", "error"].map(pair),
        hex("00000002"),
        ...["streamtype", "stdin", "port", "80"].map(pair),
      ]),
    );
  });

  it("carry data in parts of 64 KiB, and its end with the last one", () => {
    expect(Buffer.from(encodeData(5, Buffer.from("abc"))).toString("hex")).toBe("0000000500000003616263");
    expect(Buffer.from(encodeData(5, new Uint8Array(0), true)).toString("hex")).toBe("0000000501000000");
    const long = encodeData(5, new Uint8Array(100_000), true);
    expect(long.length).toBe(100_000 + 16);
    expect(read(long)).toEqual([["end", 5, "\0".repeat(100_000)]]);
  });
});

describe("frames of the peer", () => {
  const frames = Buffer.concat([
    // SYN_REPLY whose headers nobody reads, SETTINGS, WINDOW_UPDATE.
    hex("80030002 00000009 00000001 7801020304"),
    hex("80030004 0000000c 00000001 00000004 00000040"),
    hex("80030009 00000008 00000001 00000100"),
    hex("00000001 00000005 68656c6c6f"),
    hex("00000001 01000006 20776f726c64"),
    hex("80030003 00000008 00000003 00000005"),
    hex("80030006 00000004 00000002"),
    hex("80030007 00000008 00000005 00000000"),
  ]);

  it.each([frames.length, 7, 1])("are read in pieces of %d bytes", (size) => {
    expect(read(frames, size)).toEqual([
      ["end", 1, "hello world"],
      ["end", 3, ""],
      ["ping", "800300060000000400000002"],
      "go away",
    ]);
  });

  it("may be any bytes: it throws nothing, and reads them the same in whatever pieces", () => {
    let seed = 1;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let round = 0; round < 2_000; round++) {
      const bytes = Buffer.from(frames);
      for (let change = random(6); change >= 0; change--) bytes[random(bytes.length)] = random(256);
      expect(read(bytes, 1 + random(20))).toEqual(read(bytes));
    }
  });

  it("of another version end it", () => {
    expect(read(hex("80020003 00000008 00000003 00000005"))).toEqual(["a frame of another version"]);
    expect(read(hex("80030003 00000002 0000"))).toEqual(["a frame that is too short"]);
  });
});
