import { beforeEach, describe, expect, it } from "vitest";
import { decodeMessage, encodeMessage, encodeSync, encodeText, messageType } from "./codec.ts";
import type { CloseReason, Conn } from "./conn.ts";
import { chunkOverhead } from "./chunk-queue.ts";
import { Budget } from "./limits.ts";
import type { Limits } from "./limits.ts";
import { Session } from "./session.ts";

const names = ["", "DATA", "CONNECT", "ERROR", "ADD", "REMOVE", "PAUSE", "RESUME", "SYNC"];
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const KiB = 1024;

/** One session whose peer is the test: what it sends is recorded, readably. */
class Scripted {
  readonly sent: string[] = [];
  readonly fatal: string[] = [];
  readonly incoming: Conn[] = [];
  readonly session: Session;

  constructor(
    options: {
      budget?: Budget;
      limits?: Partial<Limits>;
      connIdBase?: number;
      now?: () => number;
      accept?: (proto: string) => boolean;
    } = {},
  ) {
    this.session = new Session({
      send: (bytes) => {
        const message = decodeMessage(bytes);
        const name = names[message?.type ?? 0] ?? "?";
        const payload = message?.payload ?? new Uint8Array();
        const shown =
          message?.type === messageType.data && payload.length > 20 ? String(payload.length) : text(payload);
        this.sent.push(`${name} ${message?.connId ?? "?"} ${shown}`.trim());
      },
      onFatal: (reason) => this.fatal.push(reason),
      label: "c-abcde/77",
      ...(options.budget === undefined ? {} : { budget: options.budget }),
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      ...(options.now === undefined ? {} : { now: options.now }),
      ...(options.connIdBase === undefined ? {} : { connIdBase: options.connIdBase }),
      ...(options.accept === undefined
        ? {}
        : { authorize: options.accept, onConnect: (conn: Conn) => this.incoming.push(conn) }),
    });
  }

  /** What was sent since the last look. */
  take(): string[] {
    return this.sent.splice(0);
  }

  data(connId: number, payload: string | Uint8Array): void {
    this.session.receive(encodeMessage(messageType.data, connId, Buffer.from(payload)));
  }

  message(type: number, connId: number, payload = ""): void {
    this.session.receive(encodeText(type, connId, payload));
  }
}

/** Records everything a stream tells its reader. */
function listen(conn: Conn): { read: () => string; closed: CloseReason[] } {
  let data = "";
  const closed: CloseReason[] = [];
  conn.onData = (chunk) => (data += text(chunk));
  conn.onClose = (reason) => closed.push(reason);
  return { read: () => data, closed };
}

/** The same of a reader that takes nothing yet. */
function stalled(conn: Conn): ReturnType<typeof listen> {
  conn.pauseReading();
  return listen(conn);
}

const { error, pause, resume } = messageType;

