import { beforeEach, describe, expect, it } from "vitest";
import { encodeMessage, encodeText, messageType } from "./codec.ts";
import type { CloseReason, Conn } from "./conn.ts";
import { Budget } from "./limits.ts";
import { Session } from "./session.ts";
import { UnreadQueue } from "./unread-queue.ts";
import type { Spill, SpilledBytes } from "./unread-queue.ts";

const KiB = 1 << 10;
const MiB = 1 << 20;

/** A store in memory that knows what it holds. */
class MemoryStore implements Spill {
  held = 0;
  pieces = 0;
  readonly limit: number;

  constructor(limit = Infinity) {
    this.limit = limit;
  }

  put(bytes: Uint8Array<ArrayBuffer>): SpilledBytes | undefined {
    if (this.held + bytes.length > this.limit) return undefined;
    const { length } = bytes;
    const kept = bytes.slice();
    this.held += length;
    this.pieces += 1;
    const drop = (): void => {
      this.held -= length;
      this.pieces -= 1;
    };
    const take = (): Uint8Array => {
      drop();
      return kept;
    };
    return { length, take, drop };
  }
}

/** A stream of bytes in which every one has its place: position i holds i mod 251. */
class Positions {
  #at = 0;

  next(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let index = 0; index < length; index++) bytes[index] = (this.#at + index) % 251;
    this.#at += length;
    return bytes;
  }

  /** How many of these bytes are not the next ones. */
  wrong(bytes: Uint8Array): number {
    return this.next(bytes.length).reduce((count, byte, index) => count + Number(byte !== bytes[index]), 0);
  }
}

describe("an unread queue", () => {
  let store: MemoryStore;
  let queue: UnreadQueue;
  let written: Positions;
  let read: Positions;
  beforeEach(() => {
    store = new MemoryStore();
    queue = new UnreadQueue();
    written = new Positions();
    read = new Positions();
  });

  const push = (pieces: number, length = 32 * KiB): void => {
    for (let count = 0; count < pieces; count++) queue.push(written.next(length));
  };
  const take = (bytes: number): number => {
    let wrong = 0;
    for (let left = bytes; left > 0;) {
      const chunk = queue.shift();
      if (chunk === undefined) throw new Error("empty");
      wrong += read.wrong(chunk);
      left -= chunk.length;
    }
    return wrong;
  };

  it("gives back in order what was put aside, wherever it was meanwhile", () => {
    push(64);
    queue.spillTo(store);
    expect([queue.bytes, queue.cost < 130 * KiB, store.held]).toEqual([2 * MiB, true, 2 * MiB - 128 * KiB]);
    push(16);
    expect(take(512 * KiB)).toBe(0);
    queue.spillTo(store);
    push(3, 1_000);
    const left = queue.bytes;
    expect(take(left)).toBe(0);
    expect([queue.isEmpty, queue.bytes, queue.cost, store.held]).toEqual([true, 0, 0, 0]);
  });

  it("keeps in memory what the store has no room for", () => {
    store = new MemoryStore(MiB);
    push(96);
    queue.spillTo(store);
    expect([store.held, queue.bytes]).toEqual([MiB, 3 * MiB]);
    queue.spillTo(store);
    expect(take(3 * MiB)).toBe(0);
    expect(queue.isEmpty).toBe(true);
  });

  it("keeps all of it when the store takes nothing", () => {
    store = new MemoryStore(0);
    push(8);
    queue.spillTo(store);
    expect([take(256 * KiB), queue.isEmpty]).toEqual([0, true]);
  });

  it("leaves nothing in the store when it is cleared", () => {
    push(64);
    queue.spillTo(store);
    queue.clear();
    expect([queue.bytes, store.held, store.pieces]).toEqual([0, 0, 0]);
  });
});

