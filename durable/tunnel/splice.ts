/** A WebSocket of the client, as messages, joined to one of the cluster, as frames on a tunnel stream (exec, port-forward). */
import type { Conn } from "../../wire/remotedialer/conn.ts";
import { isValidCloseCode } from "../../wire/websocket/frame.ts";
import { MessageStream } from "../../wire/websocket/messages.ts";
import { bufferedBytes } from "./live-session.ts";

/** The platform's own limit for a message that it receives (platform.md 3.1). */
const maxMessageBytes = 32 << 20;
/** How long the cluster may take to answer a close frame. */
const closeMs = 5_000;
/** Unsent bytes of the client's socket above which the cluster is braked, and how often a braked one is looked at. */
const clientHighWater = 1 << 20;
const brakedMs = 5;

/** Both legs are open. `rest`: bytes that came with the 101. Ends both when either ends. */
export function splice(client: WebSocket, conn: Conn, rest: Uint8Array): void {
  let over = false;
  const end = (code: number, reason: string): void => {
    if (over) return;
    over = true;
    closeClient(client, code, reason);
  };
  const frames = new MessageStream(
    { role: "client", maxMessageBytes },
    {
      onText: (text) => deliver(() => client.send(text)),
      onBinary: (bytes) => deliver(() => client.send(bytes)),
      onClose: (code, reason) => {
        // The answering close frame; then nothing more follows on the stream.
        frames.close(code, "");
        end(code, reason);
        conn.close();
      },
      onError: (_code, problem) => {
        end(1002, problem);
        conn.close();
      },
      send: (bytes) => void conn.write(bytes),
    },
  );
  const deliver = (send: () => void): void => {
    if (over) return;
    try {
      send();
    } catch {
      over = true;
      conn.close();
      return;
    }
    if (!braked && bufferedBytes(client) > clientHighWater) brake();
  };
  let braked = false;
  /** `send` never blocks: a client that reads slowly must not fill memory with what the cluster says. */
  const brake = (): void => {
    braked = true;
    conn.pauseReading();
    setTimeout(function look() {
      if (!over && bufferedBytes(client) > clientHighWater / 2) {
        setTimeout(look, brakedMs);
        return;
      }
      braked = false;
      conn.resumeReading();
    }, brakedMs);
  };
  conn.onData = (chunk) => frames.feed(chunk);
  conn.onClose = (reason) =>
    reason.kind === "eof" ? end(1006, "") : end(1011, `the connection to the cluster broke: ${reason.text}`);
  client.addEventListener("message", ({ data }) => {
    if (typeof data === "string") frames.sendText(data);
    else if (data instanceof ArrayBuffer) frames.sendBinary(new Uint8Array(data));
  });
  client.addEventListener("close", ({ code, reason }) => {
    if (over) return;
    over = true;
    if (code === 1006) {
      conn.close();
      return;
    }
    frames.close(code, reason);
    closeClient(client, code, reason);
    setTimeout(() => conn.close(), closeMs);
    conn.onClose = () => undefined;
  });
  client.addEventListener("error", () => {
    over = true;
    conn.close();
  });
  if (rest.length > 0) frames.feed(rest);
}

/** Codes that may not be sent become 1011; a reason holds at most 123 bytes. */
function closeClient(client: WebSocket, code: number, reason: string): void {
  try {
    if (code === 1005) client.close();
    else
      client.close(isValidCloseCode(code) ? code : 1011, reason.slice(0, 100).replace(/[^\x20-\x7e]/g, "?"));
  } catch {
    // It is closed already.
  }
}
