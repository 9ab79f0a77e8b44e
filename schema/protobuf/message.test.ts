import { describe, expect, it } from "vitest";
import type { Messages } from "./descriptor.ts";
import { ProtobufError } from "./error.ts";
import { decodeMessage } from "./message.ts";

/** What no served kind has, and each way in which a field can be held. */
const messages: Messages = {
  Node: [
    [1, "child", "Node", "?"],
    [2, "numbers", "int32", "[]"],
    [3, "wide", "int64", "[]"],
    [4, "flags", "bool", "[]"],
    [5, "text", "string"],
    [6, "fields", "FieldsV1", "?"],
    [7, "map", "int32", "{}"],
  ],
  Zero: [
    [1, "text", "string", "!"],
    [2, "number", "int64", "!"],
    [3, "flag", "bool", "!"],
    [4, "bytes", "bytes", "!"],
    [5, "message", "Node", "!"],
    [6, "time", "Time", "!"],
    [7, "pointer", "string", "?!"],
    [8, "list", "string", "[]!"],
    [9, "map", "string", "{}!"],
    [10, "choice", "IntOrString", "!"],
    [11, "quantity", "Quantity", "!"],
    [12, "hidden", "string"],
    [13, "hiddenTime", "Time"],
  ],
};
const decode = (name: string, ...bytes: number[]): unknown =>
  decodeMessage(messages, name, Uint8Array.from(bytes));
const node = (...bytes: number[]): unknown => decode("Node", ...bytes);
const refusal = (...bytes: number[]): string => {
  try {
    node(...bytes);
  } catch (error) {
    if (error instanceof ProtobufError) return error.message;
    throw error;
  }
  return "none";
};
const nested = (depth: number): number[] => {
  let bytes: number[] = [];
  for (let count = 0; count < depth; count++) {
    const length = bytes.length;
    bytes = [10, ...(length < 0x80 ? [length] : [(length & 0x7f) | 0x80, length >> 7]), ...bytes];
  }
  return bytes;
};
const minusOne = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];

describe("decodeMessage", () => {
  it("reads lists of numbers packed, one by one, and both in turn", () => {
    expect(node(18, 3, 1, 0xac, 2)).toEqual({ numbers: [1, 300] });
    expect(node(16, 1, 16, 0xac, 2)).toEqual({ numbers: [1, 300] });
    expect(node(16, 7, 18, 2, 1, 2, 16, 9)).toEqual({ numbers: [7, 1, 2, 9] });
    expect(node(18, 10, ...minusOne, 26, 10, ...minusOne, 34, 3, 0, 1, 2)).toEqual({
      numbers: [-1],
      wide: [-1],
      flags: [false, true, true],
    });
    expect(refusal(18, 2, 1, 0x80)).toBe("the message ends within a number");
  });

  it("writes for absent members what Go writes", () => {
    expect(decode("Zero")).toEqual({
      text: "",
      number: 0,
      flag: false,
      bytes: null,
      message: {},
      time: null,
      pointer: null,
      list: null,
      map: null,
      choice: 0,
      quantity: "0",
    });
    expect(node()).toEqual({});
  });

  it("merges a message that comes twice, and replaces a scalar", () => {
    expect(node(10, 2, 16, 1, 10, 5, 42, 1, 97, 16, 2)).toEqual({ child: { numbers: [1, 2], text: "a" } });
    expect(node(42, 1, 97, 42, 1, 98)).toEqual({ text: "b" });
  });

  it("takes the last of entries with one key, and zero for an entry's missing half", () => {
    expect(node(58, 5, 10, 1, 97, 16, 1, 58, 5, 10, 1, 97, 16, 2)).toEqual({ map: { a: 2 } });
    expect(node(58, 3, 10, 1, 97, 58, 2, 16, 7)).toEqual({ map: { a: 0, "": 7 } });
  });

  it("skips fields that it does not know, whatever their wire type", () => {
    const unknown = [
      [0xf8, 0x3f, 1],
      [0xf9, 0x3f, 1, 2, 3, 4, 5, 6, 7, 8],
      [0xfa, 0x3f, 2, 1, 2],
      // A group in a group.
      [0xfb, 0x3f, 8, 1, 0xfb, 0x3f, 8, 1, 0xfc, 0x3f, 0xfc, 0x3f],
      [0xfd, 0x3f, 1, 2, 3, 4],
    ].flat();
    expect(node(...unknown, 42, 1, 97, ...unknown)).toEqual({ text: "a" });
  });

  it("refuses each way in which the wire format can be broken", () => {
    expect(refusal(0)).toBe("a field's number is out of range");
    expect(refusal(0xfa, 0xff, 0xff, 0xff, 0xff, 1, 0)).toBe("a field's number is out of range");
    expect(refusal(0x80)).toBe("the message ends within a number");
    expect(refusal(16, ...Array<number>(10).fill(0x80), 0)).toBe("a number takes more than ten bytes");
    expect(refusal(42, 2, 97)).toBe("the message ends within a value");
    expect(refusal(42, 0xff, 0xff, 0xff, 0xff, 0x0f)).toBe("the message ends within a value");
    expect(refusal(42, ...minusOne)).toBe("the message ends within a value");
    expect(refusal(0xf9, 0x3f, 1)).toBe("the message ends within a value");
    expect(refusal(0xfc, 0x3f)).toBe("a group ends that did not begin");
    expect(refusal(0xfb, 0x3f)).toBe("the message ends within a number");
    expect(refusal(0xfe, 0x3f)).toBe("wire type 6 does not exist");
    expect(refusal(40, 1)).toBe("wrong wire type 0 of text");
    expect(refusal(10, 3, 42, 2, 97)).toBe("the message ends within a value");
  });

  it("refuses messages that nest deeper than 64", () => {
    expect(JSON.stringify(node(...nested(64))).match(/child/g)).toHaveLength(64);
    expect(refusal(...nested(65))).toBe("the message nests deeper than 64");
  });

  it("takes fieldsV1 for JSON, and refuses what is none or nests too deep", () => {
    const fields = (text: string): number[] => {
      const raw = [...new TextEncoder().encode(text)];
      const length = (count: number): number[] => [(count & 0x7f) | 0x80, count >> 7];
      const message = [10, ...length(raw.length), ...raw];
      return [50, ...length(message.length), ...message];
    };
    const parsed = node(...fields('{"f:a":{"__proto__":{}}}')) as { fields: { "f:a": object } };
    expect(Object.keys(parsed.fields["f:a"])).toEqual(["__proto__"]);
    expect(node(50, 0)).toEqual({ fields: null });
    expect(refusal(...fields('{"f:a":'))).toMatch(/^JSON in the message: /);
    expect(refusal(...fields("[".repeat(66) + "]".repeat(66)))).toMatch(/^JSON in the message: .*nest/);
  });

  it("knows a mistake in the descriptors from one in the message", () => {
    expect(() => decode("Missing", 8, 1)).toThrow(TypeError);
  });
});
