/**
 * A Worker's TCP socket as postgres.js wants one, in place of the one that it brings for Workers: that reads 4 KiB at a time and
 * copies each, which is most of what a long list costs. Reads grow with what comes and shrink again.
 */
import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";

const leastBytes = 4 * 1024;
const mostBytes = 256 * 1024;

/** What the platform's sockets have. */
export interface PlatformSocket {
  readonly readable: ReadableStream;
  readonly writable: WritableStream;
  readonly closed: Promise<void>;
  readonly close: () => Promise<void>;
}

/** Emits `data`, `error` and, once, `close`. */
export class DatabaseSocket extends EventEmitter {
  readyState: "open" | "closed" = "open";
  readonly #raw: PlatformSocket;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  constructor(raw: PlatformSocket) {
    super();
    this.#raw = raw;
    this.#writer = raw.writable.getWriter() as WritableStreamDefaultWriter<Uint8Array>;
    raw.closed.then(
      () => this.#ended(),
      (error: unknown) => this.#failed(error),
    );
    void this.#read();
  }

  /** There is nothing to wait for: postgres.js sends whole statements. */
  write(data: Uint8Array, written?: () => void): boolean {
    this.#writer.write(data).then(written, (error: unknown) => this.#failed(error));
    return true;
  }

  end(data?: Uint8Array): void {
    if (data === undefined) this.#close();
    else this.write(data, () => this.#close());
  }

  destroy(): void {
    this.#close();
  }

  async #read(): Promise<void> {
    try {
      const reader = this.#raw.readable.getReader({ mode: "byob" });
      for (let size = leastBytes; ;) {
        const { done, value } = await reader.read(new Uint8Array(size));
        if (done || this.readyState === "closed") break;
        const { buffer, byteOffset, byteLength } = value;
        if (byteLength === size) size = Math.min(size * 4, mostBytes);
        else if (byteLength * 8 < size) size = leastBytes;
        this.emit("data", Buffer.from(buffer, byteOffset, byteLength));
      }
      this.#close();
    } catch (error) {
      this.#failed(error);
    }
  }

  #close(): void {
    // Not waited for: a write that nobody reads any more may keep it from ever closing.
    this.#raw.close().catch(() => undefined);
    this.#ended();
  }

  #failed(error: unknown): void {
    if (this.readyState === "closed") return;
    this.emit("error", error);
    this.#ended();
  }

  #ended(): void {
    if (this.readyState === "closed") return;
    this.readyState = "closed";
    this.emit("close");
  }
}
