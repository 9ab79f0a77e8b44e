/**
 * The bytes of a connection inside a WebSocket to workerd: the client's go out as binary messages, binary messages come back
 * to it. The other end says in text messages how many bytes it has taken, because a WebSocket of workerd has no back pressure.
 */
import { MessageStream } from "../../wire/websocket/messages.ts";

/** Bytes that may be on their way to the cluster without word from the other end. */
const WINDOW = 1 << 20;
const MAX_MESSAGE_BYTES = 32 << 20;

export interface WrappedEnds {
  readonly toClient: (bytes: Uint8Array) => void;
  readonly toBackend: (bytes: Uint8Array) => void;
  /** The window has room again. */
  readonly onRoom: () => void;
  /** The cluster has ended the connection, or the WebSocket is broken. */
  readonly onEnd: () => void;
}

export class WrappedStream {
  readonly #messages: MessageStream;
  #sent = 0;
  #taken = 0;

  constructor(ends: WrappedEnds) {
    this.#messages = new MessageStream(
      { role: "client", maxMessageBytes: MAX_MESSAGE_BYTES },
      {
        onBinary: ends.toClient,
        onText: (text) => {
          const wasFull = this.isFull;
          this.#taken = Number(text);
          if (wasFull && !this.isFull) ends.onRoom();
        },
        onClose: (code) => {
          this.#messages.close(code, "");
          ends.onEnd();
        },
        onError: ends.onEnd,
        send: ends.toBackend,
      },
    );
  }

  /** The client must not be read on. */
  get isFull(): boolean {
    return this.#sent - this.#taken > WINDOW;
  }

  fromClient(bytes: Uint8Array): void {
    this.#sent += bytes.length;
    this.#messages.sendBinary(bytes);
  }

  fromBackend(bytes: Uint8Array): void {
    this.#messages.feed(bytes);
  }
}
