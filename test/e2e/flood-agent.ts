/** An agent without manners: it answers requests for `/api/flood` with bytes without end, whatever it is told, and others with a word. */
import { decodeMessage, encodeMessage, encodeText, messageType } from "../../wire/remotedialer/codec.ts";
import type { Drover } from "./drover.ts";
import { tryConnect } from "./scripted-agent.ts";

export interface FloodAgent {
  /** With what text the flood's stream was ended. */
  readonly ended: Promise<string>;
  readonly stop: () => void;
}

/** More than any cap, with all that kernels take. */
const maxMessages = 256;

/** A steve session, the newest of its cluster: requests come to it. */
export async function connectFlood(drover: Drover, token: string): Promise<FloodAgent> {
  const { socket, text } = await tryConnect(drover, "/v3/connect", {
    authorization: `Bearer stv-cluster-${token}`,
  });
  if (socket === undefined) throw new Error(`the agent did not connect: ${text}`);
  const { data, error } = messageType;
  const ended = Promise.withResolvers<string>();
  let flooding = 0;

  function pour(connId: number, messages: number): void {
    if (flooding !== connId) return;
    if (messages === maxMessages) ended.reject(new Error("there is no cap"));
    else socket?.send(encodeMessage(data, connId, new Uint8Array(1 << 20)), () => pour(connId, messages + 1));
  }

  socket.on("message", (bytes: Buffer) => {
    const message = decodeMessage(bytes);
    const payload = new TextDecoder().decode(message?.payload);
    if (message?.type === error && message.connId === flooding) {
      flooding = 0;
      ended.resolve(payload);
    }
    if (message?.type !== data) return;
    const { connId } = message;
    if (payload === "") {
      // A probe, or a mark: tunnel.md 1.8.
      socket.send(encodeText(error, connId, "connection not found"));
    } else if (payload.startsWith("GET /api/flood ")) {
      flooding = connId;
      socket.send(encodeText(data, connId, "HTTP/1.1 200 OK\r\n\r\n"));
      pour(connId, 0);
    } else {
      socket.send(encodeText(data, connId, "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nthe flood's"));
    }
  });
  return { ended: ended.promise, stop: () => socket.terminate() };
}
