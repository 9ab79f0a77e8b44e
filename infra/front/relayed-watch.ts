/** One watch on a client's connection: first what workerd answers, then what the relay brings. */
import { LAST_CHUNK, WatchAnswer } from "./watch-answer.ts";
import type { WatchRelay } from "./watch-relay.ts";

/** The body has ended: the fan-out's word that it has taken the watch over comes on another connection. */
const TAKE_MS = 1000;
/** More may not wait for a client that reads too slowly (the fan-out's own limit). */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/** Watches of Drover's own objects. */
const WATCH =
  /^GET \/(?:apis?|k8s\/clusters\/local\/apis?)\/[^ ?]*\?(?:[^ ]*&)?watch=(?:1|t|T|true|TRUE|True)(?:&[^ ]*)? /;

/** By the beginning of a request head. */
export function asksToWatch(head: string): boolean {
  return WATCH.test(head);
}

export interface RelayedWatchOptions {
  readonly relay: WatchRelay;
  readonly send: (bytes: Buffer) => void;
  /** Sent and not yet taken by the client. */
  readonly waiting: () => number;
  readonly cut: () => void;
  /** Nothing more comes from workerd itself. */
  readonly onLive: () => void;
  /** The answer is whole, or is none that the relay has to do with. */
  readonly onDone: () => void;
}

export class RelayedWatch {
  readonly key: string;
  readonly #options: RelayedWatchOptions;
  readonly #answer = new WatchAnswer();
  /** What came through the relay before the body had ended. */
  #early: Buffer[] = [];
  #earlyBytes = 0;
  #taken = false;
  #ended = false;
  #live = false;
  /** Runs out when the body has ended and no fan-out has taken over: then that was all. */
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RelayedWatchOptions) {
    this.#options = options;
    this.key = options.relay.expect({
      taken: () => this.#take(),
      write: (chunk) => this.#write(chunk),
      end: () => this.#end(),
      cut: options.cut,
    });
  }

  /** Bytes from workerd. */
  take(chunk: Buffer): void {
    const bytes = this.#answer.take(chunk);
    if (bytes.length > 0) this.#options.send(bytes);
    if (this.#answer.state === "plain") this.#finish();
    else if (this.#answer.state === "begun") this.#begun();
  }

  /** The client has gone. */
  leave(): void {
    clearTimeout(this.#timer);
    this.#options.relay.forget(this.key);
  }

  #take(): void {
    this.#taken = true;
    if (this.#answer.state === "begun") this.#goLive();
  }

  #begun(): void {
    if (this.#taken) this.#goLive();
    else this.#timer ??= setTimeout(() => this.#complete(), TAKE_MS);
  }

  #goLive(): void {
    if (this.#live) return;
    clearTimeout(this.#timer);
    this.#live = true;
    this.#options.onLive();
    for (const chunk of this.#early) this.#options.send(chunk);
    this.#early = [];
    this.#earlyBytes = 0;
    if (this.#ended) this.#complete();
  }

  #write(chunk: Buffer): void {
    const { send, waiting, cut } = this.#options;
    if (this.#live) send(chunk);
    else {
      this.#early.push(chunk);
      this.#earlyBytes += chunk.length;
    }
    // It watches again from the last line that it got.
    if (this.#earlyBytes + waiting() > MAX_WAITING_BYTES) cut();
  }

  #end(): void {
    this.#ended = true;
    if (this.#live) this.#complete();
  }

  #complete(): void {
    this.#options.send(LAST_CHUNK);
    this.#finish();
  }

  #finish(): void {
    clearTimeout(this.#timer);
    this.#options.relay.forget(this.key);
    this.#options.onDone();
  }
}
