/** One client's stream: what waits for it, and how it ends. */
import type { WatchContext } from "../../schema/internal/watch.ts";
import type { RelayLink } from "./relay-link.ts";
import type { Selection } from "./selection.ts";
import { bookmarkLine, expiredLine } from "./watch-lines.ts";

export interface WatcherOptions {
  readonly selection: Selection;
  readonly watch: Pick<WatchContext, "after" | "apiVersion" | "kind" | "sealedToo" | "bookmarks" | "grant">;
  /** Epoch milliseconds. */
  readonly endsAt: number;
  /** More may not wait for a client that reads too slowly. */
  readonly maxWaitingBytes: number;
  /** Over which it may go on once it has joined, under the key that the front knows it by. */
  readonly relay?: { readonly link: RelayLink; readonly key: string };
  /** Once, however it ends. */
  readonly onEnded: (watcher: Watcher) => void;
}

/** Handed to the stream at a time. What a client that has gone silent may keep of a watch that is over. */
const handedBytes = 16_384;

export class Watcher {
  readonly selection: Selection;
  readonly sealedToo: boolean;
  readonly endsAt: number;
  /** By whose rights it watches. */
  readonly grant: string | undefined;
  readonly stream: ReadableStream<Uint8Array>;
  /** The revision that it was opened at. */
  readonly begunAt: number;
  /** All that it selects up to here was written. Moved while it catches up; once joined, it goes with its feed. */
  at: number;
  /** Epoch milliseconds; `Infinity` without bookmarks. */
  bookmarkAt = Infinity;
  readonly wantsBookmarks: boolean;
  readonly #watch: WatcherOptions["watch"];
  readonly #maxWaitingBytes: number;
  readonly #onEnded: WatcherOptions["onEnded"];
  readonly #relay: WatcherOptions["relay"];
  /** On the link: the front writes its lines, and its stream ends with what it has. */
  #relayId: number | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** Ours and not the stream's: what a stream holds, only an error could take away from it again. */
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #state: "open" | "finishing" | "ended" = "open";
  /** Of `drained`. */
  #wake: (() => void) | undefined;

  constructor({ selection, watch, endsAt, maxWaitingBytes, relay, onEnded }: WatcherOptions) {
    this.selection = selection;
    this.sealedToo = watch.sealedToo;
    this.wantsBookmarks = watch.bookmarks;
    this.endsAt = endsAt;
    this.grant = watch.grant;
    this.at = watch.after;
    this.begunAt = watch.after;
    this.#watch = watch;
    this.#maxWaitingBytes = maxWaitingBytes;
    this.#relay = relay;
    this.#onEnded = onEnded;
    // Not a stream of bytes: such a one would take the lines, which all watchers share, away from the others.
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#pulled(),
        cancel: () => this.gone(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: handedBytes }),
    );
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Its id on the link, where the front writes its lines. */
  get relayId(): number | undefined {
    return this.#state === "open" ? this.#relayId : undefined;
  }

  /** Bytes that were written and not yet taken by the runtime, which holds a little more. */
  get waiting(): number {
    if (this.#state === "ended" || this.#relayId !== undefined) return 0;
    return this.#queuedBytes + handedBytes - (this.#controller?.desiredSize ?? handedBytes);
  }

  write(line: Uint8Array): void {
    if (this.#state !== "open" || line.byteLength === 0) return;
    if (this.#relayId !== undefined) {
      this.#relay?.link.write([this.#relayId], line);
      return;
    }
    this.#queue.push(line);
    this.#queuedBytes += line.byteLength;
    this.#hand();
  }

  /** It has joined: from here on the front may write its lines. */
  join(): void {
    if (this.#relay?.link.isOpen !== true || this.#state !== "open") return;
    this.#relayId = this.#relay.link.take(this.#relay.key);
    this.#hand();
  }

  /** To be called after live events only: one who catches up waits for `drained` instead. */
  cutIfSlow(): void {
    if (this.waiting > this.#maxWaitingBytes) this.cut();
  }

  /** Resolves when no more than `bytes` wait, or it has ended. */
  async drained(bytes: number): Promise<void> {
    while (this.#state === "open" && this.waiting > bytes)
      await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  bookmark(revision: number): void {
    this.write(bookmarkLine(this.#watch, revision));
  }

  expire(compacted: number): void {
    this.write(expiredLine(this.at, compacted));
    this.finish();
  }

  /** Writes nothing more, and ends when what was written is read. */
  finish(): void {
    if (this.#state !== "open") return;
    if (this.#relayId !== undefined) {
      this.leave();
      return;
    }
    this.#state = "finishing";
    this.#wake?.();
    this.#hand();
  }

  /** Drops what waits and ends, after a whole line: the client watches again from the last one that it got. */
  cut(): void {
    if (this.#state === "ended") return;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#close();
  }

  /** The request has ended: the client has gone, unless the front goes on with it. */
  gone(): void {
    if (this.#relayId === undefined) this.leave();
  }

  /** The client has gone. */
  leave(): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    if (this.#relayId !== undefined) this.#relay?.link.end(this.#relayId);
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#wake?.();
    this.#onEnded(this);
  }

  #pulled(): void {
    this.#hand();
    this.#wake?.();
  }

  #hand(): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    while ((controller.desiredSize ?? 0) > 0) {
      const line = this.#queue.shift();
      if (line === undefined) break;
      this.#queuedBytes -= line.byteLength;
      // It may ask for more at once, and come back here.
      controller.enqueue(line);
    }
    if (this.#queue.length > 0) return;
    if (this.#state === "finishing") this.#close();
    else if (this.#relayId !== undefined) this.#closeStream();
  }

  #close(): void {
    this.#closeStream();
    this.leave();
  }

  #closeStream(): void {
    try {
      this.#controller?.close();
    } catch {
      // The runtime has closed it already.
    }
  }
}
