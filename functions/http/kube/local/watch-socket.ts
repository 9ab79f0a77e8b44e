/** A watch over WebSocket, as kube-apiserver serves it: one text message for each event, a line feed at its end. */
import { ApiError } from "../../errors.ts";

const newline = 10;
/** Unsent bytes above which nothing more is taken from the watch, and how often they are looked at then. */
const highWater = 1 << 20;
const brakedMs = 20;

/** As k8s.io/apiserver judges it: both headers, in any case. */
export function wantsWebSocket(headers: Headers): boolean {
  return (
    headers.get("upgrade")?.toLowerCase() === "websocket" &&
    /(^|[\s,])upgrade($|[\s,])/i.test(headers.get("connection") ?? "")
  );
}

/**
 * The subprotocol to answer with: the one that is offered, for a watch has none of its own. The one that holds a bearer
 * token is no protocol (functions/identity/bearer.ts). Throws `BadRequest` for several, as kube-apiserver does.
 */
export function watchProtocol(headers: Headers): string | undefined {
  const [first, ...others] = (headers.get("sec-websocket-protocol") ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && !name.startsWith("base64url.bearer.authorization.k8s.io."));
  if (others.length > 0)
    throw new ApiError("BadRequest", "a watch has no subprotocols to choose from: offer one, or none");
  return first;
}

/**
 * Joins a stream of lines to a new WebSocket, and answers the upgrade. What the client says is not read; when it closes, the
 * watch ends.
 */
export function answerSocket(protocol: string | undefined, lines: ReadableStream<Uint8Array>): Response {
  const [client, server] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
  server.accept();
  void pump(lines.getReader(), server);
  return new Response(null, {
    status: 101,
    webSocket: client,
    ...(protocol === undefined ? {} : { headers: { "sec-websocket-protocol": protocol } }),
  });
}

/** Reads only as fast as the client does: the fan-out cuts who is too slow, and then the socket closes. */
async function pump(lines: ReadableStreamDefaultReader<Uint8Array>, socket: WebSocket): Promise<void> {
  let left = false;
  const leave = (): void => {
    left = true;
    void lines.cancel().catch(() => undefined);
  };
  socket.addEventListener("close", leave);
  socket.addEventListener("error", leave);
  try {
    let begun: Uint8Array[] = [];
    for (;;) {
      const { done, value } = await lines.read();
      if (left) return;
      if (done) break;
      const end = value.lastIndexOf(newline) + 1;
      if (end > 0) {
        for (const message of messagesOf([...begun, value.subarray(0, end)])) socket.send(message);
        begun = [];
      }
      if (end < value.length) begun.push(value.slice(end));
      while (!left && socket.bufferedAmount > highWater)
        await new Promise((resolve) => setTimeout(resolve, brakedMs));
    }
    socket.close(1000, "");
  } catch {
    // The stream broke, or the client went away while something was sent to it.
    closeBroken(socket);
  }
}

/** Whole lines in several parts, each with its line feed. */
function messagesOf(parts: readonly Uint8Array[]): string[] {
  const decoder = new TextDecoder();
  const text = parts.map((part) => decoder.decode(part, { stream: true })).join("");
  return text.match(/[^\n]*\n/g) ?? [];
}

/** 1011: the client watches again. */
function closeBroken(socket: WebSocket): void {
  try {
    socket.close(1011, "the watch broke");
  } catch {
    // It is closed already.
  }
}
