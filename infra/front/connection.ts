/**
 * One client connection: request heads are checked and rewritten, everything else is spliced to workerd's unix socket
 * and back, byte for byte.
 */
import type { Socket } from "node:net";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { ChunkedBody } from "./chunked-body.ts";
import { ClientReader } from "./client-reader.ts";
import type { Allowance } from "./client-reader.ts";
import type { Gate } from "./gate.ts";
import { refusal, unavailable } from "./refusal.ts";
import { RelayedWatch, asksToWatch } from "./relayed-watch.ts";
import type { Turnstile } from "./turnstile.ts";
import type { WatchRelay } from "./watch-relay.ts";
import { MAX_HEAD_BYTES, MAX_TARGET_BYTES, rewriteHead } from "./request-head.ts";
import { switchedToSpdy, wrapSpdy } from "./spdy-head.ts";
import { WrappedStream } from "./wrapped-stream.ts";

export interface ConnectionOptions {
  /** workerd's socket. */
  readonly backendPath: string;
  readonly gate: Gate;
  /** How long a request head may take to arrive. */
  readonly headMs: number;
  /** How long a new connection waits for workerd. */
  readonly holdMs: number;
  /** Without it, watches are answered by workerd to their end. */
  readonly relay?: WatchRelay | undefined;
  /** For agents that connect: after a restart, all of them come at once. */
  readonly agents: Turnstile;
  /** For clients that are held: what they may send nevertheless, together. */
  readonly ahead: Allowance;
}

const AGENT = /^GET \/v3\/connect(?:\/register)?[ ?]/;
const HEAD_END = "\r\n\r\n";
const SWITCHING = "HTTP/1.1 101 ";
const RETRY_MS = 25;
/** How long a refused client may go on sending before the connection is cut: enough to read the answer. */
const LINGER_MS = 1000;

/** What the next bytes from the client are. */
type Phase =
  | { readonly kind: "head" }
  | { readonly kind: "length"; left: number }
  | { readonly kind: "chunked"; readonly body: ChunkedBody }
  /** An upgrade was asked for; whether it is granted shows in the first bytes of the response. */
  | { readonly kind: "upgrading"; answer: string }
  | { readonly kind: "tunnel" }
  /** As "upgrading", with an answer that is not passed on as it is: the client asked for SPDY. */
  | { readonly kind: "wrapping"; answer: Buffer }
  | { readonly kind: "wrapped"; readonly stream: WrappedStream }
  | { readonly kind: "closing" };

const HEAD: Phase = { kind: "head" };

/** Serves a client until either side leaves. */
export function serveClient(client: Socket, clientIp: string, options: ConnectionOptions): void {
  const connection = new FrontConnection(client, clientIp, options);
  connection.start();
}

class FrontConnection {
  readonly #client: Socket;
  readonly #reader: ClientReader;
  readonly #options: ConnectionOptions;
  /** Header lines we add to every request. */
  readonly #ours: string;
  #phase: Phase = HEAD;
  /** Bytes of the client that cannot be handled yet: an unfinished head, or whatever waits for workerd. */
  #held: Buffer = Buffer.alloc(0);
  #headTimer: NodeJS.Timeout | undefined;
  #backend: Socket | undefined;
  /** Waiting for a connection to workerd. */
  #connecting = false;
  /** The backend connection has carried a request already. */
  #used = false;
  /** While it is answered; what the client asks meanwhile waits. */
  #watch: RelayedWatch | undefined;
  /** Gives back the place of an agent that connects. */
  #leavePlace: (() => void) | undefined;

  constructor(client: Socket, clientIp: string, options: ConnectionOptions) {
    this.#client = client;
    this.#options = options;
    this.#reader = new ClientReader(client, options.ahead, (chunk) => this.#onClientData(chunk));
    this.#ours = `x-drover-client-ip: ${clientIp}\r\nx-drover-proto: https\r\n`;
  }

