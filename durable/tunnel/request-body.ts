/** The body of a request, of which the beginning can be sent once more: to another agent, when the first could not dial. */

/** Most bodies of the Kubernetes API are smaller. */
const keptBytes = 64 << 10;
/** Of one read: what one DATA message carries. Unasked, the platform gives pieces of 4 KiB. */
const pieceBytes = 32 << 10;

export class RequestBody {
  readonly #reader: ReadableStreamBYOBReader;
  #buffer: ArrayBuffer;
  /** All that was read, while it is little. */
  #kept: Uint8Array[] | undefined = [];
  #keptBytes = 0;
  #replay: Uint8Array[] = [];
  #reading: Promise<Uint8Array | undefined> | undefined;
  #ended = false;

  /** `length`: of all of it, in bytes, where it is known. */
  constructor(stream: ReadableStream<Uint8Array>, length = pieceBytes) {
    this.#reader = stream.getReader({ mode: "byob" });
    this.#buffer = new ArrayBuffer(Math.max(1, Math.min(length, pieceBytes)));
  }

  /** The next piece; `undefined` = the end. Rejects when the client breaks off. */
  async read(): Promise<Uint8Array | undefined> {
    // What a sender asked for that has given up since is the next sender's too.
    return this.#replay.shift() ?? (this.#reading ??= this.#next());
  }

  async #next(): Promise<Uint8Array | undefined> {
    if (this.#ended) return undefined;
    const { done, value } = await this.#reader.read(new Uint8Array(this.#buffer));
    this.#reading = undefined;
    this.#ended = done;
    if (done) return undefined;
    const piece = this.#taken(value);
    this.#keptBytes += piece.length;
    if (this.#keptBytes > keptBytes) this.#kept = undefined;
    this.#kept?.push(piece);
    return piece;
  }

  /** What waits to be sent is counted by its length: a few bytes must not hold a whole buffer. */
  #taken(value: Uint8Array<ArrayBuffer>): Uint8Array {
    const { buffer } = value;
    const small = value.length < buffer.byteLength / 2;
    this.#buffer = small ? buffer : new ArrayBuffer(buffer.byteLength);
    return small ? value.slice() : value;
  }

  /** Starts from the beginning again. False: more was read than is kept. */
  rewind(): boolean {
    if (this.#kept === undefined) return false;
    this.#replay = [...this.#kept];
    return true;
  }

  /** Nobody wants the rest. */
  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }
}
