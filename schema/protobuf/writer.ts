/** Writes the protobuf wire format, in one pass. Fields that are undefined are left out, as proto3 leaves out what is not set. */
import { wireTypes } from "./wire.ts";

/** Of a length that is not known before its content: a varint may be longer than it must be. Up to 256 MiB. */
const lengthBytes = 4;
const encoder = new TextEncoder();
/** Lengths below take one byte, for which what follows is moved. */
const short = 128;

export class WireWriter {
  #bytes = new Uint8Array(65_536);
  #at = 0;

  /** What was written. Not a copy: write nothing after. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#at);
  }

  text(number: number, text: string | undefined): void {
    if (text === undefined) return;
    if (text.length < short && this.#ascii(number, text)) return;
    this.#delimited(number, () => {
      this.#reserve(text.length * 3);
      this.#at += encoder.encodeInto(text, this.#bytes.subarray(this.#at)).written;
    });
  }

  /** Most texts are names: short, and one byte a character. `false`, and nothing written, where one is not. */
  #ascii(number: number, text: string): boolean {
    const before = this.#at;
    this.#tag(number, wireTypes.bytes);
    this.#reserve(1 + text.length);
    this.#bytes[this.#at++] = text.length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) {
        this.#at = before;
        return false;
      }
      this.#bytes[this.#at++] = code;
    }
    return true;
  }

  bool(number: number, value: boolean | undefined): void {
    if (value === undefined) return;
    this.#tag(number, wireTypes.varint);
    this.#bytes[this.#at++] = value ? 1 : 0;
  }

  /** An integer from 0 to 2^53. */
  integer(number: number, value: number | undefined): void {
    if (value === undefined) return;
    this.#tag(number, wireTypes.varint);
    this.#varint(value);
  }

  double(number: number, value: number | undefined): void {
    if (value === undefined) return;
    this.#tag(number, wireTypes.fixed64);
    new DataView(this.#bytes.buffer).setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  message(number: number, write: () => void): void {
    this.#delimited(number, write);
  }

  #delimited(number: number, write: () => void): void {
    this.#tag(number, wireTypes.bytes);
    const start = this.#at;
    this.#reserve(lengthBytes);
    this.#at += lengthBytes;
    write();
    const length = this.#at - start - lengthBytes;
    if (length < short) {
      this.#bytes[start] = length;
      this.#bytes.copyWithin(start + 1, start + lengthBytes, this.#at);
      this.#at -= lengthBytes - 1;
      return;
    }
    for (let i = 0; i < lengthBytes; i++)
      this.#bytes[start + i] = ((length >>> (7 * i)) & 0x7f) | (i === lengthBytes - 1 ? 0 : 0x80);
  }

  #tag(number: number, wireType: number): void {
    // Room for the value of a scalar too.
    this.#reserve(24);
    this.#varint(number * 8 + wireType);
  }

  #varint(value: number): void {
    let left = value;
    while (left >= 0x80) {
      this.#bytes[this.#at++] = (left % 0x80) | 0x80;
      left = Math.floor(left / 0x80);
    }
    this.#bytes[this.#at++] = left;
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + count));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
