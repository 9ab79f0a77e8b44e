/**
 * Follows a chunked request body (RFC 9112, section 7.1) to find its end; the bytes themselves pass untouched. Chunk
 * extensions and trailers are refused: no client of ours sends them, and parsers differ about them. Pure.
 */
const CR = 13;
const LF = 10;
/** 13 hexadecimal digits stay below 2^53. */
const MAX_SIZE_DIGITS = 13;

type State = "size" | "size-lf" | "data" | "data-cr" | "data-lf" | "end-cr" | "end-lf";

export class ChunkedBody {
  #state: State = "size";
  #digits = 0;
  #size = 0;

  /**
   * Follows the body through `chunk` from `start`. Returns the offset behind its last byte, `chunk.length` with
   * `done: false` when it goes on in the next chunk, or `undefined` when it is malformed.
   */
  follow(chunk: Uint8Array, start: number): { readonly end: number; readonly done: boolean } | undefined {
    let at = start;
    while (at < chunk.length) {
      if (this.#state === "data") {
        const here = Math.min(this.#size, chunk.length - at);
        at += here;
        this.#size -= here;
        if (this.#size === 0) this.#state = "data-cr";
        continue;
      }
      const next = this.#step(chunk[at] ?? 0);
      at += 1;
      if (next === undefined) return undefined;
      if (next === "done") return { end: at, done: true };
      this.#state = next;
    }
    return { end: at, done: false };
  }

  #step(byte: number): State | "done" | undefined {
    switch (this.#state) {
      case "size":
        return this.#sizeByte(byte);
      case "size-lf":
        if (byte !== LF) return undefined;
        this.#digits = 0;
        return this.#size === 0 ? "end-cr" : "data";
      case "data-cr":
        return byte === CR ? "data-lf" : undefined;
      case "data-lf":
        return byte === LF ? "size" : undefined;
      case "end-cr":
        return byte === CR ? "end-lf" : undefined;
      case "end-lf":
        return byte === LF ? "done" : undefined;
      case "data":
        return "data";
      default:
        return this.#state satisfies never;
    }
  }

  #sizeByte(byte: number): State | undefined {
    const digit = hexDigit(byte);
    if (digit !== undefined && this.#digits < MAX_SIZE_DIGITS) {
      this.#size = this.#size * 16 + digit;
      this.#digits += 1;
      return "size";
    }
    return byte === CR && this.#digits > 0 ? "size-lf" : undefined;
  }
}

function hexDigit(byte: number): number | undefined {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : undefined;
}