describe("a session", () => {
  let server: Scripted;
  beforeEach(() => (server = new Scripted()));

  it("tunnel 3: ends on a malformed message, a CONNECT without a slash and a SYNC of seven bytes, failing its streams", () => {
    const bad = [
      Uint8Array.of(0x80),
      encodeText(messageType.connect, 3, "tcp"),
      encodeMessage(messageType.sync, 0, new Uint8Array(7)),
    ];
    for (const message of bad) {
      const fresh = new Scripted();
      const other = new Scripted();
      const { closed } = listen(fresh.session.dial("tcp", "a:1"));
      const unaffected = listen(other.session.dial("tcp", "a:1"));
      fresh.session.receive(message);
      expect(fresh.fatal).toHaveLength(1);
      expect(closed).toMatchObject([{ kind: "error" }]);
      expect(unaffected.closed).toEqual([]);
    }
  });

  it("tunnel 4: ignores types 9 and 100", () => {
    server.message(9, 0);
    server.message(100, 0);
    expect([server.fatal, server.sent]).toEqual([[], []]);
  });

  it("tunnel 5: writes CONNECT before DATA, in order", () => {
    const conn = server.session.dial("tcp", "127.0.0.1:6080");
    conn.write(Buffer.from("one"));
    conn.write(Buffer.from("two"));
    expect(server.take()).toEqual(["CONNECT 2 tcp/127.0.0.1:6080", "DATA 2 one", "DATA 2 two"]);
  });

  it("tunnel 6: never repeats an id, also above a base after state loss", () => {
    const ids = Array.from({ length: 5 }, () => server.session.dial("tcp", "a:1").id);
    expect(ids).toEqual([2, 3, 4, 5, 6]);
    const again = new Scripted({ connIdBase: server.session.lastConnId + 1000 });
    expect(again.session.dial("tcp", "a:1").id).toBe(1007);
  });

  it("tunnel 7: delivers buffered bytes, then the end, once, and answers the duplicate ERROR with nothing", () => {
    const conn = server.session.dial("tcp", "a:1");
    const { read, closed } = listen(conn);
    conn.pauseReading();
    server.data(2, "last words");
    server.take();
    server.message(error, 2, "EOF");
    server.message(error, 2, "EOF");
    server.data(2, "too late");
    expect(server.take()).toEqual(["ERROR 2 EOF"]);
    expect([read(), closed]).toEqual(["", []]);
    conn.resumeReading();
    expect([read(), closed]).toEqual(["last words", [{ kind: "eof" }]]);
  });

  it("tunnel 8: gives a dial failure to the reader as an error and ignores the EOF after it", () => {
    const { closed } = listen(server.session.dial("tcp", "a:1"));
    server.message(error, 2, "dial tcp a:1: connection refused");
    server.message(error, 2, "EOF");
    expect(closed).toEqual([{ kind: "error", text: "dial tcp a:1: connection refused" }]);
  });

  it("tunnel 9: closes with exactly one ERROR EOF, with RESUME before it where we hold the peer paused", () => {
    const plain = server.session.dial("tcp", "a:1");
    const held = server.session.dial("tcp", "a:1");
    held.pauseReading();
    server.data(held.id, new Uint8Array(300 * KiB));
    server.take();
    plain.close();
    plain.close();
    held.close();
    expect(server.take()).toEqual(["ERROR 2 EOF", "RESUME 3", "ERROR 3 EOF"]);
    server.message(error, 2, "EOF");
    server.message(error, 2, "read tcp: use of closed network connection");
    server.data(2, "late");
    expect(server.take()).toEqual([]);
  });

  it("tunnel 10: answers an ERROR once, with the same text", () => {
    server.session.dial("tcp", "a:1");
    server.take();
    server.message(error, 2, "tunnel disconnect");
    server.message(error, 2, "tunnel disconnect");
    expect(server.take()).toEqual(["ERROR 2 tunnel disconnect"]);
  });

  it("tunnel 11: answers DATA for an unknown id with ERROR, and PAUSE, RESUME and ERROR with nothing", () => {
    server.data(99, "x");
    server.message(pause, 99);
    server.message(resume, 99);
    server.message(error, 99, "x");
    expect(server.take()).toEqual(["ERROR 99 connection not found c-abcde/77/99"]);
  });

  it("tunnel 12: pauses a peer above the threshold, resumes it below an eighth, and loses no byte", () => {
    const conn = server.session.dial("tcp", "a:1");
    let received = 0;
    conn.onData = (chunk) => {
      received += chunk.length;
      conn.pauseReading();
    };
    conn.pauseReading();
    server.take();
    const chunks = 20;
    for (let index = 0; index < chunks; index++) server.data(2, new Uint8Array(32 * KiB));
    expect(server.take()).toEqual(["PAUSE 2"]);
    let resumedAt = 0;
    while (received < chunks * 32 * KiB) {
      conn.resumeReading();
      if (resumedAt === 0 && server.take().includes("RESUME 2")) resumedAt = received;
    }
    expect(received).toBe(chunks * 32 * KiB);
    expect(chunks * 32 * KiB - resumedAt).toBeLessThan(256 * KiB);
    expect(server.session.budget.held).toBe(0);
  });

  it("tunnel 12: lets the peer of a slow reader on by rounds, which end without another word of ours", () => {
    let now = 0;
    const slow = new Scripted({ now: () => now });
    const conn = slow.session.dial("tcp", "a:1");
    let received = 0;
    conn.onData = (chunk) => {
      received += chunk.length;
      conn.pauseReading();
    };
    conn.pauseReading();
    for (let count = 0; count < 10; count++) slow.data(2, new Uint8Array(32 * KiB));
    slow.take();
    now = 2_000;
    while (received < 320 * KiB) conn.resumeReading();
    const [mark, end] = [2 ** 52, 2 ** 52 + 2];
    expect(slow.take()).toEqual([
      "DATA -2",
      "RESUME 2",
      ...Array.from({ length: 3 }, () => `DATA ${mark}`),
      "PAUSE 2",
      `DATA ${end}`,
    ]);
    // The next one is not asked for before this one has ended, and then at once: the reader waits.
    for (const id of [-2, mark, mark, mark]) slow.message(error, id, "connection not found");
    slow.data(2, new Uint8Array(32 * KiB));
    conn.resumeReading();
    expect(slow.take()).toEqual([]);
    slow.message(error, end, "connection not found");
    expect(slow.take()).toEqual(expect.arrayContaining(["RESUME 2", "PAUSE 2"]));
    conn.close();
    expect(slow.take()).toEqual(["RESUME 2", "ERROR 2 EOF"]);
    slow.message(error, end, "connection not found");
    expect(slow.take()).toEqual([]);
  });

  it("tunnel 13: sends no DATA on a stream that the peer paused, while others go on, and all of it after RESUME", () => {
    const one = server.session.dial("tcp", "a:1");
    const other = server.session.dial("tcp", "a:1");
    server.take();
    server.message(pause, one.id);
    one.write(Buffer.from("held back"));
    other.write(Buffer.from("goes on"));
    expect(server.take()).toEqual(["DATA 3 goes on"]);
    server.message(resume, one.id);
    expect(server.take()).toEqual(["DATA -2", "RESUME 2", "DATA 2 held back"]);
  });

  it("tunnel 14: answers the RESUME that ends a pause, and no other", () => {
    server.session.dial("tcp", "a:1");
    server.take();
    server.message(pause, 2);
    expect(server.take()).toEqual([]);
    server.message(resume, 2);
    server.message(resume, 2);
    expect(server.take()).toEqual(["DATA -2", "RESUME 2"]);
  });

  it("tunnel 14: a PAUSE that crosses our RESUME, which erases Go's mark of it, does not hold for ever; a later one holds", () => {
    const conn = server.session.dial("tcp", "a:1");
    server.message(pause, 2);
    server.message(resume, 2);
    server.message(pause, 2);
    server.take();
    conn.write(Buffer.from("held back"));
    expect(server.take()).toEqual([]);
    server.message(error, -2, "connection not found client/0/-2");
    expect(server.take()).toEqual(["DATA 2 held back"]);
    server.message(pause, 2);
    conn.write(Buffer.from("held"));
    expect(server.take()).toEqual([]);
  });

  it("tunnel 15: two of our own never ping-pong", () => {
    const queue: [Session, Uint8Array][] = [];
    let accepted: Conn | undefined;
    const agent: Session = new Session({
      send: (bytes) => queue.push([front, bytes]),
      onFatal: () => undefined,
      onConnect: (conn) => (accepted = conn),
    });
    const front: Session = new Session({
      send: (bytes) => queue.push([agent, bytes]),
      onFatal: () => undefined,
    });
    const run = (): number => {
      let delivered = 0;
      for (
        let next = queue.shift();
        next !== undefined && delivered < 1000;
        next = queue.shift(), delivered++
      ) {
        next[0].receive(next[1]);
      }
      return delivered;
    };
    const conn = front.dial("tcp", "a:1");
    run();
    accepted?.pauseReading();
    conn.write(new Uint8Array(400 * KiB));
    run();
    accepted?.resumeReading();
    expect(run()).toBeLessThan(20);
  });

  it("tunnel 16: re-asserts its pause against a spurious RESUME", () => {
    const conn = server.session.dial("tcp", "a:1");
    conn.pauseReading();
    server.data(2, new Uint8Array(300 * KiB));
    server.take();
    server.message(resume, 2);
    expect(server.take()).toEqual(["PAUSE 2"]);
  });

  it("tunnel 17: closes a stream beyond its cap, and only that one", () => {
    server = new Scripted({ limits: { maxUnread: 8 << 20 } });
    const greedy = server.session.dial("tcp", "a:1");
    const modest = listen(server.session.dial("tcp", "a:1"));
    const { closed } = listen(greedy);
    greedy.pauseReading();
    for (let index = 0; index < 9; index++) server.data(2, new Uint8Array(1024 * KiB));
    expect(closed).toEqual([{ kind: "error", text: "read buffer exceeded" }]);
    expect(server.take()).toContain("ERROR 2 read buffer exceeded");
    server.data(3, "fine");
    expect([modest.read(), modest.closed, server.fatal]).toEqual(["fine", [], []]);
    expect(server.session.budget.held).toBe(0);
  });

  it("tunnel 17: closes the fullest stream of all sessions when their shared budget is used up", () => {
    const budget = new Budget({ limit: 1024 * KiB });
    const [one, two] = [new Scripted({ budget }), new Scripted({ budget })];
    const small = one.session.dial("tcp", "a:1");
    const big = two.session.dial("tcp", "a:1");
    const [smallEnd, bigEnd] = [listen(small), listen(big)];
    small.pauseReading();
    big.pauseReading();
    one.data(2, new Uint8Array(300 * KiB));
    two.data(2, new Uint8Array(600 * KiB));
    one.data(2, new Uint8Array(200 * KiB));
    expect([smallEnd.closed, bigEnd.closed]).toEqual([
      [],
      [{ kind: "error", text: "buffer budget exceeded" }],
    ]);
    expect(budget.held).toBe(500 * KiB + 2 * chunkOverhead);
  });

  it("tunnel 17: a stream that its peer has closed gives up what a slow reader left, when the budget is used up", () => {
    const budget = new Budget({ limit: 1024 * KiB });
    const scripted = new Scripted({ budget });
    const left = stalled(scripted.session.dial("tcp", "a:1"));
    scripted.data(2, new Uint8Array(900 * KiB));
    scripted.message(error, 2, "EOF");
    expect(left.closed).toEqual([]);
    const other = stalled(scripted.session.dial("tcp", "a:1"));
    scripted.data(3, new Uint8Array(200 * KiB));
    expect([left.closed, other.closed]).toEqual([[{ kind: "error", text: "buffer budget exceeded" }], []]);
    expect(budget.held).toBe(200 * KiB + chunkOverhead);
  });

  it("tunnel 17: counts what a stream of single bytes costs, and delivers many of them in time", () => {
    const budget = new Budget({ limit: 8 << 20 });
    const scripted = new Scripted({ budget });
    const conn = scripted.session.dial("tcp", "a:1");
    const tiny = stalled(conn);
    for (let index = 0; index < 50_000; index++) scripted.data(2, "x");
    expect(budget.held).toBe(50_000 * (1 + chunkOverhead));
    conn.resumeReading();
    expect(tiny.read()).toHaveLength(50_000);
    conn.pauseReading();
    for (let index = 0; index < 70_000; index++) scripted.data(2, "x");
    expect(tiny.closed).toEqual([{ kind: "error", text: "buffer budget exceeded" }]);
  });

  it("closes a stream whose unsent bytes pass the cap, and reports room through onDrain before that", () => {
    const conn = server.session.dial("tcp", "a:1");
    const { closed } = listen(conn);
    let drained = 0;
    conn.onDrain = () => drained++;
    server.message(pause, 2);
    expect(conn.write(new Uint8Array(100 * KiB))).toBe(true);
    expect(conn.write(new Uint8Array(300 * KiB))).toBe(false);
    server.message(resume, 2);
    expect([drained, conn.unsentBytes]).toEqual([1, 0]);
    server.message(pause, 2);
    conn.write(new Uint8Array(9 * 1024 * KiB));
    expect(closed).toEqual([{ kind: "error", text: "write buffer exceeded" }]);
  });

  it("tunnel 20: SYNC closes what it listed before, spares a stream just opened once, and frees unknown ids", () => {
    const old = listen(server.session.dial("tcp", "a:1"));
    server.session.receive(encodeSync([2]));
    const fresh = listen(server.session.dial("tcp", "a:1"));
    server.take();
    server.session.receive(encodeSync([77]));
    expect(old.closed).toEqual([{ kind: "error", text: "sync from client" }]);
    expect(fresh.closed).toEqual([]);
    expect(server.take()).toEqual(["ERROR 77 EOF"]);
    server.session.receive(encodeSync([]));
    expect(fresh.closed).toEqual([{ kind: "error", text: "sync from client" }]);
  });

  it("tunnel 20: answers no id of a SYNC that a varint of 64 bits cannot hold", () => {
    const payload = new Uint8Array(16);
    payload.fill(0xff, 0, 8);
    payload[8] = 77;
    server.session.receive(encodeMessage(messageType.sync, 0, payload));
    expect(server.take()).toEqual(["ERROR 77 EOF"]);
  });

  it("tunnel 22: a lost session fails every stream at once and frees the buffers", () => {
    const conn = server.session.dial("tcp", "a:1");
    const { closed } = listen(conn);
    conn.pauseReading();
    server.data(2, new Uint8Array(100 * KiB));
    server.take();
    server.session.fail("tunnel disconnect");
    server.session.fail("again");
    expect(closed).toEqual([{ kind: "error", text: "tunnel disconnect" }]);
    expect([server.session.budget.held, server.session.stats.conns, server.take()]).toEqual([0, 0, []]);
  });

  it("tunnel 28: an agent refuses a stream that its authoriser refuses, and keeps the session", () => {
    const agent = new Scripted({ accept: (proto) => proto === "tcp" });
    agent.message(messageType.connect, 4, "udp/1.2.3.4:53");
    agent.message(messageType.connect, 5, "tcp/1.2.3.4:443");
    expect(agent.take()).toEqual(["ERROR 4 connect not allowed"]);
    expect(agent.incoming.map((conn) => [conn.id, conn.proto, conn.address])).toEqual([
      [5, "tcp", "1.2.3.4:443"],
    ]);
    expect(agent.fatal).toEqual([]);
  });

  it("tunnel 27: ignores ADDCLIENT and REMOVECLIENT", () => {
    server.message(messageType.addClient, 0, "c-abcde/77");
    server.message(messageType.removeClient, 0, "nonsense");
    expect([server.sent, server.fatal]).toEqual([[], []]);
  });

  it("probes with an empty DATA that no stream uses, and takes the ERROR as the answer", () => {
    server.session.probe();
    expect(server.take()).toEqual(["DATA 1"]);
    server.message(error, 1, "connection not found client/0/1");
    expect([server.fatal, server.take()]).toEqual([[], []]);
  });

  it("takes its streams in turn while the socket is full", () => {
    let buffered = 0;
    const order: number[] = [];
    const session = new Session({
      send: (bytes) => order.push(decodeMessage(bytes)?.connId ?? 0),
      onFatal: () => undefined,
      bufferedAmount: () => buffered,
    });
    const [one, two] = [session.dial("tcp", "a:1"), session.dial("tcp", "a:1")];
    order.length = 0;
    buffered = 2 << 20;
    one.write(new Uint8Array(96 * KiB));
    two.write(new Uint8Array(96 * KiB));
    expect(order).toEqual([]);
    buffered = 0;
    session.pump();
    expect(order).toEqual([2, 3, 2, 3, 2, 3]);
  });
});