  start(): void {
    this.#startHeadTimer();
    this.#client
      .on("drain", () => this.#backend?.resume())
      .on("error", () => this.#client.destroy())
      // A client that has gone, even in an orderly way, must be seen by workerd at once: that is how a silent watch ends.
      .on("end", () => this.#leave())
      .on("close", () => this.#leave());
  }

  #leave(): void {
    this.#phase = { kind: "closing" };
    this.#stopHeadTimer();
    this.#watch?.leave();
    this.#leavePlace?.();
    this.#backend?.destroy();
    this.#reader.discard();
    this.#client.destroySoon();
  }

  #onClientData(chunk: Buffer): void {
    if (this.#phase.kind === "closing") return;
    if (this.#held.length === 0) {
      this.#consume(chunk);
      return;
    }
    const held = Buffer.concat([this.#held, chunk]);
    const searched = this.#held.length;
    this.#held = EMPTY;
    this.#consume(held, searched);
  }

  /** Handles bytes of the client; `searched` of them are known to hold no end of a head. */
  #consume(chunk: Buffer, searched = 0): void {
    let at = 0;
    while (at < chunk.length) {
      const { kind } = this.#phase;
      if (this.#connecting || kind === "upgrading" || kind === "wrapping" || this.#watch !== undefined) {
        this.#hold(chunk.subarray(at));
        return;
      }
      const next =
        this.#phase.kind === "head" ? this.#head(chunk, at, searched) : this.#body(chunk, at, this.#phase);
      if (next === undefined) return;
      at = next;
    }
  }

  #hold(rest: Buffer): void {
    this.#held = rest;
    if (this.#watch !== undefined && !this.#connecting) {
      // Not paused: that it leaves must be seen. Nobody asks for much behind a watch, which may last for hours.
      if (rest.length > MAX_HEAD_BYTES) this.#client.destroy();
      return;
    }
    // A head is bounded; anything else must not pile up while we wait.
    if (this.#phase.kind !== "head" || this.#connecting) this.#reader.pause();
  }

  /** One request head from `at`; returns the offset behind it, or `undefined` when the connection has to wait or end. */
  #head(chunk: Buffer, at: number, searched: number): number | undefined {
    const end = chunk.indexOf(HEAD_END, Math.max(at, searched - HEAD_END.length + 1), "latin1");
    const size = (end === -1 ? chunk.length : end + HEAD_END.length) - at;
    if (size > MAX_HEAD_BYTES) {
      const lineEnd = chunk.indexOf("\r\n", at, "latin1");
      const longTarget = lineEnd === -1 || lineEnd - at > MAX_TARGET_BYTES;
      this.#refuse(
        longTarget ? 414 : 431,
        longTarget ? "request target too long" : "request headers too large",
      );
      return undefined;
    }
    if (end === -1) {
      this.#startHeadTimer();
      this.#hold(chunk.subarray(at));
      return undefined;
    }
    this.#stopHeadTimer();
    const asked = chunk.toString("latin1", at, at + size);
    const watch = asksToWatch(asked) ? this.#newWatch() : undefined;
    const ours = watch === undefined ? this.#ours : `${this.#ours}x-drover-relay: ${watch.key}\r\n`;
    const result = rewriteHead(asked, ours);
    if (!result.ok || result.head.upgrade || result.head.body.kind !== "none") watch?.leave();
    else this.#watch = watch;
    if (!result.ok) {
      this.#refuse(result.status, result.reason);
      return undefined;
    }
    const { text, body, upgrade } = result.head;
    // On a connection of its own, the first bytes that come back are certainly the answer to the upgrade. Responses are
    // not parsed, so on a used one a body that spells "101" could open the tunnel.
    if (upgrade && this.#used) this.#dropBackend();
    this.#used = true;
    const wrapped = upgrade ? wrapSpdy(text) : undefined;
    if (wrapped !== undefined) this.#phase = { kind: "wrapping", answer: EMPTY };
    else if (upgrade) this.#phase = { kind: "upgrading", answer: "" };
    else if (body.kind === "length") this.#phase = { kind: "length", left: body.bytes };
    else if (body.kind === "chunked") this.#phase = { kind: "chunked", body: new ChunkedBody() };
    const bytes = Buffer.from(wrapped ?? text, "latin1");
    if (upgrade && AGENT.test(text)) this.#connectAgent(bytes);
    else this.#toBackend(bytes);
    return at + size;
  }

  #connectAgent(head: Buffer): void {
    this.#options.agents.wait(
      () => this.#phase.kind === "closing",
      (leave) => {
        this.#leavePlace = leave;
        this.#toBackend(head);
      },
    );
  }

  /** Bytes of a body or a tunnel from `at`. */
  #body(chunk: Buffer, at: number, phase: Phase): number | undefined {
    switch (phase.kind) {
      case "length": {
        const end = Math.min(chunk.length, at + phase.left);
        phase.left -= end - at;
        if (phase.left === 0) this.#phase = HEAD;
        this.#toBackend(chunk.subarray(at, end));
        return end;
      }
      case "chunked": {
        const part = phase.body.follow(chunk, at);
        if (part === undefined) {
          this.#backend?.destroy();
          this.#refuse(400, "malformed chunked body");
          return undefined;
        }
        if (part.done) this.#phase = HEAD;
        this.#toBackend(chunk.subarray(at, part.end));
        return part.end;
      }
      case "tunnel":
        this.#toBackend(at === 0 ? chunk : chunk.subarray(at));
        return chunk.length;
      case "wrapped":
        phase.stream.fromClient(chunk.subarray(at));
        if (phase.stream.isFull) this.#reader.pause();
        return chunk.length;
      case "head":
      case "upgrading":
      case "wrapping":
      case "closing":
        return undefined;
      default:
        return phase satisfies never;
    }
  }

