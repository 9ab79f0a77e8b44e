/** A client's connection as bytes in binary messages, joined to one of the cluster that has switched to the same protocol. */
import type { ByteStream, CloseReason } from "../../wire/byte-stream.ts";
import { brakeOn, closeClient } from "./client-socket.ts";

/** After so many bytes the front is told that they were taken; it waits after 1 MiB (infra/front/wrapped-stream.ts). */
const tellEvery = 128 << 10;

/**
 * Both legs are open. `rest`: bytes that came with the 101. `credit`: the other end is our front, which waits for word of what
 * was taken; other clients get no text messages.
 */
export function rawSplice(
  client: WebSocket,
  conn: ByteStream,
  rest: Uint8Array,
  { credit }: { credit: boolean },
): void {
  let over = false;
  let taken = 0;
  let told = 0;
  const tell = (): void => {
    if (over || !credit || taken === told) return;
    told = taken;
    client.send(String(taken));
  };
  const leave = (): void => {
    over = true;
    conn.close();
  };
  const brake = brakeOn(client, conn, () => over);
  const deliver = (bytes: Uint8Array): void => {
    if (over) return;
    try {
      client.send(bytes);
      brake();
    } catch {
      leave();
    }
  };
  conn.onData = deliver;
  conn.onDrain = tell;
  conn.onClose = (reason: CloseReason) => {
    if (over) return;
    over = true;
    if (reason.kind === "eof") closeClient(client, 1000, "");
    else closeClient(client, 1011, `the connection to the cluster broke: ${reason.text}`);
  };
  client.addEventListener("message", ({ data }) => {
    if (over || !(data instanceof ArrayBuffer)) return;
    const roomy = conn.write(new Uint8Array(data));
    taken += data.byteLength;
    if (roomy && taken - told >= tellEvery) tell();
  });
  client.addEventListener("close", ({ code }) => {
    if (!over) leave();
    closeClient(client, code, "");
  });
  client.addEventListener("error", leave);
  if (rest.length > 0) deliver(rest);
}