describe("two sessions of ours", () => {
  it("tunnel 23, tunnel 24: carry ten streams of 10 MiB both ways unharmed and leave nothing behind", () => {
    const queue: [Session, Uint8Array][] = [];
    const agent: Session = new Session({
      send: (bytes) => queue.push([front, bytes]),
      onFatal: () => undefined,
      onConnect: (conn) => {
        conn.onData = (chunk) => void conn.write(chunk.slice());
      },
    });
    const front: Session = new Session({
      send: (bytes) => queue.push([agent, bytes]),
      onFatal: () => undefined,
    });
    const block = crypto.getRandomValues(new Uint8Array(64 * KiB));
    const total = 160 * block.length;
    const received = Array.from({ length: 10 }, () => 0);
    let damaged = 0;
    const conns = received.map((_, index) => {
      const conn = front.dial("tcp", "a:1");
      conn.onData = (chunk) => {
        for (let at = 0; at < chunk.length; at += 997) {
          if (chunk[at] !== block[((received[index] ?? 0) + at) % block.length]) damaged++;
        }
        received[index] = (received[index] ?? 0) + chunk.length;
      };
      return conn;
    });
    const drain = (): void => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) next[0].receive(next[1]);
    };
    for (let round = 0; round < 160; round++) {
      for (const conn of conns) conn.write(block);
      drain();
    }
    expect([received, damaged]).toEqual([received.map(() => total), 0]);
    for (const conn of conns) conn.close();
    drain();
    expect([front.stats.conns, agent.stats.conns, front.budget.held, agent.budget.held]).toEqual([
      0, 0, 0, 0,
    ]);
  });

  it("survive any bytes: only their own session ends", () => {
    for (let round = 0; round < 3_000; round++) {
      const session = new Session({
        send: () => undefined,
        onFatal: () => undefined,
        onConnect: () => undefined,
      });
      session.dial("tcp", "a:1").onClose = () => undefined;
      for (let index = 0; index < 5; index++) {
        const noise = crypto.getRandomValues(new Uint8Array(1 + (round % 30)));
        noise[0] = index;
        expect(() => session.receive(noise)).not.toThrow();
      }
    }
  });
});
