/** Cuts a byte stream into records (RFC 8446, section 5.1). Pure. Whole records within one chunk are views of it. */
import { TlsError } from "./alerts.ts";
import { contentTypes, maxPlaintext } from "./protection.ts";

const headerLength = 5;

export class RecordSplitter {
  readonly #header = new Uint8Array(headerLength);
  #headerFilled = 0;
  #body: Uint8Array | undefined;
  #bodyFilled = 0;

  /** In the middle of a record. */
  get pending(): boolean {
    return this.#headerFilled > 0;
  }

  /**
   * Calls back for each record that is complete. `maxExpansion` is asked anew for each: it changes with the keys. Throws TlsError.
   * Ends early when `onRecord` answers false: nothing after it counts.
   */
  feed(
    chunk: Uint8Array,
    maxExpansion: () => number,
    onRecord: (header: Uint8Array, body: Uint8Array) => boolean,
  ): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#headerFilled === 0 && chunk.length - at >= headerLength) {
        const header = chunk.subarray(at, at + headerLength);
        const length = lengthOf(header, maxExpansion());
        if (chunk.length - at - headerLength >= length) {
          at += headerLength + length;
          if (!onRecord(header, chunk.subarray(at - length, at))) return;
          continue;
        }
      }
      if (this.#body === undefined) {
        const piece = chunk.subarray(at, at + headerLength - this.#headerFilled);
        this.#header.set(piece, this.#headerFilled);
        this.#headerFilled += piece.length;
        at += piece.length;
        if (this.#headerFilled < headerLength) return;
        this.#body = new Uint8Array(lengthOf(this.#header, maxExpansion()));
        this.#bodyFilled = 0;
      }
      const body = this.#body;
      const piece = chunk.subarray(at, at + body.length - this.#bodyFilled);
      body.set(piece, this.#bodyFilled);
      this.#bodyFilled += piece.length;
      at += piece.length;
      if (this.#bodyFilled < body.length) return;
      this.#body = undefined;
      this.#headerFilled = 0;
      if (!onRecord(this.#header.slice(), body)) return;
    }
  }
}

function lengthOf(header: Uint8Array, maxExpansion: number): number {
  const [type = 0, major = 0, , high = 0, low = 0] = header;
  if (type < contentTypes.changeCipherSpec || type > contentTypes.applicationData || major !== 3)
    throw new TlsError("unexpected_message", "the server does not speak TLS");
  const length = (high << 8) | low;
  if (length > maxPlaintext + maxExpansion) throw new TlsError("record_overflow", "a record is too large");
  return length;
}
