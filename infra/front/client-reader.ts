/**
 * Reads a client, with a brake. The end of a TCP connection stands behind what was sent before, so of a client that is not
 * read from one cannot see that it is gone. Therefore one that is held for more than a moment is read on, up to a limit, and
 * what comes waits here. A client that has sent more than that is seen to go when its upload goes on.
 */
import type { Socket } from "node:net";
import process from "node:process";

/** A pause that lasts longer is none of an upload's usual ones. */
const HELD_MS = 200;
/** Of one client. A kube-apiserver takes 3 MiB of a request: what is larger goes to a pod, or is refused. */
const AHEAD_BYTES = 8 << 20;
const AHEAD_BYTES_OF_ALL = 64 << 20;

/** What all clients of a front may have waiting. */
export class Allowance {
  #left: number;

  constructor(bytes = AHEAD_BYTES_OF_ALL) {
    this.#left = bytes;
  }

  /** Whether some is left, for the next read. */
  get any(): boolean {
    return this.#left > 0;
  }

  take(bytes: number): void {
    this.#left -= bytes;
  }

  giveBack(bytes: number): void {
    this.#left += bytes;
  }
}

export class ClientReader {
  readonly #client: Socket;
  readonly #allowance: Allowance;
  readonly #take: (chunk: Buffer) => void;
  /** Read ahead, in the order in which it came. */
  readonly #ahead: Buffer[] = [];
  #aheadBytes = 0;
  #held = false;
  #readOn = true;
  /** When it began to be held, by `performance.now()`. */
  #heldSince = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `take` may call `pause`; nothing more comes then until `resume`. */
  constructor(client: Socket, allowance: Allowance, take: (chunk: Buffer) => void) {
    this.#client = client;
    this.#allowance = allowance;
    this.#take = take;
    client.on("data", (chunk: Buffer) => this.#onData(chunk)).on("close", () => this.discard());
  }

  /** `readOn`: it may be for long. */
  pause(readOn = true): void {
    if (this.#held) return;
    this.#held = true;
    this.#readOn = readOn;
    this.#client.pause();
    if (!readOn) return;
    this.#heldSince = performance.now();
    // Uploads are held and let go many times a second: one timer sees to all of them.
    this.#timer ??= setTimeout(() => this.#look(), HELD_MS);
  }

  /** Not before the caller has returned: what came earlier may be his to handle first. */
  resume(): void {
    if (!this.#held) return;
    this.#held = false;
    if (this.#ahead.length === 0) this.#client.resume();
    else process.nextTick(() => this.#deliver());
  }

  /** Nobody wants what waits, or comes still: it is read and thrown away. */
  discard(): void {
    clearTimeout(this.#timer);
    this.#ahead.length = 0;
    this.#allowance.giveBack(this.#aheadBytes);
    this.#aheadBytes = 0;
    this.#held = false;
    this.#client.resume();
  }

  #onData(chunk: Buffer): void {
    if (!this.#held && this.#ahead.length === 0) return this.#take(chunk);
    this.#ahead.push(chunk);
    this.#aheadBytes += chunk.length;
    this.#allowance.take(chunk.length);
    if (!this.#mayReadOn) this.#client.pause();
  }

  get #mayReadOn(): boolean {
    return this.#aheadBytes < AHEAD_BYTES && this.#allowance.any;
  }

  #look(): void {
    this.#timer = undefined;
    if (!this.#held || !this.#readOn) return;
    const left = this.#heldSince + HELD_MS - performance.now();
    if (left > 0) this.#timer = setTimeout(() => this.#look(), left);
    else if (this.#mayReadOn) this.#client.resume();
  }

  #deliver(): void {
    while (!this.#held) {
      const chunk = this.#ahead.shift();
      if (chunk === undefined) return void this.#client.resume();
      this.#aheadBytes -= chunk.length;
      this.#allowance.giveBack(chunk.length);
      this.#take(chunk);
    }
  }
}
