import { describe, expect, it } from "vitest";
import { WireReader } from "./wire.ts";
import { WireWriter } from "./writer.ts";

const bytesOf = (write: (to: WireWriter) => void): number[] => {
  const to = new WireWriter();
  write(to);
  return [...to.finish()];
};

describe("the protobuf writer", () => {
  it("writes scalars, and nothing for what is not set", () => {
    expect(bytesOf((to) => to.text(1, "2.0"))).toEqual([0x0a, 3, 0x32, 0x2e, 0x30]);
    expect(bytesOf((to) => to.text(31, ""))).toEqual([0xfa, 0x01, 0]);
    expect(bytesOf((to) => to.bool(2, false))).toEqual([0x10, 0]);
    expect(bytesOf((to) => to.integer(11, 300))).toEqual([0x58, 0xac, 0x02]);
    expect(bytesOf((to) => to.integer(11, 2 ** 53 - 1))).toEqual([0x58, ...Array(7).fill(0xff), 0x0f]);
    expect(bytesOf((to) => to.double(7, 1.5))).toEqual([0x39, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f]);
    expect(
      bytesOf((to) => {
        to.text(1, undefined);
        to.bool(2, undefined);
        to.integer(3, undefined);
        to.double(4, undefined);
      }),
    ).toEqual([]);
  });

  it("writes texts of any characters and any length", () => {
    for (const text of ["a".repeat(127), "a".repeat(128), `${"a".repeat(126)}é`, "\u{1f600}", "a\0b"]) {
      const reader = new WireReader(new Uint8Array(bytesOf((to) => to.text(5, text))));
      expect(reader.tag().number).toBe(5);
      expect(reader.string()).toBe(text);
      expect(reader.done).toBe(true);
    }
  });

  it("writes messages in messages, whatever their length", () => {
    for (const count of [0, 1, 126, 127, 128, 129, 16_384, 200_000]) {
      const text = "é".repeat(count);
      const bytes = bytesOf((to) =>
        to.message(8, () => {
          to.message(2, () => to.text(1, text));
          to.bool(3, true);
        }),
      );
      const reader = new WireReader(new Uint8Array(bytes));
      expect(reader.tag()).toEqual({ number: 8, wireType: 2 });
      const outer = reader.nested();
      expect(reader.done).toBe(true);
      expect(outer.tag()).toEqual({ number: 2, wireType: 2 });
      const inner = outer.nested();
      expect(inner.tag()).toEqual({ number: 1, wireType: 2 });
      expect(inner.string()).toBe(text);
      expect(outer.tag()).toEqual({ number: 3, wireType: 0 });
      expect(outer.bool()).toBe(true);
      expect(outer.done).toBe(true);
    }
  });
});
