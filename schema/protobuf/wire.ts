/** Reads the protobuf wire format. Every length is judged before anything is taken; what is wrong throws ProtobufError. */
import { malformed } from "./error.ts";

/** Wire types. 3 and 4 begin and end groups, which are only ever skipped. */
export const wireTypes = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  // Halves of the last varint, as unsigned 32-bit integers.
  #low = 0;
  #high = 0;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get done(): boolean {
    return this.#at >= this.#end;
  }

  /** Of the next field. */
  tag(): { readonly number: number; readonly wireType: number } {
    this.#varint();
    const number = this.#low >>> 3;
    if (this.#high !== 0 || number === 0) throw malformed("a field's number is out of range");
    return { number, wireType: this.#low & 7 };
  }

  bool(): boolean {
    this.#varint();
    return this.#low !== 0 || this.#high !== 0;
  }

  /** Like every reader of int32, drops what is beyond 32 bits. */
  int32(): number {
    this.#varint();
    return this.#low | 0;
  }

  /** Refuses what JavaScript would round. */
  int64(): number {
    this.#varint();
    const value = (this.#high | 0) * 2 ** 32 + this.#low;
    if (!Number.isSafeInteger(value)) throw malformed("an integer is beyond 2^53 - 1");
    return value;
  }

  /** Refuses what JSON has no number for, and integers that it would round. */
  double(): number {
    this.#advance(8);
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#at - 8, 8);
    const value = view.getFloat64(0, true);
    const integer = /^-?\d+$/.test(String(value));
    if (!Number.isFinite(value) || (integer && !Number.isSafeInteger(value)))
      throw malformed("a number has no form in JSON");
    return value;
  }

  /** A view, not a copy. */
  bytes(): Uint8Array {
    const length = this.#length();
    this.#advance(length);
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** Refuses what is not UTF-8: it has no form in JSON. */
  string(): string {
    try {
      return utf8.decode(this.bytes());
    } catch (error) {
      if (error instanceof TypeError) throw malformed("a string is not UTF-8");
      throw error;
    }
  }

  /** Of a length-delimited value: a message, a map entry, a packed list. */
  nested(): WireReader {
    return new WireReader(this.bytes());
  }

  /** What follows the tag of a field that nobody knows. */
  skip(wireType: number): void {
    let groups = 0;
    for (let type = wireType; ; type = this.tag().wireType) {
      switch (type) {
        case wireTypes.varint:
          this.#varint();
          break;
        case wireTypes.fixed64:
          this.#advance(8);
          break;
        case wireTypes.bytes:
          this.#advance(this.#length());
          break;
        case wireTypes.startGroup:
          groups++;
          break;
        case wireTypes.endGroup:
          if (groups === 0) throw malformed("a group ends that did not begin");
          groups--;
          break;
        case wireTypes.fixed32:
          this.#advance(4);
          break;
        default:
          throw malformed(`wire type ${type} does not exist`);
      }
      if (groups === 0) return;
    }
  }

  /** At most 64 bits, of which the last byte's surplus is dropped. */
  #varint(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; ; shift += 7) {
      if (shift >= 64) throw malformed("a number takes more than ten bytes");
      const byte = this.#at < this.#end ? this.#bytes[this.#at++] : undefined;
      if (byte === undefined) throw malformed("the message ends within a number");
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift === 28) high |= bits >> 4;
      if (shift > 28) high |= bits << (shift - 32);
      if (byte < 0x80) break;
    }
    this.#low = low >>> 0;
    this.#high = high >>> 0;
  }

  #length(): number {
    this.#varint();
    if (this.#high !== 0) throw malformed("the message ends within a value");
    return this.#low;
  }

  #advance(length: number): void {
    if (length > this.#end - this.#at) throw malformed("the message ends within a value");
    this.#at += length;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
