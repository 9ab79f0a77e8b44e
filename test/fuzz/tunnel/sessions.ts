/**
 * Malformed remotedialer messages into a session of either role. Beside the streams that they hit runs one that nobody
 * touches: it must not lose a byte, and only what tunnel.md 1.10 names may end the session.
 */
import {
  decodeMessage,
  decodeSync,
  encodeMessage,
  encodeSync,
  messageType,
} from "../../../wire/remotedialer/codec.ts";
import { AnnouncedClients } from "../../../wire/remotedialer/clients.ts";
import type { Conn } from "../../../wire/remotedialer/conn.ts";
import { Budget } from "../../../wire/remotedialer/limits.ts";
import { Session } from "../../../wire/remotedialer/session.ts";
import { damaged } from "./noise.ts";
import type { Random } from "./random.ts";
import { messagesPerEpisode, must, mustNotThrow } from "./target.ts";
import type { FuzzTarget } from "./target.ts";

/** Small, so that a hundred messages reach them. */
const limits = { pauseAbove: 2_048, maxUnread: 16_384, maxUnsent: 16_384, writeHighWater: 1_024 };
const budgetBytes = 40_000;
const maxSyncBytes = 8 * 65_536;
const decoder = new TextDecoder();

export const sessions: FuzzTarget = {
  name: "session",
  share: 0.4,
  episode(random) {
    const role = random.pick(["server", "agent", "peer"] as const);
    let subject = new Subject(random, role);
    for (let sent = 0; sent < messagesPerEpisode; sent++) {
      if (subject.ended) subject = new Subject(random, role);
      subject.use();
      subject.hit(message(random, subject));
    }
    subject.finish();
    return messagesPerEpisode;
  },
};

/** A peer is a server that is told of clients. */
type Role = "server" | "agent" | "peer";

class Subject {
  readonly session: Session;
  readonly guardId: number;
  ended = false;
  readonly #random: Random;
  readonly #role: Role;
  readonly #clients = new AnnouncedClients();
  readonly #budget = new Budget({ limit: budgetBytes });
  readonly #conns: Conn[] = [];
  #guard: Conn | undefined;
  #guardEnd: string | undefined;
  #guardGot: Uint8Array | undefined;
  #sent: Uint8Array[] = [];
  #fatal: string | undefined;

