/**
 * Where the events of many watches come in once, and go out to each client. In workerd a stream for each watcher costs more than
 * all else that an event does: a fan-out object that serves clients of this front sends it each line once, with whom it is
 * for. Messages: docs/design/watch.md, "Relayed by the front".
 */
import { randomUUID } from "node:crypto";
import { chmodSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";

/** A client's side of a watch. */
export interface RelayedClient {
  /** A fan-out has taken its watch over. */
  readonly taken: () => void;
  /** A whole chunk of a chunked body. */
  readonly write: (chunk: Buffer) => void;
  /** Nothing more comes, in an orderly way. */
  readonly end: () => void;
  /** What it has been sent is not all that there was. */
  readonly cut: () => void;
}

interface Place {
  readonly client: RelayedClient;
  /** Of the fan-out that has taken the watch over and not ended it. */
  taken: { readonly link: WebSocket; readonly id: number } | undefined;
}

export class WatchRelay {
  readonly #places = new Map<string, Place>();
  readonly #links = new Map<WebSocket, Map<number, Place>>();
  readonly #http = createServer((_request, response) => response.writeHead(426).end());

  private constructor() {
    const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
    this.#http.on("upgrade", (request, socket, head) =>
      sockets.handleUpgrade(request, socket, head, (link) => this.#serve(link)),
    );
  }

  /** Listens on a unix socket that only this user may open. */
  static async start(socketPath: string): Promise<WatchRelay> {
    const relay = new WatchRelay();
    rmSync(socketPath, { force: true });
    relay.#http.listen(socketPath);
    await once(relay.#http, "listening");
    chmodSync(socketPath, 0o600);
    return relay;
  }

  /** The key by which a fan-out may take over the watch that this client is about to ask for. */
  expect(client: RelayedClient): string {
    const key = randomUUID();
    this.#places.set(key, { client, taken: undefined });
    return key;
  }

  /** The client has gone, or its watch has ended without a fan-out's doing. */
  forget(key: string): void {
    const taken = this.#places.get(key)?.taken;
    this.#places.delete(key);
    if (taken === undefined) return;
    const { link, id } = taken;
    this.#links.get(link)?.delete(id);
    link.send(JSON.stringify({ left: id }));
  }

  async stop(): Promise<void> {
    const closed = once(this.#http, "close");
    this.#http.close();
    for (const link of this.#links.keys()) link.terminate();
    await closed;
  }

  #serve(link: WebSocket): void {
    const places = new Map<number, Place>();
    this.#links.set(link, places);
    link.on("message", (data: Buffer, isBinary) => {
      if (isBinary) deliver(places, data);
      else this.#control(link, places, JSON.parse(data.toString("utf8")) as RelayControl);
    });
    link.on("error", () => link.terminate());
    link.on("close", () => {
      this.#links.delete(link);
      for (const { client } of places.values()) client.cut();
    });
  }

  #control(link: WebSocket, places: Map<number, Place>, message: RelayControl): void {
    if ("end" in message) {
      const place = places.get(message.end);
      places.delete(message.end);
      if (place === undefined) return;
      place.taken = undefined;
      place.client.end();
      return;
    }
    const { take: key, id } = message;
    const place = this.#places.get(key);
    if (place === undefined) {
      link.send(JSON.stringify({ left: id }));
      return;
    }
    place.taken = { link, id };
    places.set(id, place);
    place.client.taken();
  }
}

type RelayControl = { readonly take: string; readonly id: number } | { readonly end: number };

/** How many, then their ids (each 32 bits, little-endian), then the line. */
function deliver(places: ReadonlyMap<number, Place>, message: Buffer): void {
  const count = message.readUInt32LE(0);
  const line = message.subarray(4 + 4 * count);
  const chunk = Buffer.concat([Buffer.from(`${line.length.toString(16)}\r\n`, "latin1"), line, LINE_END]);
  for (let index = 0; index < count; index++)
    places.get(message.readUInt32LE(4 + 4 * index))?.client.write(chunk);
}

const LINE_END = Buffer.from("\r\n", "latin1");
