/**
 * A WebSocket that this side opens, over any byte stream (RFC 6455). The platform's own cannot send a PING, without which a Go server
 * ends a session after 60 s (tunnel.md 1.8). No timers and no sockets: whoever opens it sets limits, and calls `abort`.
 */
import type { ByteStream } from "../byte-stream.ts";
import { ByteBuffer } from "../byte-buffer.ts";
import type { ResponseHead } from "../http1/head.ts";
import { encodeRequestHead } from "../http1/request.ts";
import type { HeaderPair } from "../http1/request.ts";
import { ResponseReader } from "../http1/response-reader.ts";
import { acceptFor, newKey } from "./handshake.ts";
import { MessageStream } from "./messages.ts";

/** Why there is none, or none any more. */
export type ClientSocketEnd =
  /** The server answered, and not with a 101. `text`: the first bytes of its answer. */
  | { readonly kind: "refused"; readonly status: number; readonly text: string }
  /** A close frame came, or a broken protocol, or the stream below is gone. */
  | { readonly kind: "closed"; readonly text: string };

export interface ClientSocketEvents {
  readonly onOpen: () => void;
  readonly onBinary: (bytes: Uint8Array) => void;
  readonly onText: (text: string) => void;
  readonly onPong: () => void;
  /** There is room again, after `full`. */
  readonly onDrain: () => void;
  /** Once, also before `onOpen`. Not after `close`. */
  readonly onEnd: (end: ClientSocketEnd) => void;
}

export interface ClientSocketOptions {
  /** `host[:port]`, as the header says it. */
  readonly host: string;
  /** `/v3/connect` */
  readonly target: string;
  readonly headers: readonly HeaderPair[];
  readonly maxMessageBytes: number;
}

const refusalBytes = 512;

export class ClientSocket {
  readonly #stream: ByteStream;
  readonly #events: ClientSocketEvents;
  readonly #messages: MessageStream;
  readonly #key = newKey();
  readonly #reader: ResponseReader;
  readonly #refusal = new ByteBuffer();
  #refusedStatus = 0;
  #state: "asked" | "switched" | "open" | "over" = "asked";
  /** What came behind the 101 while its answer to our key was looked at. */
  readonly #early = new ByteBuffer();
  #full = false;

  /** Sends the handshake. `stream` is this one's alone from here on. Throws InvalidRequest for headers that cannot be sent. */
  constructor(stream: ByteStream, options: ClientSocketOptions, events: ClientSocketEvents) {
    this.#stream = stream;
    this.#events = events;
    this.#messages = new MessageStream(
      { role: "client", maxMessageBytes: options.maxMessageBytes },
      {
        onText: events.onText,
        onBinary: events.onBinary,
        onPong: events.onPong,
        onClose: (code, reason) => {
          this.#messages.close(code, "");
          this.#end({ kind: "closed", text: `close code ${code} ${reason}`.trim() });
        },
        onError: (_code, problem) => this.#end({ kind: "closed", text: problem }),
        send: (bytes) => this.#write(bytes),
      },
    );
    this.#reader = new ResponseReader("GET", {
      onHead: ({ status }, length) => {
        this.#refusedStatus = status;
        if (length === 0) this.#refused();
      },
      onBody: (chunk) => {
        this.#refusal.append(chunk.subarray(0, refusalBytes - this.#refusal.length));
        if (this.#refusal.length >= refusalBytes) this.#refused();
      },
      onEnd: () => this.#refused(),
      onUpgrade: (head, rest) => void this.#switch(head, rest),
      onError: (problem) => {
        if (this.#refusedStatus > 0) this.#refused();
        else this.#end({ kind: "closed", text: problem });
      },
    });
    stream.onData = (chunk) => this.#receive(chunk);
    stream.onDrain = () => {
      this.#full = false;
      events.onDrain();
    };
    stream.onClose = (reason) => {
      if (this.#state === "asked" && reason.kind === "eof") this.#reader.end();
      this.#end({ kind: "closed", text: reason.kind === "eof" ? "connection closed" : reason.text });
    };
    this.#write(
      encodeRequestHead("GET", options.target, [
        ["Host", options.host],
        ["Upgrade", "websocket"],
        ["Connection", "Upgrade"],
        ["Sec-WebSocket-Key", this.#key],
        ["Sec-WebSocket-Version", "13"],
        ...options.headers,
      ]),
    );
  }

  get open(): boolean {
    return this.#state === "open";
  }

  /** The stream below wants no more for now: `onDrain` follows. */
  get full(): boolean {
    return this.#full;
  }

  /** Nothing is sent before `onOpen` and after the end. */
  sendBinary(bytes: Uint8Array): void {
    if (this.open) this.#messages.sendBinary(bytes);
  }

  ping(): void {
    if (this.open) this.#messages.ping();
  }

  /** Says why and ends. No callback follows. */
  close(code: number, reason: string): void {
    if (this.#state === "over") return;
    if (this.open) this.#messages.close(code, reason);
    this.#state = "over";
    this.#stream.close();
  }

  /** Ends it without a word to the other side, which may not hear any more. */
  abort(text: string): void {
    this.#end({ kind: "closed", text });
  }

  #write(bytes: Uint8Array): void {
    if (!this.#stream.write(bytes)) this.#full = true;
  }

  #receive(chunk: Uint8Array): void {
    if (this.#state === "asked") this.#reader.feed(chunk);
    else if (this.#state === "open") this.#messages.feed(chunk);
    else if (this.#state === "switched") this.#early.append(chunk);
  }

  /** RFC 6455, section 4.1: a server that has understood answers our key, and agrees to nothing that was not offered. */
  async #switch(head: ResponseHead, rest: Uint8Array): Promise<void> {
    this.#state = "switched";
    this.#early.append(rest);
    const wanted = await acceptFor(this.#key);
    if (this.#state !== "switched") return;
    const names = (head.get("connection") ?? "").toLowerCase().split(",");
    const agreed =
      head.get("upgrade")?.toLowerCase() === "websocket" &&
      names.some((name) => name.trim() === "upgrade") &&
      head.get("sec-websocket-accept") === wanted &&
      head.get("sec-websocket-extensions") === undefined &&
      head.get("sec-websocket-protocol") === undefined;
    if (!agreed) {
      this.#end({ kind: "closed", text: "the server broke the WebSocket handshake" });
      return;
    }
    this.#state = "open";
    this.#events.onOpen();
    const early = this.#early.take();
    if (early.length > 0) this.#receive(early);
  }

  #refused(): void {
    const text = new TextDecoder().decode(this.#refusal.bytes).trim();
    this.#end({ kind: "refused", status: this.#refusedStatus, text });
  }

  #end(end: ClientSocketEnd): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#stream.close();
    this.#events.onEnd(end);
  }
}
