/** The client's end of an upgraded stream: a WebSocket of the platform, which never blocks and takes everything. */
import type { ByteStream } from "../../wire/byte-stream.ts";
import { isValidCloseCode } from "../../wire/websocket/frame.ts";
import { bufferedBytes } from "./live-session.ts";

/** Unsent bytes of the client's socket above which the cluster is braked, and how often a braked one is looked at. */
const maxHighWater = 1 << 20;
const minHighWater = 128 << 10;
/** What waits here is not in the tunnel's budget, and in the same memory: the more clients are slow, the less for the next. */
const sharedBytes = 8 << 20;
const brakedMs = 5;
/** Clients of this isolate that are slow just now. */
let slow = 0;

function highWater(): number {
  return Math.min(maxHighWater, Math.max(minHighWater, sharedBytes / (slow + 1)));
}

/** Brakes the cluster while `client` reads slowly: `send` would let memory fill. Call the result after each `send`. */
export function brakeOn(client: WebSocket, conn: ByteStream, isOver: () => boolean): () => void {
  let braked = false;
  return () => {
    if (braked || bufferedBytes(client) <= highWater()) return;
    braked = true;
    slow += 1;
    conn.pauseReading();
    setTimeout(function look() {
      if (!isOver() && bufferedBytes(client) > highWater() / 2) {
        setTimeout(look, brakedMs);
        return;
      }
      braked = false;
      slow -= 1;
      conn.resumeReading();
    }, brakedMs);
  };
}

/** Codes that may not be sent become 1011; a reason holds at most 123 bytes. */
export function closeClient(client: WebSocket, code: number, reason: string): void {
  try {
    if (code === 1005) client.close();
    else
      client.close(isValidCloseCode(code) ? code : 1011, reason.slice(0, 100).replace(/[^\x20-\x7e]/g, "?"));
  } catch {
    // It is closed already.
  }
}

/** The pair of a 101 answer. `server` is accepted, and gives binary messages as ArrayBuffers. */
export function acceptedPair(): { client: WebSocket; server: WebSocket } {
  const [client, server] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
  server.binaryType = "arraybuffer";
  server.accept({ allowHalfOpen: true });
  return { client, server };
}
