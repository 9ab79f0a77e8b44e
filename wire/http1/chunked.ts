/** Push decoder of a chunked body (RFC 9112 section 7.1). Data chunks are views of the input; trailers are dropped. */

const maxSizeLine = 1024;
const maxTrailerBytes = 16 << 10;

type State = "size" | "data" | "data-end" | "trailer";

export class ChunkedDecoder {
  readonly #onData: (chunk: Uint8Array) => void;
  #state: State = "size";
  #line = "";
  #remaining = 0;
  #trailerBytes = 0;
  #done = false;

  constructor(onData: (chunk: Uint8Array) => void) {
    this.#onData = onData;
  }

  get done(): boolean {
    return this.#done;
  }

  /** Bytes consumed: fewer than given once the body ended. A string says what is malformed. */
  feed(bytes: Uint8Array): number | string {
    let position = 0;
    while (position < bytes.length && !this.#done) {
      if (this.#state === "data") {
        const end = Math.min(bytes.length, position + this.#remaining);
        this.#remaining -= end - position;
        this.#onData(bytes.subarray(position, end));
        position = end;
        if (this.#remaining === 0) this.#state = "data-end";
        continue;
      }
      const newline = bytes.indexOf(0x0a, position);
      const end = newline < 0 ? bytes.length : newline;
      this.#line += String.fromCharCode(
        ...bytes.subarray(position, Math.min(end, position + maxSizeLine + 1)),
      );
      if (this.#line.length > maxSizeLine) return "chunk line too long";
      if (newline < 0) return bytes.length;
      position = newline + 1;
      const problem = this.#takeLine();
      if (problem !== undefined) return problem;
    }
    return position;
  }

  #takeLine(): string | undefined {
    if (!this.#line.endsWith("\r")) return "bare line feed in chunked body";
    const line = this.#line.slice(0, -1);
    this.#line = "";
    switch (this.#state) {
      case "size": {
        const size = /^([0-9A-Fa-f]{1,12})[ \t]*(?:;.*)?$/.exec(line)?.[1];
        if (size === undefined) return "malformed chunk size";
        this.#remaining = Number.parseInt(size, 16);
        this.#state = this.#remaining === 0 ? "trailer" : "data";
        return undefined;
      }
      case "data-end":
        if (line !== "") return "chunk longer than its size";
        this.#state = "size";
        return undefined;
      case "trailer":
        this.#trailerBytes += line.length;
        if (this.#trailerBytes > maxTrailerBytes) return "trailers too long";
        this.#done = line === "";
        return undefined;
      case "data":
        return "unreachable";
      default:
        return this.#state satisfies never;
    }
  }
}
