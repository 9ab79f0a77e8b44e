/**
 * Push parser of one HTTP/1.1 response: feed it bytes as they come. Interim answers (1xx) are skipped, 101 ends HTTP.
 * Body chunks are views of what was fed. After `onEnd` or `onError` nothing more is called.
 */
import { ByteBuffer } from "../byte-buffer.ts";
import { ChunkedDecoder } from "./chunked.ts";
import { framingOf, keepsAlive, parseResponseHead } from "./head.ts";
import type { Framing, ResponseHead } from "./head.ts";

export interface ResponseEvents {
  /** `length` where it is known beforehand; 0 for a response that has no body. */
  readonly onHead: (head: ResponseHead, length: number | undefined) => void;
  readonly onBody: (chunk: Uint8Array) => void;
  /** The message is complete. `reusable`: the connection can carry another request. */
  readonly onEnd: (reusable: boolean) => void;
  /** 101: from here on the connection belongs to the new protocol; `rest` is its first bytes. */
  readonly onUpgrade: (head: ResponseHead, rest: Uint8Array) => void;
  readonly onError: (problem: string) => void;
}

const maxHeadBytes = 64 << 10;
const empty = new Uint8Array(0);

export class ResponseReader {
  readonly #method: string;
  readonly #events: ResponseEvents;
  /** An unfinished head. */
  readonly #held = new ByteBuffer();
  #state: "head" | "body" | "done" = "head";
  #framing: Framing = { kind: "none" };
  #remaining = 0;
  #chunked: ChunkedDecoder | undefined;
  #keepAlive = false;

  constructor(method: string, events: ResponseEvents) {
    this.#method = method;
    this.#events = events;
  }

  /** False until the first byte of the response: a request that died before may be sent again. */
  started = false;

  feed(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.started = true;
    let rest: Uint8Array = bytes;
    while (rest.length > 0 && this.#state === "head") rest = this.#feedHead(rest);
    if (rest.length === 0) return;
    if (this.#state === "body") this.#feedBody(rest);
    // Bytes after the end of a response that was announced as complete: the connection is out of step.
    else if (this.#state === "done") this.#events.onError("bytes after the end of the response");
  }

  /** The connection was closed by the peer. */
  end(): void {
    if (this.#state === "done") return;
    if (this.#state === "body" && this.#framing.kind === "until-close") this.#finish(false);
    else this.#fail(this.started ? "connection closed in the middle of the response" : "connection closed");
  }

  #feedHead(bytes: Uint8Array): Uint8Array {
    // The end may straddle two reads: look from three bytes before the seam.
    const from = Math.max(0, this.#held.length - 3);
    if (this.#held.length > 0) this.#held.append(bytes);
    const joined = this.#held.length > 0 ? this.#held.bytes : bytes;
    const end = indexOfHeadEnd(joined, from);
    if (end < 0) {
      if (joined.length > maxHeadBytes) this.#fail("response head too large");
      else if (this.#held.length === 0) this.#held.append(bytes);
      return empty;
    }
    this.#held.take();
    const rest = joined.subarray(end + 4);
    const head = end > maxHeadBytes ? "response head too large" : parseResponseHead(joined.subarray(0, end));
    if (typeof head === "string") {
      this.#fail(head);
      return empty;
    }
    if (head.status === 101) {
      this.#state = "done";
      this.#events.onUpgrade(head, rest);
      return empty;
    }
    if (head.status < 200) return rest;
    return this.#startBody(head) ? rest : empty;
  }

  #startBody(head: ResponseHead): boolean {
    const framing = framingOf(head, this.#method);
    if (typeof framing === "string") {
      this.#fail(framing);
      return false;
    }
    this.#framing = framing;
    this.#keepAlive = keepsAlive(head) && framing.kind !== "until-close";
    this.#remaining = framing.kind === "length" ? framing.bytes : 0;
    if (framing.kind === "chunked") this.#chunked = new ChunkedDecoder((chunk) => this.#events.onBody(chunk));
    this.#state = "body";
    const bodiless = framing.kind === "none" || (framing.kind === "length" && framing.bytes === 0);
    this.#events.onHead(head, bodiless ? 0 : framing.kind === "length" ? framing.bytes : undefined);
    if (bodiless) this.#finish(this.#keepAlive);
    return true;
  }

  #feedBody(bytes: Uint8Array): void {
    switch (this.#framing.kind) {
      case "until-close":
        this.#events.onBody(bytes);
        return;
      case "length": {
        const chunk = bytes.length <= this.#remaining ? bytes : bytes.subarray(0, this.#remaining);
        this.#remaining -= chunk.length;
        this.#events.onBody(chunk);
        if (this.#remaining === 0) this.#finish(this.#keepAlive && chunk.length === bytes.length);
        return;
      }
      case "chunked": {
        const used = this.#chunked?.feed(bytes) ?? "no decoder";
        if (typeof used === "string") this.#fail(used);
        else if (this.#chunked?.done === true) this.#finish(this.#keepAlive && used === bytes.length);
        return;
      }
      case "none":
        return;
      default:
        this.#framing satisfies never;
    }
  }

  #finish(reusable: boolean): void {
    this.#state = "done";
    this.#events.onEnd(reusable);
  }

  #fail(problem: string): void {
    this.#state = "done";
    this.#held.take();
    this.#events.onError(problem);
  }
}

/** Position of CR LF CR LF at or after `from`, or -1. */
function indexOfHeadEnd(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0x0d, from); at >= 0; at = bytes.indexOf(0x0d, at + 1)) {
    if (bytes[at + 1] === 0x0a && bytes[at + 2] === 0x0d && bytes[at + 3] === 0x0a) return at;
  }
  return -1;
}
