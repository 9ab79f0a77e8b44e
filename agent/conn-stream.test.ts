import { createHash } from "node:crypto";
import { once } from "node:events";
import { buffer } from "node:stream/consumers";
import { beforeEach, describe, expect, it } from "vitest";
import type { CloseReason, Conn } from "../wire/remotedialer/conn.ts";
import { ConnStream } from "./conn-stream.ts";
import { patternHash, sendPattern } from "./testing/apiserver.ts";
import { joinedSessions, until } from "./testing/sessions.ts";
import type { Pair } from "./testing/sessions.ts";

const MiB = 1 << 20;

describe("ConnStream", () => {
  let pair: Pair;
  /** The server's end. */
  let conn: Conn;
  let stream: ConnStream;
  let reasons: CloseReason[];

  beforeEach(async () => {
    let accepted: Conn | undefined;
    pair = joinedSessions((fresh) => (accepted = fresh));
    conn = pair.server.dial("tcp", "127.0.0.1:6080");
    reasons = [];
    conn.onClose = (reason) => reasons.push(reason);
    await until(() => accepted !== undefined);
    if (accepted === undefined) throw new Error("no stream");
    stream = new ConnStream(accepted);
  });

  it("tunnel 7: gives the reader all bytes, then the end", async () => {
    conn.write(Buffer.from("hello "));
    conn.write(Buffer.from("world"));
    conn.close();
    expect((await buffer(stream)).toString()).toBe("hello world");
    await until(() => stream.closed);
    expect(pair.agent.stats.conns).toBe(0);
  });

  it("sends everything that was written before its own end, also while the peer pauses", async () => {
    conn.pauseReading();
    const hash = createHash("sha256");
    conn.onData = (chunk) => hash.update(chunk);
    sendPattern(stream, 4 * MiB);
    await until(() => conn.heldBytes > 200_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    // The threshold, and what was on its way: not the 4 MiB.
    expect(conn.heldBytes).toBeLessThan(MiB);
    expect(stream.writableLength).toBeLessThan(MiB);
    expect(reasons).toEqual([]);
    conn.resumeReading();
    await until(() => reasons.length > 0);
    expect(reasons).toEqual([{ kind: "eof" }]);
    expect(hash.digest("hex")).toBe(patternHash(4 * MiB));
  });

  it("tunnel 12: an unread stream pauses the peer and loses nothing", async () => {
    const writer = new ConnStream(conn);
    sendPattern(writer, 4 * MiB);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(stream.readableLength).toBeLessThan(MiB);
    expect(writer.writableLength).toBeGreaterThan(0);
    const read = await buffer(stream);
    expect(createHash("sha256").update(read).digest("hex")).toBe(patternHash(4 * MiB));
  });

  it("turns the peer's error into an error event", async () => {
    const failed = once(stream, "error");
    conn.abort("boom");
    expect((await failed)[0]).toMatchObject({ message: "boom" });
    expect(stream.destroyed).toBe(true);
  });

  it("tells the peer its own error, and a clean end when destroyed without one", async () => {
    stream.on("error", () => undefined);
    stream.destroy(new Error("disk on fire"));
    await until(() => reasons.length > 0);
    expect(reasons).toEqual([{ kind: "error", text: "disk on fire" }]);
  });

  it("tunnel 22: fails at once when the session is lost, also with a write waiting", async () => {
    conn.pauseReading();
    stream.on("error", () => undefined);
    sendPattern(stream, MiB);
    await until(() => stream.writableNeedDrain);
    pair.agent.fail("tunnel disconnect");
    await until(() => stream.closed);
    expect(stream.errored?.message).toBe("tunnel disconnect");
  });

  it("closes when the peer ends the stream while a write still waits", async () => {
    conn.pauseReading();
    sendPattern(stream, 4 * MiB);
    await until(() => conn.heldBytes > 200_000);
    conn.close();
    stream.resume();
    await until(() => stream.closed);
    expect([pair.agent.stats.conns, stream.errored]).toEqual([0, null]);
  });

  it("joins the small writes of one turn into one message", async () => {
    const chunks: string[] = [];
    conn.onData = (chunk) => chunks.push(Buffer.from(chunk).toString());
    stream.cork();
    for (const part of ["5\r\n", "hello", "\r\n"]) stream.write(part);
    stream.uncork();
    await until(() => chunks.length > 0);
    expect(chunks).toEqual(["5\r\nhello\r\n"]);
  });
});
