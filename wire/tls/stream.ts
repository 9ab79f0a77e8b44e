/** TLS as a stream over another one. No timer: whoever dials sets a limit to the handshake and calls `abort`. */
import { concat } from "./bytes.ts";
import type { ByteStream, CloseReason } from "../byte-stream.ts";
import { TlsClient } from "./client.ts";
import type { TlsClientOptions } from "./client.ts";
import type { Established } from "./handshake-host.ts";

/** What may be written before the handshake is over, until `write` asks to wait. */
const writeHighWater = 256 << 10;

export class TlsStream implements ByteStream {
  onData: (chunk: Uint8Array) => void = () => undefined;
  onClose: (reason: CloseReason) => void = () => undefined;
  onDrain: () => void = () => undefined;
  /** The handshake is over, one way or the other: `secure` says which. Once. */
  onSettled: () => void = () => undefined;

  readonly #below: ByteStream;
  readonly #client: TlsClient;
  /** Written before the handshake was over. */
  #early: Uint8Array[] = [];
  #earlyBytes = 0;
  #belowIsFull = false;
  /** Decrypted, but not wanted yet: what was left of one chunk when the reader said stop. */
  #unread: Uint8Array[] = [];
  #reading = true;
  #heard = 0;
  #open = true;
  #closing: CloseReason | undefined;

  /** Starts the handshake. `below` must be open, and is this stream's alone from here on. Throws TlsError for a `host` that is none. */
  constructor(below: ByteStream, options: TlsClientOptions) {
    this.#below = below;
    this.#client = new TlsClient(options, {
      send: (bytes) => {
        if (!below.write(bytes)) this.#belowIsFull = true;
      },
      onSecure: () => this.#secured(),
      onData: (chunk) => this.#deliver(chunk),
      onEnd: () => this.#shut({ kind: "eof" }),
      onError: ({ message }) => this.#shut({ kind: "error", text: `TLS: ${message}` }),
    });
    below.onData = (chunk) => {
      this.#heard += chunk.length;
      this.#client.receive(chunk);
    };
    below.onClose = (reason) => {
      if (reason.kind === "eof") this.#client.receiveEnd();
      else this.#shut(reason);
    };
    below.onDrain = () => {
      this.#belowIsFull = false;
      this.onDrain();
    };
    this.#client.start();
  }

  get open(): boolean {
    return this.#open;
  }

  get secure(): boolean {
    return this.#client.established !== undefined;
  }

  /** What was agreed on. */
  get established(): Established | undefined {
    return this.#client.established;
  }

  /** Bytes that came from the server, of whatever kind. */
  get heard(): number {
    return this.#heard;
  }

  /** The reader has stopped it: what the server sends waits. */
  get isHeld(): boolean {
    return !this.#reading;
  }

  /** How often the server has changed its keys. */
  get serverUpdates(): number {
    return this.#client.serverUpdates;
  }

  /** Asks the server for new keys, which it sends as soon as it reads this. False: it speaks no TLS 1.3, or not yet. */
  askForUpdate(): boolean {
    if (!this.#open || this.established?.version !== "TLS 1.3") return false;
    this.updateKeys(true);
    return true;
  }

  /** New keys, and where `requestAnswer`, the server's too. TLS 1.3 only. */
  updateKeys(requestAnswer: boolean): void {
    if (this.secure) this.#client.updateKeys(requestAnswer);
  }

  write(bytes: Uint8Array): boolean {
    if (!this.#open) return true;
    if (this.secure) {
      this.#client.write(bytes);
      return !this.#belowIsFull;
    }
    this.#early.push(bytes);
    this.#earlyBytes += bytes.length;
    return this.#earlyBytes <= writeHighWater;
  }

  #secured(): void {
    const bytes = concat(...this.#early);
    const waiting = this.#earlyBytes > writeHighWater;
    this.#early = [];
    this.#earlyBytes = 0;
    if (!this.#reading) this.#below.pauseReading();
    this.#settle();
    if (bytes.length > 0) this.#client.write(bytes);
    if (waiting && this.#open && !this.#belowIsFull) this.onDrain();
  }

  #settle(): void {
    const tell = this.onSettled;
    this.onSettled = () => undefined;
    tell();
  }

  pauseReading(): void {
    this.#reading = false;
    // The handshake goes on: its bytes are few, and only it can say that there is nothing to read.
    if (this.secure) this.#below.pauseReading();
  }

  resumeReading(): void {
    if (this.#reading) return;
    this.#reading = true;
    while (this.#reading) {
      const chunk = this.#unread.shift();
      if (chunk === undefined) break;
      this.onData(chunk);
    }
    if (!this.#reading) return;
    if (this.#closing !== undefined) this.#finish();
    else if (this.#open) this.#below.resumeReading();
  }

  #deliver(chunk: Uint8Array): void {
    if (this.#reading && this.#unread.length === 0) this.onData(chunk);
    else this.#unread.push(chunk);
  }

  close(): void {
    if (!this.#open) return;
    this.#end();
    this.#client.close();
    this.#below.close();
  }

  abort(text: string): void {
    if (!this.#open) return;
    this.#end();
    this.#client.close();
    // Not in an orderly way: there may be nobody who takes what was written.
    this.#below.abort(text);
    this.onClose({ kind: "error", text });
  }

  #end(): void {
    this.#open = false;
    this.#settle();
    this.#closing = undefined;
    this.#early = [];
    this.#unread = [];
  }

  /** The server has ended it: data first, then the end. */
  #shut(reason: CloseReason): void {
    if (!this.#open) return;
    this.#open = false;
    this.#settle();
    this.#early = [];
    this.#client.close();
    this.#below.close();
    this.#closing = reason;
    if (this.#unread.length === 0) this.#finish();
  }

  #finish(): void {
    const reason = this.#closing;
    if (reason === undefined) return;
    this.#closing = undefined;
    this.onClose(reason);
  }
}
