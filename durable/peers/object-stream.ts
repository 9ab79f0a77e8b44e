/**
 * A byte stream between two objects: a WebSocket that the platform carries, with back pressure of our own, which it has not.
 * Bytes are binary messages; a text message says how many were taken, all in all; the close code says how it ended.
 */
import { CONTEXT_HEADER, encodeContext } from "../../schema/internal/context.ts";
import type { InternalContext } from "../../schema/internal/context.ts";
import type { ByteStream, CloseReason } from "../../wire/byte-stream.ts";
import { ChunkQueue } from "../../wire/remotedialer/chunk-queue.ts";

/** Bytes on their way above which `write` asks to wait, and above which the stream ends: a client's WebSocket does not wait. */
const highWater = 256 << 10;
const maxOnTheWay = 48 << 20;
/** The other end hears of what was taken after so many bytes. */
const tellEvery = 64 << 10;
const eofCode = 1000;
const errorCode = 4000;

export class ObjectStream implements ByteStream {
  onData: (chunk: Uint8Array) => void = () => undefined;
  onClose: (reason: CloseReason) => void = () => undefined;
  onDrain: () => void = () => undefined;
  #socket: WebSocket | undefined;
  /** Written before there was a socket. */
  readonly #early = new ChunkQueue();
  readonly #unread = new ChunkQueue();
  #open = true;
  #reading = true;
  #sent = 0;
  #taken = 0;
  #told = 0;
  #onTheWay = 0;
  #wantsDrain = false;
  #closing: CloseReason | undefined;
  #onEnd: () => void;

  /** `socket`: accepted, with ArrayBuffers. `onEnd`: it is closed, whoever did it. */
  constructor(socket: WebSocket | Promise<WebSocket>, onEnd: () => void = () => undefined) {
    this.#onEnd = onEnd;
    if (!(socket instanceof Promise)) {
      this.#start(socket);
      return;
    }
    socket.then(
      (opened) => this.#start(opened),
      (error: unknown) =>
        this.#shut({ kind: "error", text: error instanceof Error ? error.message : String(error) }),
    );
  }

  get open(): boolean {
    return this.#open;
  }

  #start(socket: WebSocket): void {
    if (!this.#open) {
      closeQuietly(socket, eofCode, "");
      return;
    }
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      if (typeof data === "string") this.#acknowledged(Number(data));
      else if (data instanceof ArrayBuffer) this.#receive(new Uint8Array(data));
    });
    socket.addEventListener("close", ({ code, reason }) => {
      closeQuietly(socket, eofCode, "");
      this.#shut(
        code === eofCode
          ? { kind: "eof" }
          : { kind: "error", text: reason === "" ? "the connection between objects broke" : reason },
      );
    });
    socket.addEventListener("error", () =>
      this.#shut({ kind: "error", text: "the connection between objects broke" }),
    );
    for (let chunk = this.#early.shift(); chunk !== undefined; chunk = this.#early.shift()) this.#send(chunk);
  }

  write(bytes: Uint8Array): boolean {
    if (!this.#open) return true;
    this.#sent += bytes.length;
    this.#onTheWay += bytes.length;
    if (this.#onTheWay > maxOnTheWay) {
      this.abort("write buffer exceeded");
      return true;
    }
    if (this.#socket === undefined) this.#early.push(bytes);
    else this.#send(bytes);
    this.#wantsDrain ||= this.#onTheWay > highWater;
    return !this.#wantsDrain;
  }

  #send(message: Uint8Array | string): void {
    try {
      this.#socket?.send(message);
    } catch {
      // Closed: its event follows.
    }
  }

  /** The other end has taken so many bytes. */
  #acknowledged(taken: number): void {
    if (!Number.isSafeInteger(taken) || taken > this.#sent) return;
    this.#onTheWay = this.#sent - taken;
    if (!this.#wantsDrain || this.#onTheWay > highWater / 2 || !this.#open) return;
    this.#wantsDrain = false;
    this.onDrain();
  }

  #receive(chunk: Uint8Array): void {
    if (!this.#open) return;
    this.#unread.push(chunk);
    this.#deliver();
  }

  #deliver(): void {
    while (this.#reading) {
      const chunk = this.#unread.shift();
      if (chunk === undefined) break;
      this.#taken += chunk.length;
      this.onData(chunk);
      if (this.#open && this.#taken - this.#told >= tellEvery) {
        this.#told = this.#taken;
        this.#send(String(this.#taken));
      }
    }
    if (this.#closing !== undefined && this.#unread.isEmpty) this.#finish();
  }

  pauseReading(): void {
    this.#reading = false;
  }

  resumeReading(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.#deliver();
  }

  close(): void {
    if (!this.#open && this.#closing === undefined) return;
    this.#end(eofCode, "");
  }

  abort(text: string): void {
    if (!this.#open && this.#closing === undefined) return;
    this.#end(errorCode, text);
    this.onClose({ kind: "error", text });
  }

  #end(code: number, reason: string): void {
    const wasOpen = this.#open;
    this.#open = false;
    this.#closing = undefined;
    this.#unread.clear();
    this.#early.clear();
    if (this.#socket !== undefined) closeQuietly(this.#socket, code, reason);
    if (wasOpen) this.#onEnd();
  }

  /** The other end has ended it, or there never was one: data first, then the end. */
  #shut(reason: CloseReason): void {
    if (!this.#open) return;
    this.#open = false;
    this.#early.clear();
    this.#closing = reason;
    this.#onEnd();
    if (this.#unread.isEmpty) this.#finish();
  }

  #finish(): void {
    const reason = this.#closing;
    if (reason === undefined) return;
    this.#closing = undefined;
    this.onClose(reason);
  }
}

/** A reason of a close frame holds 123 bytes. */
function closeQuietly(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(code, reason.slice(0, 100).replace(/[^\x20-\x7e]/g, "?"));
  } catch {
    // It is closed already.
  }
}

/** Where such a stream begins: `stub` answers with the other end, or with a text that says why there is none, which is thrown. */
export async function openObjectStream(
  stub: { fetch(url: string, init: RequestInit): Promise<Response> },
  context: InternalContext,
): Promise<WebSocket> {
  const headers = { upgrade: "websocket", [CONTEXT_HEADER]: encodeContext(context) };
  const answer = await stub.fetch("https://object/stream", { headers });
  const { webSocket: socket } = answer;
  if (socket === null || socket === undefined) throw new Error((await answer.text()).slice(0, 100));
  socket.binaryType = "arraybuffer";
  socket.accept({ allowHalfOpen: true });
  return socket;
}