  constructor(random: Random, role: Role) {
    this.#random = random;
    this.#role = role;
    this.session = new Session({
      send: (bytes) => void this.#sent.push(bytes),
      onFatal: (reason) => (this.#fatal = reason),
      limits,
      budget: this.#budget,
      ...(role === "peer"
        ? {
            onClient: (change, clientKey, sessionKey) =>
              this.#clients[change === "added" ? "add" : "remove"]({ clientKey, sessionKey }),
          }
        : {}),
      ...(role !== "agent" ? { connIdBase: random.pick([1, 1_000, 1.79e15]) } : {}),
      ...(role === "agent" ? { onConnect: (conn: Conn) => this.#take(conn) } : {}),
    });
    if (role !== "agent") {
      this.#watch(this.session.dial("tcp", "guard:1"));
      for (let dials = random.int(4); dials > 0; dials--) this.#take(this.session.dial("tcp", "other:1"));
    } else
      this.session.receive(encodeMessage(messageType.connect, 7, new TextEncoder().encode("tcp/guard:1")));
    must(this.#guard !== undefined, "the stream beside the noise did not open");
    this.guardId = this.#guard.id;
  }

  get ids(): readonly number[] {
    return this.#conns.map(({ id }) => id);
  }

  #take(conn: Conn): void {
    if (conn.address === "guard:1" && this.#guard === undefined) this.#watch(conn);
    else this.#conns.push(conn);
  }

  #watch(conn: Conn): void {
    this.#guard = conn;
    conn.onData = (chunk) => (this.#guardGot = chunk.slice());
    conn.onClose = (reason) => (this.#guardEnd = reason.kind === "eof" ? "EOF" : reason.text);
  }

  /** What a host does with the other streams meanwhile. */
  use(): void {
    const conn = this.#conns.length === 0 ? undefined : this.#random.pick(this.#conns);
    if (conn === undefined) return;
    mustNotThrow("a stream", () => {
      const act = this.#random.int(8);
      if (act === 0) conn.pauseReading();
      else if (act === 1) conn.resumeReading();
      else if (act === 2) conn.write(this.#random.bytes(this.#random.length(4_000)));
      else if (act === 3 && this.#random.oneIn(4)) conn.close();
      else if (act === 4 && this.#random.oneIn(8)) conn.abort("gone");
    });
  }

  hit(bytes: Uint8Array): void {
    const fatal = isFatal(bytes, this.#role);
    this.#sent = [];
    mustNotThrow("receive", () => this.session.receive(bytes));
    for (const answer of this.#sent) must(decodeMessage(answer) !== undefined, "a malformed answer");
    must(this.#budget.held <= budgetBytes, "more is held than the budget");
    must((this.#fatal !== undefined) === fatal, `${fatal ? "should" : "should not"} end the session`);
    if (fatal) this.#over();
    else this.#checkGuard();
  }

  /** Both ways, byte for byte. */
  #checkGuard(): void {
    must(this.#guardEnd === undefined, `the stream beside the noise ended: ${this.#guardEnd}`);
    const payload = this.#random.bytes(1 + this.#random.int(64));
    this.#guardGot = undefined;
    this.session.receive(encodeMessage(messageType.data, this.guardId, payload));
    must(same(this.#guardGot, payload), "the stream beside the noise got other bytes");
    this.#sent = [];
    this.#guard?.write(payload);
    const [only, ...more] = this.#sent.map(decodeMessage);
    must(
      more.length === 0 &&
        only?.type === messageType.data &&
        only.connId === this.guardId &&
        same(only.payload, payload),
      "the stream beside the noise sent something else",
    );
  }

  #over(): void {
    this.ended = true;
    must(this.#guardEnd !== undefined, "a stream was not told of the end");
    must(this.session.stats.conns === 0, "streams are left behind");
    for (const conn of this.#conns) conn.resumeReading();
    must(this.#budget.held === 0, `${this.#budget.held} bytes are held after the end`);
  }

  finish(): void {
    if (this.ended) return;
    this.session.fail("finished");
    this.#over();
  }
}

function message(random: Random, subject: Subject): Uint8Array {
  const bytes = random.oneIn(10)
    ? random.bytes(random.length(64))
    : random.oneIn(3)
      ? damaged(random, wellFormed(random, subject))
      : wellFormed(random, subject);
  return sparing(bytes, subject.guardId);
}

function wellFormed(random: Random, { ids, guardId }: Subject): Uint8Array {
  const type = random.pick([1, 1, 1, 2, 3, 4, 5, 6, 6, 7, 7, 8, 0, 9, 100, -1, Number.MAX_SAFE_INTEGER]);
  const near = [0, 1, 2, -guardId, guardId + 1, guardId - 1, 2 ** 31, -(2 ** 31), Number.MAX_SAFE_INTEGER];
  const id = ids.length > 0 && !random.oneIn(4) ? random.pick(ids) : random.pick(near);
  if (type === messageType.sync)
    return encodeSync([...ids.filter(() => !random.oneIn(3)), guardId].map(Math.abs));
  if ((type === messageType.addClient || type === messageType.removeClient) && !random.oneIn(4))
    return encodeMessage(
      type,
      0,
      new TextEncoder().encode(random.pick(["c-a/1", "c-a/2", "stv-cluster-c-a/-3", "/4", "c-b/", "c-b"])),
    );
  if (type === messageType.connect && !random.oneIn(4))
    return encodeMessage(
      type,
      random.int(50) + 8,
      new TextEncoder().encode(random.pick(["tcp/a:1", "/", "unix//x", "a/b/c"])),
    );
  return encodeMessage(type, id, random.bytes(random.length(4_000)));
}

/** Noise does not name the stream beside it: its own peer may of course end it. */
function sparing(bytes: Uint8Array, guardId: number): Uint8Array {
  const decoded = decodeMessage(bytes);
  if (decoded === undefined) return bytes;
  if (decoded.connId === guardId) return encodeMessage(decoded.type, guardId + 1, decoded.payload);
  const listed = decoded.type === messageType.sync ? decodeSync(decoded.payload) : undefined;
  return listed === undefined || listed.includes(guardId)
    ? bytes
    : encodeSync([...listed.filter(Number.isSafeInteger), guardId]);
}

/** tunnel.md 1.10, first column, but for a refused CONNECT: ours refuses the stream alone. */
function isFatal(bytes: Uint8Array, role: Role): boolean {
  const decoded = decodeMessage(bytes);
  if (decoded === undefined) return true;
  const { type, payload } = decoded;
  if (type === messageType.connect) return !decoder.decode(payload.subarray(0, 266)).includes("/");
  if (role === "peer" && (type === messageType.addClient || type === messageType.removeClient))
    return !/^[^/]*\/[+-]?\d{1,18}$/.test(decoder.decode(payload.subarray(0, 100)));
  return type === messageType.sync && (payload.length % 8 !== 0 || payload.length > maxSyncBytes);
}

function same(one: Uint8Array | undefined, other: Uint8Array): boolean {
  return one !== undefined && one.length === other.length && one.every((byte, at) => byte === other[at]);
}
