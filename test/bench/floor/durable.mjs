// The objects behind the floors. `/sketch/…` is the least that a tunnel can be: no protocol, no rights, no limits. A message
// is a kind, an id of four bytes, and a payload (test/peers/echo.go).
import { DurableObject } from "cloudflare:workers";

const body = "x".repeat(1024);
const kinds = { answer: 0, watch: 1, stop: 2, back: 3 };
// About as long as the head of a request.
const question = new Uint8Array(512);

export class ClusterTunnel extends DurableObject {
  // It may have hibernated meanwhile.
  #agent = this.ctx.getWebSockets()[0];
  #last = 0;
  #waiting = new Map();

  fetch(request) {
    const { url } = request;
    if (url.endsWith("/object")) return new Response(body);
    if (url.endsWith("/sketch/connect")) return this.#connect();
    if (url.endsWith("/sketch/ws")) return this.#splice();
    if (url.endsWith("/sketch/stamps")) return this.#watch(request.signal);
    const id = ++this.#last;
    return new Promise((resolve) => {
      this.#waiting.set(id, (payload) => {
        this.#waiting.delete(id);
        resolve(new Response(payload));
      });
      this.#send(kinds.answer, id, question);
    });
  }

  webSocketMessage(_socket, message) {
    const id = new DataView(message).getUint32(1);
    this.#waiting.get(id)?.(new Uint8Array(message, 5));
  }

  #send(kind, id, payload) {
    const message = new Uint8Array(5 + payload.length);
    message[0] = kind;
    new DataView(message.buffer).setUint32(1, id);
    message.set(payload, 5);
    this.#agent.send(message);
  }

  #connect() {
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    this.#agent = server;
    return new Response(null, { status: 101, webSocket: client });
  }

  #watch(signal) {
    const id = ++this.#last;
    const stream = new ReadableStream({
      start: (controller) => {
        this.#waiting.set(id, (payload) => controller.enqueue(payload));
        signal.addEventListener("abort", () => {
          this.#waiting.delete(id);
          this.#send(kinds.stop, id, new Uint8Array());
        });
        this.#send(kinds.watch, id, new Uint8Array());
      },
    });
    return new Response(stream);
  }

  #splice() {
    const id = ++this.#last;
    const [client, server] = Object.values(new WebSocketPair());
    server.binaryType = "arraybuffer";
    server.accept();
    server.addEventListener("message", ({ data }) => this.#send(kinds.back, id, new Uint8Array(data)));
    server.addEventListener("close", () => this.#waiting.delete(id));
    this.#waiting.set(id, (payload) => server.send(payload));
    return new Response(null, { status: 101, webSocket: client });
  }
}

export class StoreWriter extends DurableObject {}

export class Scheduler extends DurableObject {}

export class StoreReader extends DurableObject {}

export class WatchHub extends DurableObject {}

export class WatchFanout extends DurableObject {}

export class TunnelStatistics extends DurableObject {}

export default {};