describe("a budget with a store", () => {
  const limit = 8 * MiB;
  let store: MemoryStore;
  let budget: Budget;
  let session: Session;
  beforeEach(() => {
    store = new MemoryStore();
    budget = new Budget({ limit, spill: store });
    session = new Session({ send: () => undefined, onFatal: () => undefined, budget });
  });

  function stalled(): { conn: Conn; closed: CloseReason[]; written: Positions } {
    const conn = session.dial("tcp", "a:1");
    const closed: CloseReason[] = [];
    conn.pauseReading();
    conn.onClose = (reason) => closed.push(reason);
    return { conn, closed, written: new Positions() };
  }

  const data = ({ conn, written }: ReturnType<typeof stalled>, pieces: number): void => {
    for (let count = 0; count < pieces; count++)
      session.receive(encodeMessage(messageType.data, conn.id, written.next(32 * KiB)));
  };

  it("tunnel 12: sixteen stalled streams that overshoot by 4 MiB each stay within it, and lose no byte", () => {
    const streams = Array.from({ length: 16 }, stalled);
    let highest = 0;
    for (const stream of streams) {
      for (let count = 0; count < 16; count++) {
        data(stream, 8);
        highest = Math.max(highest, budget.held);
      }
    }
    expect(highest).toBeLessThan(limit / 2);
    expect(budget.peak).toBeLessThan(limit / 2);
    expect(store.held).toBeGreaterThan(48 * MiB);
    for (const { conn, closed } of streams) {
      const read = new Positions();
      let wrong = 0;
      let bytes = 0;
      conn.onData = (chunk) => {
        wrong += read.wrong(chunk);
        bytes += chunk.length;
      };
      conn.resumeReading();
      expect([wrong, bytes, closed]).toEqual([0, 4 * MiB, []]);
    }
    expect([budget.held, store.held]).toEqual([0, 0]);
  });

  it("tunnel 12: keeps what a quick reader is about to take, and puts aside what slow ones leave", () => {
    let now = 0;
    session = new Session({ send: () => undefined, onFatal: () => undefined, budget, now: () => now });
    const [quick, slow] = [stalled(), stalled()];
    // It has once taken in no time what came before its peer stopped.
    data(quick, 10);
    quick.conn.resumeReading();
    quick.conn.pauseReading();
    data(slow, 90);
    now = 10;
    data(quick, 32);
    expect(quick.conn.heldBytes).toBeGreaterThan(MiB);
    expect(slow.conn.heldBytes).toBeLessThan(MiB);
    now = 1_000;
    data(quick, 70);
    expect(quick.conn.heldBytes).toBeLessThan(MiB);
    expect([quick.closed, slow.closed]).toEqual([[], []]);
  });

  it("tunnel 17: counts what is in the store for the cap of a stream", () => {
    session = new Session({
      send: () => undefined,
      onFatal: () => undefined,
      budget,
      limits: { maxUnread: 6 * MiB },
    });
    const stream = stalled();
    data(stream, 200);
    expect(stream.closed).toEqual([{ kind: "error", text: "read buffer exceeded" }]);
    expect([budget.held, store.held]).toEqual([0, 0]);
  });

  it("tunnel 17: closes the fullest stream when the store is full too", () => {
    budget = new Budget({ limit, spill: new MemoryStore(MiB) });
    session = new Session({ send: () => undefined, onFatal: () => undefined, budget });
    const [big, small] = [stalled(), stalled()];
    data(small, 16);
    data(big, 320);
    expect([big.closed, small.closed]).toEqual([[{ kind: "error", text: "buffer budget exceeded" }], []]);
  });

  it("tunnel 22: a lost session and a stream that ends leave nothing in the store", () => {
    const [ended, lost] = [stalled(), stalled()];
    data(ended, 96);
    data(lost, 96);
    expect(store.held).toBeGreaterThan(0);
    session.receive(encodeText(messageType.error, ended.conn.id, "EOF"));
    expect(ended.closed).toEqual([]);
    ended.conn.close();
    session.fail("tunnel disconnect");
    expect(lost.closed).toEqual([{ kind: "error", text: "tunnel disconnect" }]);
    expect([budget.held, store.held]).toEqual([0, 0]);
  });
});
