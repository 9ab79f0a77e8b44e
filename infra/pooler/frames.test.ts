import { describe, expect, it } from "vitest";
import { FrameScanner } from "./frames.ts";
import { code, message } from "./messages.ts";

/** Scans a stream cut at the given places; returns the gathered messages, and everything that came out in order. */
function scan(stream: Buffer, cuts: readonly number[], gathered: string) {
  const frames: Buffer[] = [];
  const all: Buffer[] = [];
  const scanner = new FrameScanner(
    {
      gathers: (type) => Array.from(gathered, code).includes(type),
      frame: (_type, frame) => {
        frames.push(Buffer.from(frame));
        all.push(Buffer.from(frame));
      },
      pass: (bytes) => all.push(Buffer.from(bytes)),
    },
    10_000,
  );
  let at = 0;
  for (const cut of [...cuts, stream.length]) {
    scanner.push(stream.subarray(at, cut));
    at = cut;
  }
  return { frames, all: Buffer.concat(all) };
}

describe("FrameScanner", () => {
  const messages = [
    message("D", Buffer.alloc(300, "d")),
    message("Z", Buffer.from("I")),
    message("1"),
    message("D", Buffer.alloc(0)),
    message("D", Buffer.alloc(17, "e")),
    message("1"),
    message("Z", Buffer.from("T")),
  ];
  const stream = Buffer.concat(messages);
  const gathered = messages.filter((frame) => "1Z".includes(String.fromCharCode(frame[0] ?? 0)));

  it("finds every message and loses or reorders no byte, wherever the stream is cut", () => {
    for (let first = 0; first <= stream.length; first += 1) {
      for (const second of [first, Math.min(first + 3, stream.length), stream.length]) {
        const result = scan(stream, [first, second], "1Z");
        expect(result.all.equals(stream)).toBe(true);
        expect(result.frames).toEqual(gathered);
      }
    }
  });

  it("finds them byte by byte", () => {
    const cuts = Array.from({ length: stream.length - 1 }, (_, index) => index + 1);
    const result = scan(stream, cuts, "1Z");
    expect(result.all.equals(stream)).toBe(true);
    expect(result.frames).toEqual(gathered);
  });

  it("refuses a length that cannot be, and a gathered message that is too long", () => {
    expect(() => scan(Buffer.from([code("Z"), 0, 0, 0, 3, 0]), [], "Z")).toThrow(RangeError);
    expect(() => scan(Buffer.from([code("Z"), 0x7f, 0, 0, 0]), [], "Z")).toThrow(/exceeds/);
    expect(() => scan(Buffer.from([code("Z"), 0xff, 0xff, 0xff, 0xff]), [2], "Z")).toThrow(RangeError);
  });
});
