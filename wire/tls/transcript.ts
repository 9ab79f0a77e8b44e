/** All messages of a handshake so far, as both sides hash them. */
import { createHash } from "node:crypto";
import type { Hash as HashObject } from "node:crypto";
import { concat } from "./bytes.ts";
import { digest } from "./key-schedule.ts";
import type { Hash } from "./key-schedule.ts";

export class Transcript {
  /** Kept whole: the first comes before the hash is known, and a client of TLS 1.2 signs them as they are. */
  #messages: Uint8Array[] = [];
  #hash: Hash = "sha256";
  #running: HashObject | undefined;

  /** The hash of the suite that was chosen. */
  use(hash: Hash): void {
    this.#hash = hash;
    this.#running = createHash(hash).update(this.bytes());
  }

  add(message: Uint8Array): void {
    this.#messages.push(message);
    this.#running?.update(message);
  }

  /** After a HelloRetryRequest a digest stands for the first ClientHello (RFC 8446, section 4.4.1). */
  replaceFirst(make: (digest: Uint8Array) => Uint8Array): void {
    this.#messages = [make(digest(this.#hash, this.bytes()))];
    this.use(this.#hash);
  }

  digest(): Uint8Array {
    return this.#running?.copy().digest() ?? digest(this.#hash, this.bytes());
  }

  bytes(): Uint8Array {
    return concat(...this.#messages);
  }
}
