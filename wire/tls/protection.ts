/** Records sealed and opened, in both versions (RFC 8446, section 5.2; RFC 5246, 6.2.3.3; RFC 5288, 7905). */
import { createCipheriv, createDecipheriv } from "node:crypto";
import type { CipherGCMTypes } from "node:crypto";
import { TlsError } from "./alerts.ts";
import { expandLabel } from "./key-schedule.ts";
import { concat, noBytes } from "./bytes.ts";
import type { Suite } from "./suites.ts";

export const contentTypes = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;

export const maxPlaintext = 1 << 14;
const tagLength = 16;
const headerLength = 5;

/** One direction of a connection under one key. */
export interface Protection {
  /** Records so far under this key. */
  readonly sequence: number;
  /** What the body of a record may have beyond its plaintext. */
  readonly maxExpansion: number;
  /** A whole record with its header. */
  seal(type: number, content: Uint8Array): Uint8Array;
  /** Throws TlsError. `header`: the five bytes before the body. */
  open(header: Uint8Array, body: Uint8Array): { readonly type: number; readonly content: Uint8Array };
}

/** No keys yet. */
export class Plain implements Protection {
  readonly sequence = 0;
  readonly maxExpansion = 0;
  readonly #version: number;

  /** The first record says 3.1, for the sake of old middle boxes. */
  constructor(version: 0x0301 | 0x0303) {
    this.#version = version;
  }

  seal(type: number, content: Uint8Array): Uint8Array {
    const record = withHeader(type, content.length, this.#version);
    record.set(content, headerLength);
    return record;
  }

  open(header: Uint8Array, body: Uint8Array): { type: number; content: Uint8Array } {
    return { type: header[0] ?? 0, content: body };
  }
}

function withHeader(type: number, length: number, version = 0x0303): Uint8Array {
  const record = new Uint8Array(headerLength + length);
  record[0] = type;
  record[1] = version >> 8;
  record[2] = version & 0xff;
  record[3] = length >> 8;
  record[4] = length & 0xff;
  return record;
}

abstract class Aead {
  sequence = 0;
  readonly #cipher: CipherGCMTypes;
  readonly #key: Uint8Array;

  constructor({ cipher }: Suite, key: Uint8Array) {
    // The types know of AEAD options for GCM alone; ChaCha20-Poly1305 takes the same.
    this.#cipher = cipher as CipherGCMTypes;
    this.#key = key;
  }

