/** Reading and writing the structures of TLS (RFC 8446, section 3). What is cut short or has more after it is a `decode_error`. Pure. */
import { TlsError } from "./alerts.ts";

export const noBytes = new Uint8Array(0);

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #at = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /** A view of the next bytes. */
  take(length: number): Uint8Array {
    if (length > this.remaining) throw new TlsError("decode_error", `${this.#what} is cut short`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  uint(size: 1 | 2 | 3): number {
    return this.take(size).reduce((value, byte) => value * 256 + byte, 0);
  }

  /** Bytes after a length of `size` bytes; at least `min` of them. */
  vector(size: 1 | 2 | 3, min = 0): Uint8Array {
    const bytes = this.take(this.uint(size));
    if (bytes.length < min) throw new TlsError("decode_error", `${this.#what} has a field that is too short`);
    return bytes;
  }

  end(): void {
    if (this.remaining > 0) throw new TlsError("decode_error", `${this.#what} is too long`);
  }
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export function uint(size: 1 | 2 | 3 | 4, value: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let index = size - 1, rest = value; index >= 0; index--, rest = Math.floor(rest / 256))
    bytes[index] = rest % 256;
  return bytes;
}

/** The parts after their length in `size` bytes. */
export function vector(size: 1 | 2 | 3, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length >= 256 ** size) throw new RangeError("a vector is too long for its length");
  return concat(uint(size, length), ...parts);
}

export function equalBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

export function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