  #toBackend(bytes: Buffer): void {
    if (this.#backend === undefined) void this.#connect(bytes);
    // workerd takes whatever a WebSocket brings: what agents and shells send waits for it alone, and not for long.
    else if (!this.#backend.write(bytes)) this.#reader.pause(this.#phase.kind !== "tunnel");
  }

  /** Connects to workerd, sends `first`, then goes on with what was held meanwhile. */
  async #connect(first: Buffer): Promise<void> {
    this.#connecting = true;
    const backend = await this.#openBackend();
    this.#connecting = false;
    if (this.#phase.kind === "closing") {
      backend?.destroy();
      return;
    }
    if (backend === undefined) {
      // What waits is a head, unless workerd died in the middle of a body.
      this.#answer(unavailable(first.toString("latin1", 0, MAX_TARGET_BYTES)));
      return;
    }
    this.#backend = backend;
    backend
      .on("data", (chunk: Buffer) => this.#onBackendData(chunk, backend))
      .on("drain", () => this.#resumeClient())
      .on("close", () => {
        if (this.#backend === backend) this.#backendLeft();
      });
    this.#reader.resume();
    this.#toBackend(first);
    this.#consumeHeld();
  }

  /**
   * workerd ends a connection when it has answered in the middle of a body (413). Who sends still must be heard out for a
   * moment: on a connection that is reset the answer is lost.
   */
  #backendLeft(): void {
    if (this.#phase.kind === "length" || this.#phase.kind === "chunked") this.#answer("");
    else this.#leave();
  }

  /** Retries while workerd is away; `undefined` when it did not come back in time. */
  async #openBackend(): Promise<Socket | undefined> {
    const { backendPath, gate, holdMs } = this.#options;
    for (const deadline = Date.now() + holdMs; ; await sleep(RETRY_MS)) {
      if (!gate.isOpen && !(await gate.passed(deadline - Date.now()))) return undefined;
      const socket = await connectUnix(backendPath);
      if (socket !== undefined || Date.now() > deadline || this.#phase.kind === "closing") return socket;
    }
  }

  #resumeClient(): void {
    if (this.#phase.kind !== "wrapped" || !this.#phase.stream.isFull) this.#reader.resume();
  }

  #onBackendData(chunk: Buffer, backend: Socket): void {
    if (this.#phase.kind === "wrapped") return this.#phase.stream.fromBackend(chunk);
    if (this.#phase.kind === "wrapping") return this.#watchWrapping(this.#phase, chunk, backend);
    if (this.#phase.kind === "upgrading") this.#watchUpgrade(this.#phase, chunk);
    if (this.#watch === undefined) this.#toClient(chunk, backend);
    else {
      this.#watch.take(chunk);
      if (this.#client.writableNeedDrain) backend.pause();
    }
  }

  #toClient(bytes: Uint8Array, backend: Socket): void {
    if (!this.#client.write(bytes)) backend.pause();
  }

  /** Until the head of the answer is whole: 101 becomes one to SPDY; any other answer is the client's as it is. */
  #watchWrapping(phase: Phase & { kind: "wrapping" }, chunk: Buffer, backend: Socket): void {
    const answer = (phase.answer = Buffer.concat([phase.answer, chunk]));
    const end = answer.indexOf(HEAD_END, 0, "latin1");
    if (end === -1 && answer.length <= MAX_HEAD_BYTES) return;
    const head = answer.toString("latin1", 0, end === -1 ? 0 : end);
    if (head.startsWith(SWITCHING)) {
      this.#client.write(switchedToSpdy(head));
      const stream = new WrappedStream({
        toClient: (bytes) => this.#toClient(bytes, backend),
        toBackend: (bytes) => void (backend.write(bytes) || this.#reader.pause()),
        onRoom: () => this.#resumeClient(),
        onEnd: () => this.#leave(),
      });
      this.#phase = { kind: "wrapped", stream };
      stream.fromBackend(answer.subarray(end + HEAD_END.length));
    } else {
      this.#phase = HEAD;
      this.#toClient(answer, backend);
    }
    this.#reader.resume();
    this.#consumeHeld();
  }

  #newWatch(): RelayedWatch | undefined {
    const client = this.#client;
    const { relay } = this.#options;
    if (relay === undefined) return undefined;
    return new RelayedWatch({
      relay,
      send: (bytes) => void client.write(bytes),
      waiting: () => client.writableLength,
      cut: () => client.destroy(),
      onLive: () => {
        this.#dropBackend();
        this.#used = false;
      },
      onDone: () => {
        this.#watch = undefined;
        this.#consumeHeld();
      },
    });
  }

  #watchUpgrade(phase: Phase & { kind: "upgrading" }, chunk: Buffer): void {
    phase.answer += chunk.toString("latin1", 0, SWITCHING.length - phase.answer.length);
    if (phase.answer.length < SWITCHING.length) return;
    this.#leavePlace?.();
    this.#phase = phase.answer === SWITCHING ? { kind: "tunnel" } : HEAD;
    this.#reader.resume();
    this.#consumeHeld();
  }

  #consumeHeld(): void {
    const held = this.#held;
    this.#held = EMPTY;
    this.#consume(held);
  }

  #dropBackend(): void {
    const backend = this.#backend;
    this.#backend = undefined;
    backend?.destroy();
  }

  #refuse(status: number, reason: string): void {
    this.#answer(refusal(status, reason));
  }

  /** Answers for ourselves and ends the connection, in a way that lets the client read the answer. */
  #answer(response: string): void {
    this.#phase = { kind: "closing" };
    this.#stopHeadTimer();
    this.#leavePlace?.();
    this.#held = EMPTY;
    this.#dropBackend();
    this.#reader.discard();
    this.#client.end(response);
    setTimeout(() => this.#client.destroy(), LINGER_MS).unref();
  }

  #startHeadTimer(): void {
    this.#headTimer ??= setTimeout(() => this.#client.destroy(), this.#options.headMs);
  }

  #stopHeadTimer(): void {
    clearTimeout(this.#headTimer);
    this.#headTimer = undefined;
  }
}

const EMPTY = Buffer.alloc(0);

function connectUnix(path: string): Promise<Socket | undefined> {
  const { promise, resolve } = Promise.withResolvers<Socket | undefined>();
  const socket = connect({ path });
  /* oxlint-disable no-underscore-dangle -- that is what streams call it */
  const write = socket._write.bind(socket);
  // When workerd has answered and closed, a write fails; but the answer is there still to be read, and the end comes with it.
  socket._write = (chunk, encoding, callback) => write(chunk, encoding, () => callback());
  /* oxlint-enable no-underscore-dangle */
  socket.once("connect", () => resolve(socket));
  // Later errors end in `close`, which is all we need to know.
  socket.on("error", () => resolve(undefined));
  return promise;
}
