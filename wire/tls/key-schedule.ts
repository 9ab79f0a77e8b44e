/** Keys of TLS 1.3 (RFC 8446, section 7.1) and the pseudorandom function of TLS 1.2 (RFC 5246, section 5). Pure. */
import { createHash, createHmac } from "node:crypto";
import { ascii, concat, uint, vector } from "./bytes.ts";
import { noBytes } from "./bytes.ts";
import type { Suite } from "./suites.ts";

export type Hash = Suite["hash"];

export function hashLength(hash: Hash): 32 | 48 {
  return hash === "sha256" ? 32 : 48;
}

export function digest(hash: Hash, bytes: Uint8Array): Uint8Array {
  return createHash(hash).update(bytes).digest();
}

export function hmac(hash: Hash, key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const mac = createHmac(hash, key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

/** HKDF-Expand-Label. */
export function expandLabel(
  hash: Hash,
  secret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
): Uint8Array {
  const info = concat(uint(2, length), vector(1, ascii(`tls13 ${label}`)), vector(1, context));
  const blocks: Uint8Array[] = [];
  let last: Uint8Array = noBytes;
  for (let made = 0; made < length; made += last.length) {
    last = hmac(hash, secret, last, info, Uint8Array.of(blocks.length + 1));
    blocks.push(last);
  }
  return concat(...blocks).subarray(0, length);
}

/** What both sides derive from the key exchange. `transcript`: digest of the messages up to ServerHello. */
export class KeySchedule {
  readonly #hash: Hash;
  readonly #length: number;
  #secret: Uint8Array;

  constructor(hash: Hash) {
    this.#hash = hash;
    this.#length = hashLength(hash);
    const zeros = new Uint8Array(this.#length);
    this.#secret = hmac(hash, zeros, zeros);
  }

  /** The next secret of the chain: early, handshake, master. Without input for the last. */
  advance(input: Uint8Array = new Uint8Array(this.#length)): void {
    const salt = this.traffic("derived", digest(this.#hash, noBytes));
    this.#secret = hmac(this.#hash, salt, input);
  }

  traffic(label: string, transcript: Uint8Array): Uint8Array {
    return expandLabel(this.#hash, this.#secret, label, transcript, this.#length);
  }
}

export function finishedData(hash: Hash, trafficSecret: Uint8Array, transcript: Uint8Array): Uint8Array {
  const key = expandLabel(hash, trafficSecret, "finished", noBytes, hashLength(hash));
  return hmac(hash, key, transcript);
}

export function nextTrafficSecret(hash: Hash, secret: Uint8Array): Uint8Array {
  return expandLabel(hash, secret, "traffic upd", noBytes, hashLength(hash));
}

/** PRF of TLS 1.2. */
export function prf12(
  hash: Hash,
  secret: Uint8Array,
  label: string,
  seed: Uint8Array,
  length: number,
): Uint8Array {
  const full = concat(ascii(label), seed);
  const blocks: Uint8Array[] = [];
  let chained = full;
  for (let made = 0; made < length; made += hashLength(hash)) {
    chained = concat(hmac(hash, secret, chained));
    blocks.push(hmac(hash, secret, chained, full));
  }
  return concat(...blocks).subarray(0, length);
}
