/**
 * Cuts a byte stream into protocol messages without copying what merely passes through. Pure: no socket.
 */
export interface FrameHandler {
  /** Whether to gather the message and hand it to `frame`; otherwise its bytes go to `pass` as they come. */
  gathers(type: number): boolean;
  /** A whole gathered message, type and length included. Valid only during the call. */
  frame(type: number, frame: Buffer): void;
  /** Bytes of messages that pass through, in order with the gathered ones. */
  pass(bytes: Buffer): void;
}

const HEADER_BYTES = 5;

export class FrameScanner {
  readonly #handler: FrameHandler;
  readonly #maxGathered: number;
  /** Parts of a message begun in an earlier chunk. */
  #parts: Buffer[] = [];
  #partBytes = 0;
  /** Bytes that still belong to a message passing through. */
  #passing = 0;

  constructor(handler: FrameHandler, maxGatheredBytes: number) {
    this.#handler = handler;
    this.#maxGathered = maxGatheredBytes;
  }

  /** Takes the next chunk. Throws `RangeError` when the stream is not the protocol; the connection is then useless. */
  push(chunk: Buffer): void {
    let rest = chunk;
    if (this.#partBytes > 0) {
      // Looking for the length first, so that a message in a thousand chunks is joined once and not a thousand times.
      this.#parts.push(chunk);
      this.#partBytes += chunk.length;
      if (this.#partBytes < HEADER_BYTES || this.#partBytes < this.#wanted()) return;
      rest = Buffer.concat(this.#parts);
      this.#parts = [];
      this.#partBytes = 0;
    }
    this.#scan(rest);
  }

  /** Size of the message whose beginning is in `#parts`; a header alone when it will pass through. */
  #wanted(): number {
    if ((this.#parts[0]?.length ?? 0) < HEADER_BYTES) this.#parts = [Buffer.concat(this.#parts)];
    const [head] = this.#parts;
    if (head === undefined || !this.#handler.gathers(head[0] ?? 0)) return HEADER_BYTES;
    return this.#frameBytes(head, 0);
  }

  #scan(chunk: Buffer): void {
    let at = Math.min(this.#passing, chunk.length);
    let passFrom = 0;
    this.#passing -= at;
    const flush = () => {
      if (passFrom < at) this.#handler.pass(chunk.subarray(passFrom, at));
    };
    while (chunk.length - at >= HEADER_BYTES) {
      const type = chunk[at] ?? 0;
      const size = this.#frameBytes(chunk, at);
      if (this.#handler.gathers(type)) {
        if (chunk.length - at < size) break;
        flush();
        this.#handler.frame(type, chunk.subarray(at, at + size));
        at += size;
        passFrom = at;
      } else {
        const here = Math.min(size, chunk.length - at);
        this.#passing = size - here;
        at += here;
      }
    }
    flush();
    if (at < chunk.length) {
      // Copied, so that a few left-over bytes do not keep a large chunk alive.
      this.#parts = [Buffer.from(chunk.subarray(at))];
      this.#partBytes = chunk.length - at;
    }
  }

  #frameBytes(buffer: Buffer, at: number): number {
    const length = buffer.readInt32BE(at + 1);
    if (length < 4) throw new RangeError(`malformed message: length ${length}`);
    if (length > this.#maxGathered && this.#handler.gathers(buffer[at] ?? 0)) {
      throw new RangeError(`message of ${length} bytes exceeds ${this.#maxGathered}`);
    }
    return length + 1;
  }
}
