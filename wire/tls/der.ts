/**
 * DER as X.509 uses it (X.690, section 10): definite, shortest lengths, one-byte tags. What is not exactly that is refused, so that
 * nobody reads two meanings out of one certificate. Pure.
 */
import { TlsError } from "./alerts.ts";

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Tag of `[number]`; constructed for what is wrapped once more. */
export function contextTag(number: number, constructed: boolean): number {
  return 0x80 | (constructed ? 0x20 : 0) | number;
}

export function malformed(what: string): TlsError {
  return new TlsError("bad_certificate", `a certificate is malformed: ${what}`);
}

export interface DerValue {
  readonly tag: number;
  readonly content: Uint8Array;
  /** With tag and length. */
  readonly raw: Uint8Array;
}

export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** The tag of the next value. */
  get nextTag(): number | undefined {
    return this.#bytes[this.#at];
  }

  any(): DerValue {
    const start = this.#at;
    const tag = this.#byte();
    if ((tag & 0x1f) === 0x1f) throw malformed("a long tag");
    const length = this.#length();
    if (length > this.#bytes.length - this.#at) throw malformed("a value is cut short");
    const from = this.#at;
    this.#at += length;
    return { tag, content: this.#bytes.subarray(from, this.#at), raw: this.#bytes.subarray(start, this.#at) };
  }

  value(tag: number): DerValue {
    const value = this.any();
    if (value.tag !== tag) throw malformed(`tag ${value.tag} in place of ${tag}`);
    return value;
  }

  optional(tag: number): DerValue | undefined {
    return this.nextTag === tag ? this.any() : undefined;
  }

  sequence(): DerReader {
    return new DerReader(this.value(tags.sequence).content);
  }

  end(): void {
    if (!this.done) throw malformed("bytes after the last value");
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw malformed("a value is missing");
    this.#at++;
    return byte;
  }

  #length(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    const size = first & 0x7f;
    if (size === 0 || size > 3) throw malformed("a length is not definite, or absurd");
    let length = 0;
    for (let index = 0; index < size; index++) length = length * 256 + this.#byte();
    if (length < 0x80 || length < 256 ** (size - 1)) throw malformed("a length is not in its shortest form");
    return length;
  }
}

export function oidText(content: Uint8Array): string {
  if (content.length === 0 || ((content.at(-1) ?? 0) & 0x80) !== 0) throw malformed("an object identifier");
  const arcs: number[] = [];
  let arc = 0;
  let fresh = true;
  for (const byte of content) {
    if (fresh && byte === 0x80) throw malformed("an object identifier");
    arc = arc * 128 + (byte & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER) throw malformed("an object identifier");
    fresh = (byte & 0x80) === 0;
    if (!fresh) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first = 0, ...rest] = arcs;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...rest].join(".");
}

/** A small integer that is not negative. */
export function smallInteger(content: Uint8Array): number {
  checkInteger(content);
  if (content.length > 4 || ((content[0] ?? 0) & 0x80) !== 0) throw malformed("a number is out of range");
  return content.reduce((value, byte) => value * 256 + byte, 0);
}

export function checkInteger(content: Uint8Array): void {
  const [first, second = 0] = content;
  if (first === undefined) throw malformed("an empty number");
  const padded = content.length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80));
  if (padded) throw malformed("a number is not in its shortest form");
}

export function booleanOf(content: Uint8Array): boolean {
  const [byte] = content;
  if (content.length !== 1 || (byte !== 0 && byte !== 0xff)) throw malformed("a boolean");
  return byte === 0xff;
}

/** The bytes of a bit string and how many bits at its end do not count. */
export function bitString(content: Uint8Array): { readonly bytes: Uint8Array; readonly unused: number } {
  const [unused = 8] = content;
  const last = content.at(-1) ?? 0;
  if (unused > 7 || (content.length === 1 && unused > 0) || (last & ((1 << unused) - 1)) !== 0)
    throw malformed("a bit string");
  return { bytes: content.subarray(1), unused };
}

/** Epoch milliseconds. Only the two forms that RFC 5280, section 4.1.2.5 allows. */
export function timeOf({ tag, content }: DerValue): number {
  const text = String.fromCharCode(...content);
  const form = tag === tags.utcTime ? /^\d{12}Z$/ : tag === tags.generalizedTime ? /^\d{14}Z$/ : undefined;
  if (form?.test(text) !== true) throw malformed("a time");
  const digits = tag === tags.utcTime ? `${Number(text.slice(0, 2)) < 50 ? "20" : "19"}${text}` : text;
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(digits) ?? [];
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const time = Date.parse(iso);
  if (Number.isNaN(time) || new Date(time).toISOString() !== iso) throw malformed("a time");
  return time;
}
