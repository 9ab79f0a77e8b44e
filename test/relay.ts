/** A TCP relay in front of a server: a line that a test can make long, or cut without either end hearing of it. */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { Socket } from "node:net";
import { Transform } from "node:stream";

export interface Relay {
  readonly port: number;
  /** Forwards nothing more and closes nothing: what a half-open connection looks like from both sides. */
  readonly freeze: () => void;
  readonly close: () => void;
}

export interface Line {
  /** How long each byte travels, one way. */
  readonly delayMs?: number;
  /** How many bytes may be on the way, each way. */
  readonly windowBytes?: number;
  /** Where it listens. */
  readonly host?: string;
}

export async function startRelay(target: number, line: Line = {}): Promise<Relay> {
  const { delayMs = 0, windowBytes = Infinity, host = "127.0.0.1" } = line;
  const sockets = new Set<Socket>();
  const relay = createServer((near) => {
    const far = connect(target, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        near.destroy();
        far.destroy();
      });
    }
    if (delayMs === 0) near.pipe(far).pipe(near);
    else near.pipe(delay(delayMs, windowBytes)).pipe(far).pipe(delay(delayMs, windowBytes)).pipe(near);
  }).listen(0, host);
  await once(relay, "listening");
  const address = relay.address();
  if (address === null || typeof address === "string") throw new Error("the relay has no port");
  return {
    port: address.port,
    freeze() {
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
    },
    close() {
      relay.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Timers of one length fire in the order in which they were set. */
function delay(ms: number, windowBytes: number): Transform {
  let onTheWay = 0;
  let waiting: (() => void) | undefined;
  return new Transform({
    readableHighWaterMark: Math.min(windowBytes, Number.MAX_SAFE_INTEGER),
    transform(chunk: Buffer, _encoding, take) {
      onTheWay += chunk.length;
      setTimeout(() => {
        onTheWay -= chunk.length;
        this.push(chunk);
        if (onTheWay >= windowBytes) return;
        // Which may wait again at once.
        const taken = waiting;
        waiting = undefined;
        taken?.();
      }, ms);
      if (onTheWay < windowBytes) take();
      else waiting = take;
    },
    flush(ended) {
      setTimeout(ended, ms);
    },
  });
}
