import { describe, expect, it } from "vitest";
import { AnnouncedClients, formatClient, parseClient, parseThrough, throughClient } from "./clients.ts";
import { decodeMessage, encodeText, messageType } from "./codec.ts";
import { Session } from "./session.ts";

describe("announcements of clients", () => {
  it.each([
    ["c-abcde/7700000000000000001", { clientKey: "c-abcde", sessionKey: "7700000000000000001" }],
    ["c-abcde:m-0123456789ab/-5", { clientKey: "c-abcde:m-0123456789ab", sessionKey: "-5" }],
    ["/0", { clientKey: "", sessionKey: "0" }],
    ["c-abcde/+0009", { clientKey: "c-abcde", sessionKey: "+0009" }],
    ["c-abcde/-9223372036854775808", { clientKey: "c-abcde", sessionKey: "-9223372036854775808" }],
    ["c-abcde/9223372036854775808", undefined],
    ["c-abcde/--1", undefined],
    ["c-abcde", undefined],
    ["c-abcde/", undefined],
    ["c-abcde/x", undefined],
    ["c-abcde/1/2", undefined],
    ["c-abcde/1.5", undefined],
    ["", undefined],
  ])("tunnel 27: reads %j as Go does", (text, expected) => {
    expect(parseClient(text)).toEqual(expected);
  });

  it("tunnel 27: go out as tunnel.md 1.5 has them, and never so long that they would be cut", () => {
    expect(formatClient("c-abcde", "7700000000000000001")).toBe("c-abcde/7700000000000000001");
    expect(formatClient("k".repeat(80), "9".repeat(19))).toHaveLength(100);
    expect(() => formatClient("k".repeat(81), "9".repeat(19))).toThrow(RangeError);
  });

  it("keep a client until its last session is gone", () => {
    const clients = new AnnouncedClients();
    clients.add({ clientKey: "c-a", sessionKey: "1" });
    clients.add({ clientKey: "c-a", sessionKey: "2" });
    clients.add({ clientKey: "c-a", sessionKey: "2" });
    clients.remove({ clientKey: "c-a", sessionKey: "1" });
    clients.remove({ clientKey: "c-b", sessionKey: "1" });
    expect([clients.has("c-a"), clients.has("c-b"), clients.size, clients.sessions]).toEqual([
      true,
      false,
      1,
      1,
    ]);
    clients.remove({ clientKey: "c-a", sessionKey: "2" });
    expect([clients.has("c-a"), clients.size]).toEqual([false, 0]);
  });

  it("tunnel 27: a CONNECT names a client before the first `::`", () => {
    expect(throughClient("stv-cluster-c-abcde", "tcp")).toBe("stv-cluster-c-abcde::tcp");
    expect(parseThrough("stv-cluster-c-abcde::tcp")).toEqual({
      clientKey: "stv-cluster-c-abcde",
      proto: "tcp",
    });
    expect(parseThrough("a::b::tcp")).toEqual({ clientKey: "a", proto: "b::tcp" });
    expect(parseThrough("tcp")).toBeUndefined();
  });
});

describe("a session of a peer", () => {
  const record = () => {
    const heard: string[] = [];
    const session = new Session({
      send: () => undefined,
      onFatal: (reason) => heard.push(`fatal: ${reason}`),
      onClient: (change, clientKey, sessionKey) => heard.push(`${change} ${clientKey} ${sessionKey}`),
    });
    return { heard, say: (type: number, text: string) => session.receive(encodeText(type, 0, text)) };
  };

  it("tunnel 27: says what the other end announces", () => {
    const { heard, say } = record();
    say(messageType.addClient, "c-abcde/77");
    say(messageType.addClient, "stv-cluster-c-abcde/78");
    say(messageType.removeClient, "c-abcde/77");
    expect(heard).toEqual(["added c-abcde 77", "added stv-cluster-c-abcde 78", "removed c-abcde 77"]);
  });

  it("tunnel 27: ends with a malformed announcement, as in Go", () => {
    for (const type of [messageType.addClient, messageType.removeClient]) {
      const { heard, say } = record();
      say(type, "nonsense");
      say(messageType.addClient, "c-abcde/77");
      expect(heard).toEqual(["fatal: malformed announcement of a client"]);
    }
  });

  it("announces", () => {
    const sent: unknown[] = [];
    const session = new Session({
      send(bytes) {
        const { type, connId, payload } = decodeMessage(bytes) ?? { type: 0, connId: -1, payload: bytes };
        sent.push([type, connId, new TextDecoder().decode(payload)]);
      },
      onFatal: () => undefined,
    });
    session.announce("added", "c-abcde", "7");
    session.announce("removed", "c-abcde", "7");
    expect(sent).toEqual([
      [messageType.addClient, 0, "c-abcde/7"],
      [messageType.removeClient, 0, "c-abcde/7"],
    ]);
  });
});
