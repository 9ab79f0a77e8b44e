import { describe, expect, it } from "vitest";
import { DerReader, bitString, booleanOf, oidText, smallInteger, timeOf } from "./der.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));

describe("DER", () => {
  it("reads what is written in its one way", () => {
    const list = new DerReader(hex("30 06 02 01 05 01 01 ff")).sequence();
    expect(smallInteger(list.value(0x02).content)).toBe(5);
    expect(booleanOf(list.value(0x01).content)).toBe(true);
    list.end();
    expect(oidText(hex("55 1d 11"))).toBe("2.5.29.17");
    expect(oidText(hex("2a 86 48 ce 3d 04 03 02"))).toBe("1.2.840.10045.4.3.2");
    expect(bitString(hex("05 a0"))).toEqual({ bytes: hex("a0"), unused: 5 });
  });

  it("refuses every other way", () => {
    const read = (bytes: string) => () => {
      const reader = new DerReader(hex(bytes));
      reader.any();
      reader.end();
    };
    for (const bytes of [
      "", // nothing
      "30", // no length
      "30 01", // cut short
      "30 80 00 00", // indefinite
      "30 81 05 00 00 00 00 00", // a long form that is not needed
      "30 82 00 81", // a leading zero
      "30 84 01 00 00 00", // absurd
      "1f 21 01 00", // a long tag
      "05 00 00", // bytes after it
    ])
      expect(read(bytes), bytes).toThrow(/malformed/);
    expect(() => smallInteger(hex("00 05"))).toThrow(/shortest/);
    expect(() => smallInteger(hex("ff"))).toThrow(/out of range/);
    expect(() => booleanOf(hex("01"))).toThrow(/boolean/);
    expect(() => oidText(hex("55 80 11"))).toThrow(/object identifier/);
    expect(() => oidText(hex("55 9d"))).toThrow(/object identifier/);
    expect(() => bitString(hex("05 a1"))).toThrow(/bit string/);
    expect(() => bitString(hex("08 00"))).toThrow(/bit string/);
  });

  it("reads times in the two forms of certificates, and no others", () => {
    const time = (tag: number, text: string): string =>
      new Date(
        timeOf({ tag, content: new TextEncoder().encode(text), raw: new Uint8Array(0) }),
      ).toISOString();
    expect(time(0x17, "491231235959Z")).toBe("2049-12-31T23:59:59.000Z");
    expect(time(0x17, "500101000000Z")).toBe("1950-01-01T00:00:00.000Z");
    expect(time(0x18, "20500101000000Z")).toBe("2050-01-01T00:00:00.000Z");
    for (const [tag, text] of [
      [0x17, "4912312359Z"],
      [0x17, "491231235959+0000"],
      [0x17, "490231235959Z"],
      [0x18, "20500101000000.5Z"],
      [0x18, "491231235959Z"],
      [0x04, "491231235959Z"],
    ] as const)
      expect(() => time(tag, text), text).toThrow(/a time/);
  });
});
