/** The body of a request, of which the beginning can be sent once more: to another agent, when the first could not dial. */

/** Most bodies of the Kubernetes API are smaller. */
const keptBytes = 64 << 10;

export class RequestBody {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** All that was read, while it is little. */
  #kept: Uint8Array[] | undefined = [];
  #keptBytes = 0;
  #replay: Uint8Array[] = [];
  #reading: Promise<Uint8Array | undefined> | undefined;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** The next piece; `undefined` = the end. Rejects when the client breaks off. */
  async read(): Promise<Uint8Array | undefined> {
    // What a sender asked for that has given up since is the next sender's too.
    return this.#replay.shift() ?? (this.#reading ??= this.#next());
  }

  async #next(): Promise<Uint8Array | undefined> {
    const { done, value } = await this.#reader.read();
    this.#reading = undefined;
    if (done) return undefined;
    this.#keptBytes += value.length;
    if (this.#keptBytes > keptBytes) this.#kept = undefined;
    this.#kept?.push(value);
    return value;
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
