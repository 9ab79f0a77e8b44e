/** A WebSocket of the client, as messages, joined to one of the cluster, as frames on a tunnel stream (exec, port-forward). */
import type { ByteStream } from "../../wire/byte-stream.ts";
import { MessageStream } from "../../wire/websocket/messages.ts";
import { brakeOn, closeClient } from "./client-socket.ts";

/** The platform's own limit for a message that it receives (platform.md 3.1). */
const maxMessageBytes = 32 << 20;
/** How long the cluster may take to answer a close frame. */
const closeMs = 5_000;

/** Both legs are open. `rest`: bytes that came with the 101. Ends both when either ends. */
export function splice(client: WebSocket, conn: ByteStream, rest: Uint8Array): void {
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
    brake();
  };
  const brake = brakeOn(client, conn, () => over);
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
