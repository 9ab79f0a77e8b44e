import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Allowance, ClientReader } from "./client-reader.ts";

const MiB = 1 << 20;

describe("the reader of a client", () => {
  let server: Server;
  let client: Socket;
  /** The server's side. */
  let socket: Socket;
  let reader: ClientReader;
  let taken: Buffer[];
  const allowance = new Allowance(16 * MiB);

  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const accepted = once(server, "connection") as Promise<[Socket]>;
    client = connect((server.address() as AddressInfo).port, "127.0.0.1");
    client.on("error", () => undefined);
    [socket] = await accepted;
    socket.on("error", () => undefined);
    taken = [];
    reader = new ClientReader(socket, allowance, (chunk) => {
      taken.push(chunk);
      // As a backend that is always full.
      reader.pause();
      setImmediate(() => reader.resume());
    });
  });

  afterEach(async () => {
    client.destroy();
    socket.destroy();
    server.close();
    await once(server, "close");
  });

  it("delivers in order what it reads between pauses, and what it has read ahead", async () => {
    const sent = Buffer.from(Array.from({ length: 3 * MiB }, (_, index) => index * 31));
    const ended = once(socket, "end");
    client.write(sent.subarray(0, MiB));
    await expect.poll(() => taken.length).toBeGreaterThan(0);
    reader.pause();
    const before = taken.length;
    client.end(sent.subarray(MiB));
    await ended;
    expect(taken.length - before).toBeLessThanOrEqual(1);
    reader.resume();
    await expect.poll(() => Buffer.concat(taken).equals(sent)).toBe(true);
  });

  it("sees a client go that has been held, and gives back what waited", async () => {
    reader.pause();
    client.write(Buffer.alloc(2 * MiB));
    await once(client, "drain");
    const closed = new Promise((resolve) => socket.on("close", resolve));
    client.resetAndDestroy();
    await closed;
    expect(taken).toEqual([]);
    allowance.take(16 * MiB - 1);
    expect(allowance.any).toBe(true);
    allowance.giveBack(16 * MiB - 1);
  });

  it("does not read on without end", async () => {
    reader.pause();
    // More than it may, and than the kernels hold.
    for (let blocks = 0; blocks < 64; blocks++) client.write(Buffer.alloc(MiB));
    await expect.poll(() => socket.bytesRead, { timeout: 10_000 }).toBeGreaterThanOrEqual(8 * MiB);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(socket.bytesRead).toBeLessThan(9 * MiB);
    expect(socket.isPaused()).toBe(true);
  });
});
