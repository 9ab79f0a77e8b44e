/** A TCP connection of the platform as a byte stream: for clusters that are reached without an agent. */
import { connect } from "cloudflare:sockets";
import type { ByteStream, CloseReason } from "../../wire/byte-stream.ts";

/** Unsent bytes above which `write` asks to wait, and above which the connection ends: a client's WebSocket knows no back pressure. */
const writeHighWater = 256 << 10;
const maxUnsent = 8 << 20;

/** Until there is a connection: a network that drops what is sent says nothing by itself for minutes. */
const connectMs = 10_000;

export interface SocketOptions {
  /** Bytes that came, and that went. */
  readonly onTraffic?: (received: number, sent: number) => void;
  /** Instead of 10 s. */
  readonly connectMs?: number;
}

export class SocketStream implements ByteStream {
  onData: (chunk: Uint8Array) => void = () => undefined;
  onClose: (reason: CloseReason) => void = () => undefined;
  onDrain: () => void = () => undefined;
  readonly #address: string;
  readonly #socket: Socket;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #onEnd: () => void;
  readonly #onTraffic: (received: number, sent: number) => void;
  readonly #connecting: ReturnType<typeof setTimeout>;
  #open = true;
  #connected = false;
  #unsent = 0;
  #wantsDrain = false;
  #reading = true;
  #resume: () => void = () => undefined;

  /** `onEnd`: it is closed, whoever did it. */
  constructor(hostname: string, port: number, onEnd: () => void, options: SocketOptions = {}) {
    const { onTraffic = () => undefined, connectMs: limitMs = connectMs } = options;
    this.#address = `${hostname}:${port}`;
    this.#onEnd = onEnd;
    this.#onTraffic = onTraffic;
    this.#socket = connect({ hostname, port }, { secureTransport: "off", allowHalfOpen: false });
    this.#writer = this.#socket.writable.getWriter();
    // Each of these has its own way to fail; the first counts.
    this.#socket.opened.then(
      () => this.#established(),
      (error: unknown) => this.#fail(error),
    );
    this.#connecting = setTimeout(() => this.#fail(`no connection within ${limitMs / 1_000} s`), limitMs);
    this.#socket.closed.catch((error: unknown) => this.#fail(error));
    this.#writer.closed.catch((error: unknown) => this.#fail(error));
    void this.#read();
  }

  #established(): void {
    this.#connected = true;
    clearTimeout(this.#connecting);
  }

  get open(): boolean {
    return this.#open;
  }

  async #read(): Promise<void> {
    try {
      const reader = this.#socket.readable.getReader() as ReadableStreamDefaultReader<Uint8Array>;
      while (this.#open) {
        if (!this.#reading) await new Promise<void>((resume) => (this.#resume = resume));
        if (!this.#open) return;
        const { done, value } = await reader.read();
        if (!this.#open) return;
        if (done) {
          this.#finish({ kind: "eof" });
          return;
        }
        this.#onTraffic(value.length, 0);
        // It may have been stopped while the read was on its way: one chunk more is what a reader must bear with.
        this.onData(value);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  write(bytes: Uint8Array): boolean {
    if (!this.#open) return true;
    this.#unsent += bytes.length;
    if (this.#unsent > maxUnsent) {
      this.abort("write buffer exceeded");
      return true;
    }
    this.#writer.write(bytes).then(
      () => this.#sent(bytes.length),
      (error: unknown) => this.#fail(error),
    );
    this.#wantsDrain ||= this.#unsent > writeHighWater;
    return !this.#wantsDrain;
  }

  #sent(length: number): void {
    this.#unsent -= length;
    this.#onTraffic(0, length);
    if (!this.#wantsDrain || this.#unsent > writeHighWater / 2 || !this.#open) return;
    this.#wantsDrain = false;
    this.onDrain();
  }

  pauseReading(): void {
    this.#reading = false;
  }

  resumeReading(): void {
    this.#reading = true;
    this.#resume();
  }

  close(): void {
    if (!this.#open) return;
    this.#end();
    if (!this.#connected) {
      void this.#socket.close().catch(() => undefined);
      return;
    }
    // What was written goes out first.
    this.#writer.close().then(
      () => void this.#socket.close().catch(() => undefined),
      () => undefined,
    );
  }

  abort(text: string): void {
    if (!this.#open) return;
    this.#end();
    void this.#socket.close().catch(() => undefined);
    this.onClose({ kind: "error", text });
  }

  #fail(error: unknown): void {
    const what = error instanceof Error ? error.message : String(error);
    // Before there is a connection nobody has seen anything of a request: the words are those of an agent that cannot dial.
    this.#finish({
      kind: "error",
      text: this.#connected ? what : `dial tcp ${this.#address}: ${what}`,
    });
  }

  #finish(reason: CloseReason): void {
    if (!this.#open) return;
    this.#end();
    void this.#socket.close().catch(() => undefined);
    this.onClose(reason);
  }

  #end(): void {
    this.#open = false;
    clearTimeout(this.#connecting);
    this.#resume();
    this.#onEnd();
  }
}
