/** A Node socket as a byte stream, and a TLS client on it. */
import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import type { ByteStream, CloseReason } from "../../wire/byte-stream.ts";
import type { TlsClientOptions } from "../../wire/tls/client.ts";
import { TlsStream } from "../../wire/tls/stream.ts";

export class NodeStream implements ByteStream {
  onData: (chunk: Uint8Array) => void = () => undefined;
  onClose: (reason: CloseReason) => void = () => undefined;
  onDrain: () => void = () => undefined;
  open = true;
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.onData(new Uint8Array(chunk)));
    socket.on("drain", () => this.onDrain());
    socket.on("end", () => this.#end({ kind: "eof" }));
    socket.on("error", (error) => this.#end({ kind: "error", text: error.message }));
  }

  #end(reason: CloseReason): void {
    if (!this.open) return;
    this.open = false;
    this.#socket.destroy();
    this.onClose(reason);
  }

  write(bytes: Uint8Array): boolean {
    return !this.open || this.#socket.write(bytes);
  }

  pauseReading(): void {
    this.#socket.pause();
  }

  resumeReading(): void {
    this.#socket.resume();
  }

  close(): void {
    this.open = false;
    this.#socket.end();
  }

  abort(text: string): void {
    this.#socket.destroy();
    this.#end({ kind: "error", text });
  }
}

/** Connected below, in the middle of its handshake above. */
export async function dialTls(port: number, options: TlsClientOptions): Promise<TlsStream> {
  const socket = connect(port, "127.0.0.1");
  socket.setNoDelay(true);
  await once(socket, "connect");
  return new TlsStream(new NodeStream(socket), options);
}
