/**
 * Whole messages over a byte stream: the client's leg of an upgraded stream is messages (the platform's WebSocket), the
 * agent's leg is frames. This turns one into the other; pings are answered here.
 */
import { ByteBuffer } from "../byte-buffer.ts";
import { decodeClose, encodeClosePayload, encodeFrame, FrameDecoder, opcode } from "./frame.ts";
import type { Frame } from "./frame.ts";

export interface MessageEvents {
  readonly onText: (text: string) => void;
  readonly onBinary: (bytes: Uint8Array) => void;
  /** An answer to `ping`, or one that nobody asked for. */
  readonly onPong?: () => void;
  /** A close frame came; 1005 = without a code. */
  readonly onClose: (code: number, reason: string) => void;
  /** The peer broke the protocol; a close frame with this code has been sent. */
  readonly onError: (code: number, problem: string) => void;
  /** Bytes for the stream. */
  readonly send: (bytes: Uint8Array) => void;
}

export interface MessageOptions {
  /** `client` masks what it sends and refuses masked frames; `server` the other way round. */
  readonly role: "client" | "server";
  /** Larger messages end the connection with 1009. */
  readonly maxMessageBytes: number;
}

const encoder = new TextEncoder();

export class MessageStream {
  readonly #events: MessageEvents;
  readonly #options: MessageOptions;
  readonly #decoder: FrameDecoder;
  /** Payloads of an unfinished message. */
  readonly #held = new ByteBuffer();
  #messageCode = 0;
  #over = false;
  #closeSent = false;

  constructor(options: MessageOptions, events: MessageEvents) {
    this.#options = options;
    this.#events = events;
    this.#decoder = new FrameDecoder({
      masked: options.role === "server",
      maxPayload: options.maxMessageBytes,
      onFrame: (frame) => this.#take(frame),
    });
  }

  sendText(text: string): void {
    this.#send(opcode.text, encoder.encode(text));
  }

  sendBinary(bytes: Uint8Array): void {
    this.#send(opcode.binary, bytes);
  }

  /** Asks the peer for a PONG (tunnel.md 1.8: without a payload). */
  ping(): void {
    this.#send(opcode.ping, new Uint8Array(0));
  }

  /** Sends one close frame; codes that must not be on the wire go without a code. */
  close(code: number, reason: string): void {
    if (this.#closeSent) return;
    this.#send(opcode.close, encodeClosePayload(code, reason));
    this.#closeSent = true;
  }

  feed(bytes: Uint8Array): void {
    if (this.#over) return;
    const problem = this.#decoder.feed(bytes);
    // Behind a close frame nothing is looked at any more.
    if (problem !== undefined && !this.#over)
      this.#fail(problem === "frame too large" ? 1009 : 1002, problem);
  }

  #send(code: number, payload: Uint8Array): void {
    if (this.#closeSent) return;
    const mask = this.#options.role === "client" ? crypto.getRandomValues(new Uint8Array(4)) : undefined;
    this.#events.send(encodeFrame(code, payload, mask));
  }

  #take(frame: Frame): void {
    if (this.#over) return;
    switch (frame.code) {
      case opcode.ping:
        this.#send(opcode.pong, frame.payload);
        return;
      case opcode.pong:
        this.#events.onPong?.();
        return;
      case opcode.close: {
        const close = decodeClose(frame.payload);
        if (close === undefined) this.#fail(1002, "invalid close frame");
        else {
          this.#over = true;
          this.#events.onClose(close.code, close.reason);
        }
        return;
      }
      default:
        this.#takeData(frame);
    }
  }

  #takeData(frame: Frame): void {
    const continues = frame.code === opcode.continuation;
    if (continues !== this.#messageCode > 0) {
      this.#fail(1002, continues ? "continuation without a start" : "message inside a message");
      return;
    }
    if (!continues) this.#messageCode = frame.code;
    if (this.#held.length + frame.payload.length > this.#options.maxMessageBytes) {
      this.#fail(1009, "message too large");
      return;
    }
    if (frame.final && this.#held.length === 0) {
      this.#deliver(frame.payload);
      return;
    }
    this.#held.append(frame.payload);
    if (frame.final) this.#deliver(this.#held.take());
  }

  #deliver(payload: Uint8Array): void {
    const isText = this.#messageCode === opcode.text;
    this.#messageCode = 0;
    if (!isText) {
      this.#events.onBinary(payload);
      return;
    }
    let text: string;
    try {
      text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(payload);
    } catch {
      this.#fail(1007, "text message is not UTF-8");
      return;
    }
    this.#events.onText(text);
  }

  #fail(code: number, problem: string): void {
    this.#over = true;
    this.#held.take();
    this.close(code, problem);
    this.#events.onError(code, problem);
  }
}
