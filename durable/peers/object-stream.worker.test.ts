import { describe, expect, it } from "vitest";
import type { CloseReason } from "../../wire/byte-stream.ts";
import { acceptedPair } from "../tunnel/client-socket.ts";
import { ObjectStream } from "./object-stream.ts";

const KiB = 1 << 10;

function pair(): { one: ObjectStream; other: ObjectStream } {
  const { client, server } = acceptedPair();
  client.binaryType = "arraybuffer";
  client.accept({ allowHalfOpen: true });
  return { one: new ObjectStream(client), other: new ObjectStream(server) };
}

/** What comes, and how it ends. */
function record(stream: ObjectStream): { bytes: () => number; end: Promise<CloseReason> } {
  let bytes = 0;
  stream.onData = (chunk) => (bytes += chunk.length);
  return { bytes: () => bytes, end: new Promise((resolve) => (stream.onClose = resolve)) };
}

describe("a stream between objects", () => {
  it("carries bytes both ways, what was written before it was open too, and its end behind them", async () => {
    const { client, server } = acceptedPair();
    client.binaryType = "arraybuffer";
    const opening = Promise.withResolvers<WebSocket>();
    const one = new ObjectStream(opening.promise);
    const other = new ObjectStream(server);
    const [here, there] = [record(one), record(other)];
    one.write(new Uint8Array(3));
    client.accept({ allowHalfOpen: true });
    opening.resolve(client);
    await expect.poll(there.bytes).toBe(3);
    other.write(new Uint8Array(200 * KiB));
    other.close();
    expect(await here.end).toEqual({ kind: "eof" });
    expect([here.bytes(), one.open, other.open]).toEqual([200 * KiB, false, false]);
  });

  it("says when there is too much on the way, and when there is room again, however slow the reader is", async () => {
    const { one, other } = pair();
    const there = record(other);
    other.pauseReading();
    let drains = 0;
    one.onDrain = () => drains++;
    expect(one.write(new Uint8Array(200 * KiB))).toBe(true);
    expect(one.write(new Uint8Array(100 * KiB))).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([drains, there.bytes()]).toEqual([0, 0]);
    other.resumeReading();
    await expect.poll(() => drains).toBe(1);
    expect(there.bytes()).toBe(300 * KiB);
    expect(one.write(new Uint8Array(100 * KiB))).toBe(true);
  });

  it("hands out what it has before it says why it ended", async () => {
    const { one, other } = pair();
    const there = record(other);
    other.pauseReading();
    let reason: CloseReason | undefined;
    one.onClose = (given) => (reason = given);
    one.write(new Uint8Array(5));
    one.abort("dial tcp 10.43.0.1:443: refused");
    expect(reason).toEqual({ kind: "error", text: "dial tcp 10.43.0.1:443: refused" });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([other.open, there.bytes()]).toEqual([false, 0]);
    other.resumeReading();
    expect([await there.end, there.bytes()]).toEqual([reason, 5]);
  });

  it("ends with the reason why it could not be opened, and when far too much is on the way", async () => {
    const failed = new ObjectStream(Promise.reject(new Error("failed to find Session for client c-a")));
    expect(await record(failed).end).toEqual({
      kind: "error",
      text: "failed to find Session for client c-a",
    });
    const never = new ObjectStream(new Promise<WebSocket>(() => undefined));
    const ended = record(never).end;
    for (let sent = 0; sent <= 48 && never.open; sent++) never.write(new Uint8Array(1024 * KiB));
    expect(await ended).toEqual({ kind: "error", text: "write buffer exceeded" });
  });

  it("leaves nothing open behind when it was closed before it was opened", async () => {
    const { client, server } = acceptedPair();
    const opening = Promise.withResolvers<WebSocket>();
    const one = new ObjectStream(opening.promise);
    const there = record(new ObjectStream(server));
    one.close();
    client.accept({ allowHalfOpen: true });
    opening.resolve(client);
    expect(await there.end).toEqual({ kind: "eof" });
  });
});