  /** Writes ciphertext and tag into `out`. */
  protected encrypt(nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array, out: Uint8Array): void {
    const cipher = createCipheriv(this.#cipher, this.#key, nonce, { authTagLength: tagLength });
    cipher.setAAD(aad);
    // In one piece: ChaCha20-Poly1305 of workerd takes no second.
    const sealed = cipher.update(plain);
    out.set(sealed);
    const last = cipher.final();
    out.set(last, sealed.length);
    out.set(cipher.getAuthTag(), sealed.length + last.length);
  }

  protected decrypt(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array {
    const split = sealed.length - tagLength;
    const decipher = createDecipheriv(this.#cipher, this.#key, nonce, { authTagLength: tagLength });
    decipher.setAAD(aad);
    decipher.setAuthTag(sealed.subarray(split));
    const content = decipher.update(sealed.subarray(0, split));
    try {
      const last = decipher.final();
      if (last.length > 0) throw new Error("a stream cipher kept bytes back");
    } catch (error) {
      throw new TlsError("bad_record_mac", "a record is not what the server sent", { cause: error });
    }
    return content;
  }

  /** Before a number is used twice, and with it a nonce. */
  protected count(): number {
    if (this.sequence >= Number.MAX_SAFE_INTEGER) throw new TlsError("internal_error", "too many records");
    return this.sequence++;
  }
}

function sequenceBytes(sequence: number, length: 8 | 12): Uint8Array {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(length - 8, Math.floor(sequence / 0x1_0000_0000));
  view.setUint32(length - 4, sequence % 0x1_0000_0000);
  return bytes;
}

/** The initialisation vector with the number of the record. */
function mixedNonce(iv: Uint8Array, sequence: number): Uint8Array {
  const nonce = sequenceBytes(sequence, 12);
  for (let index = 0; index < 12; index++) nonce[index] = (nonce[index] ?? 0) ^ (iv[index] ?? 0);
  return nonce;
}

export class Protection13 extends Aead implements Protection {
  readonly maxExpansion = 256;
  readonly #iv: Uint8Array;

  constructor(suite: Suite, trafficSecret: Uint8Array) {
    super(suite, expandLabel(suite.hash, trafficSecret, "key", noBytes, suite.keyLength));
    this.#iv = expandLabel(suite.hash, trafficSecret, "iv", noBytes, 12);
  }

  seal(type: number, content: Uint8Array): Uint8Array {
    const record = withHeader(contentTypes.applicationData, content.length + 1 + tagLength);
    const nonce = mixedNonce(this.#iv, this.count());
    this.encrypt(
      nonce,
      record.subarray(0, headerLength),
      concat(content, Uint8Array.of(type)),
      record.subarray(headerLength),
    );
    return record;
  }

  open(header: Uint8Array, body: Uint8Array): { type: number; content: Uint8Array } {
    if (header[0] !== contentTypes.applicationData)
      throw new TlsError("unexpected_message", "a record that should be encrypted is not");
    if (body.length < tagLength + 1) throw new TlsError("bad_record_mac", "a record is too short");
    const inner = this.decrypt(mixedNonce(this.#iv, this.count()), header, body);
    if (inner.length > maxPlaintext + 1) throw new TlsError("record_overflow", "a record is too large");
    let end = inner.length - 1;
    while (end >= 0 && inner[end] === 0) end--;
    if (end < 0) throw new TlsError("unexpected_message", "a record without a type");
    return { type: inner[end] ?? 0, content: inner.subarray(0, end) };
  }
}

export class Protection12 extends Aead implements Protection {
  readonly maxExpansion = 2048;
  readonly #iv: Uint8Array;
  /** GCM of TLS 1.2 sends eight bytes of its nonce with each record. */
  readonly #explicit: 0 | 8;

  /** `iv`: 4 bytes for GCM, 12 for ChaCha20-Poly1305. */
  constructor(suite: Suite, key: Uint8Array, iv: Uint8Array) {
    super(suite, key);
    this.#iv = iv;
    this.#explicit = iv.length === 4 ? 8 : 0;
  }

  seal(type: number, content: Uint8Array): Uint8Array {
    const sequence = this.count();
    const record = withHeader(type, this.#explicit + content.length + tagLength);
    const number = sequenceBytes(sequence, 8);
    if (this.#explicit === 8) record.set(number, headerLength);
    this.encrypt(
      this.#nonce(number, sequence),
      this.#aad(sequence, type, content.length),
      content,
      record.subarray(headerLength + this.#explicit),
    );
    return record;
  }

  open(header: Uint8Array, body: Uint8Array): { type: number; content: Uint8Array } {
    const length = body.length - this.#explicit - tagLength;
    if (length < 0) throw new TlsError("bad_record_mac", "a record is too short");
    if (length > maxPlaintext) throw new TlsError("record_overflow", "a record is too large");
    const sequence = this.count();
    const type = header[0] ?? 0;
    const content = this.decrypt(
      this.#nonce(body.subarray(0, this.#explicit), sequence),
      this.#aad(sequence, type, length),
      body.subarray(this.#explicit),
    );
    return { type, content };
  }

  #nonce(explicit: Uint8Array, sequence: number): Uint8Array {
    if (this.#explicit === 0) return mixedNonce(this.#iv, sequence);
    const nonce = new Uint8Array(12);
    nonce.set(this.#iv);
    nonce.set(explicit, 4);
    return nonce;
  }

  #aad(sequence: number, type: number, length: number): Uint8Array {
    const aad = new Uint8Array(13);
    aad.set(sequenceBytes(sequence, 8));
    aad.set(withHeader(type, length).subarray(0, 3), 8);
    aad[11] = length >> 8;
    aad[12] = length & 0xff;
    return aad;
  }
}
