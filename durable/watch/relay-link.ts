/**
 * The way from a fan-out object to the front of a self-hosted Drover, which writes to many clients what it gets once.
 * Messages: docs/design/watch.md, "Relayed by the front".
 */

export interface RelayEvents {
  /** The client of this id has gone. */
  readonly onLeft: (id: number) => void;
  /** The front is gone, and with it all clients. */
  readonly onClosed: () => void;
}

export class RelayLink {
  readonly #socket: WebSocket;
  #isOpen = true;
  #lastId = 0;

  private constructor(socket: WebSocket, { onLeft, onClosed }: RelayEvents) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      if (typeof data === "string") onLeft((JSON.parse(data) as { readonly left: number }).left);
    });
    const closed = (): void => {
      this.#isOpen = false;
      onClosed();
    };
    socket.addEventListener("close", closed);
    socket.addEventListener("error", closed);
    socket.accept();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Rejects when the front does not answer. */
  static async open(front: Fetcher, events: RelayEvents): Promise<RelayLink> {
    const { webSocket, status } = await front.fetch("http://front/", { headers: { upgrade: "websocket" } });
    if (webSocket === null) throw new Error(`the front answered ${status}`);
    return new RelayLink(webSocket, events);
  }

  /** `onClosed` tells of it when the front has gone meanwhile. */
  #send(message: string | Uint8Array): void {
    try {
      this.#socket.send(message);
    } catch {
      // It is closed.
    }
  }

  /** Takes over the watch that the front knows by `key`. Returns the id under which it goes on. */
  take(key: string): number {
    const id = ++this.#lastId;
    this.#send(JSON.stringify({ take: key, id }));
    return id;
  }

  write(ids: readonly number[], line: Uint8Array): void {
    const message = new Uint8Array(4 + 4 * ids.length + line.byteLength);
    const numbers = new DataView(message.buffer);
    numbers.setUint32(0, ids.length, true);
    for (const [index, id] of ids.entries()) numbers.setUint32(4 + 4 * index, id, true);
    message.set(line, 4 + 4 * ids.length);
    this.#send(message);
  }

  /** Nothing more comes for this one. */
  end(id: number): void {
    this.#send(JSON.stringify({ end: id }));
  }

  close(): void {
    this.#socket.close(1000, "nobody watches");
  }
}
