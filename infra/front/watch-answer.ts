/**
 * The answer to a watch, as workerd sends it. Where workerd says so, its body is only how the watch begins: what follows comes
 * through the relay, after the last chunk of the body and in place of its end. Pure.
 */
const HEAD_END = "\r\n\r\n";
/** Of a response head. */
const MAX_HEAD_BYTES = 64 * 1024;
/** 13 hexadecimal digits stay below 2^53. */
const SIZE_LINE = /^[0-9A-Fa-f]{1,13}$/;
const RELAYED = /\r\nx-drover-relay:[^\r\n]*(?=\r\n)/i;
const CHUNKED = /\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n/i;

export type WatchAnswerState =
  | "head"
  /** The beginning of a watch that goes on through the relay. */
  | "body"
  /** The body has ended; its end has been held back. */
  | "begun"
  /** An answer like any other: nothing of it is held back. */
  | "plain";

/** What ends a chunked body. */
export const LAST_CHUNK = Buffer.from("0\r\n\r\n", "latin1");

export class WatchAnswer {
  #state: WatchAnswerState = "head";
  /** A head, or a line between chunks, of which the rest is to come. */
  #held: Buffer = Buffer.alloc(0);
  /** Of the current chunk, with the line end behind it. */
  #left = 0;

  get state(): WatchAnswerState {
    return this.#state;
  }

  /** What the client is to be sent of `chunk` and of what was held back before. */
  take(chunk: Buffer): Buffer {
    if (this.#state === "plain" || this.#state === "begun") return chunk;
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = EMPTY;
    if (this.#state === "body") return this.#body(bytes, 0);
    const end = bytes.indexOf(HEAD_END, 0, "latin1");
    if (end === -1 && bytes.length < MAX_HEAD_BYTES) {
      this.#held = bytes;
      return EMPTY;
    }
    const head = bytes.toString("latin1", 0, end + 2);
    const relayed = head.startsWith("HTTP/1.1 200 ") && RELAYED.test(head) && CHUNKED.test(head);
    if (!relayed) {
      this.#state = "plain";
      return bytes;
    }
    this.#state = "body";
    const shown = Buffer.from(`${head.replace(RELAYED, "")}\r\n`, "latin1");
    return Buffer.concat([shown, this.#body(bytes, end + HEAD_END.length)]);
  }

  #body(bytes: Buffer, from: number): Buffer {
    let at = from;
    for (;;) {
      const here = Math.min(this.#left, bytes.length - at);
      at += here;
      this.#left -= here;
      if (at === bytes.length) return bytes.subarray(from);
      const lineEnd = bytes.indexOf("\r\n", at, "latin1");
      const size = lineEnd === -1 ? "" : bytes.toString("latin1", at, lineEnd);
      const isLast = /^0+$/.test(size);
      if (lineEnd === -1 || (isLast && bytes.length < lineEnd + 4)) {
        this.#held = bytes.subarray(at);
        return bytes.subarray(from, at);
      }
      if (isLast) {
        this.#state = "begun";
        return bytes.subarray(from, at);
      }
      if (!SIZE_LINE.test(size)) throw new TypeError("workerd sent a malformed chunk");
      this.#left = lineEnd - at + 2 + Number.parseInt(size, 16) + 2;
    }
  }
}

const EMPTY: Buffer = Buffer.alloc(0);
