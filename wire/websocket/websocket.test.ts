import { describe, expect, it } from "vitest";
import { encodeClosePayload, encodeFrame, opcode } from "./frame.ts";
import { acceptFor, newKey } from "./handshake.ts";
import { MessageStream } from "./messages.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const maxMessageBytes = 1 << 20;

/** A stream with everything it says recorded. */
function record(role: "client" | "server"): { stream: MessageStream; events: string[]; sent: Uint8Array[] } {
  const events: string[] = [];
  const sent: Uint8Array[] = [];
  const stream = new MessageStream(
    { role, maxMessageBytes },
    {
      onText: (text) => events.push(`text ${text}`),
      onBinary: (bytes) => events.push(`binary ${bytes.length}`),
      onClose: (code, reason) => events.push(`close ${code} ${reason}`),
      onError: (code, problem) => events.push(`error ${code} ${problem}`),
      send: (bytes) => sent.push(bytes),
    },
  );
  return { stream, events, sent };
}

describe("the handshake", () => {
  it("answers the key of RFC 6455 section 1.3 as the RFC does", async () => {
    expect(await acceptFor("dGhlIHNhbXBsZSBub25jZQ==")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    expect(newKey()).toMatch(/^[A-Za-z0-9+/]{22}==$/);
    expect(newKey()).not.toBe(newKey());
  });
});

describe("MessageStream", () => {
  it("carries messages of all length forms between a client and a server, however the bytes are cut", () => {
    for (const step of [1, 3, 4096, 1 << 20]) {
      const client = record("client");
      const server = record("server");
      client.stream.sendText("grüß");
      for (const length of [0, 125, 126, 65_535, 65_536]) client.stream.sendBinary(new Uint8Array(length));
      const wire = Buffer.concat(client.sent);
      for (let at = 0; at < wire.length; at += step) server.stream.feed(wire.subarray(at, at + step));
      expect(server.events).toEqual([
        "text grüß",
        "binary 0",
        "binary 125",
        "binary 126",
        "binary 65535",
        "binary 65536",
      ]);
    }
  });

  it("masks what a client sends, each frame with another mask, and not what a server sends", () => {
    const client = record("client");
    client.stream.sendBinary(new Uint8Array(64));
    client.stream.sendBinary(new Uint8Array(64));
    const [one, other] = client.sent;
    expect((one?.[1] ?? 0) & 0x80).toBe(0x80);
    expect(one?.subarray(2, 6)).not.toEqual(other?.subarray(2, 6));
    const server = record("server");
    server.stream.sendBinary(new Uint8Array(1));
    expect((server.sent[0]?.[1] ?? 0) & 0x80).toBe(0);
  });

  it("joins fragments, answers a ping between them, and ignores pongs", () => {
    const { stream, events, sent } = record("client");
    const start = encodeFrame(opcode.text, utf8("frag"));
    start[0] = opcode.text;
    stream.feed(start);
    stream.feed(encodeFrame(opcode.ping, utf8("p")));
    stream.feed(encodeFrame(opcode.pong));
    stream.feed(encodeFrame(opcode.continuation, utf8("ment")));
    expect(events).toEqual(["text fragment"]);
    expect(sent).toHaveLength(1);
    expect((sent[0]?.[0] ?? 0) & 0x0f).toBe(opcode.pong);
  });

  it("hands over close codes and reasons, and sends one close frame at most", () => {
    const { stream, events, sent } = record("client");
    stream.close(1000, "bye");
    stream.close(1001, "again");
    stream.sendText("too late");
    stream.feed(encodeFrame(opcode.close, encodeClosePayload(4000, "application")));
    stream.feed(encodeFrame(opcode.text, utf8("ignored")));
    expect([events, sent.length]).toEqual([["close 4000 application"], 1]);
    const bare = record("client");
    bare.stream.feed(encodeFrame(opcode.close));
    expect(bare.events).toEqual(["close 1005 "]);
  });

  it.each([
    ["a masked frame from a server", encodeFrame(opcode.text, utf8("x"), Uint8Array.of(1, 2, 3, 4)), 1002],
    ["reserved bits", Uint8Array.of(0xc1, 0), 1002],
    ["an unknown opcode", Uint8Array.of(0x83, 0), 1002],
    ["a fragmented ping", Uint8Array.of(0x09, 0), 1002],
    ["a continuation without a start", encodeFrame(opcode.continuation, utf8("x")), 1002],
    ["text that is not UTF-8", encodeFrame(opcode.text, Uint8Array.of(0xff)), 1007],
    ["a message beyond the limit", Uint8Array.of(0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0), 1009],
    ["a close code that must not be sent", encodeFrame(opcode.close, Uint8Array.of(0x03, 0xee)), 1002],
  ])("ends the connection on %s", (_what, bytes, code) => {
    const { stream, events, sent } = record("client");
    stream.feed(bytes);
    stream.feed(encodeFrame(opcode.text, utf8("after")));
    expect(events).toHaveLength(1);
    expect(events[0]).toMatch(new RegExp(`^error ${code} `));
    expect((sent[0]?.[0] ?? 0) & 0x0f).toBe(opcode.close);
  });

  it("looks at nothing behind a close frame", () => {
    const { stream, events } = record("client");
    stream.feed(
      Buffer.concat([encodeFrame(opcode.close, encodeClosePayload(1000, "")), Uint8Array.of(0xff, 0xff)]),
    );
    expect(events).toEqual(["close 1000 "]);
  });

  it("leaves the bytes that it was fed as they were, Node's too", () => {
    const { stream, events } = record("server");
    const bytes = Buffer.from(encodeFrame(opcode.text, utf8("masked"), Uint8Array.of(1, 2, 3, 4)));
    const before = bytes.toString("hex");
    stream.feed(bytes);
    expect([events, bytes.toString("hex")]).toEqual([["text masked"], before]);
  });

  it("survives noise", () => {
    for (let round = 0; round < 3_000; round++) {
      const { stream } = record(round % 2 === 0 ? "client" : "server");
      expect(() => stream.feed(crypto.getRandomValues(new Uint8Array(40)))).not.toThrow();
    }
  });
});
