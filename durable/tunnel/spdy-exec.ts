/**
 * exec and attach of a client that speaks `v5.channel.k8s.io` in a cluster that does not (before 1.30): to the cluster this
 * is a client of the older protocol, SPDY/3.1 with `v4.channel.k8s.io`. What v5 added, the end of standard input alone, is an
 * ended stream there. (Kubernetes' own translator does the same the other way round: apiserver, streamtranslator.)
 */
import type { ByteStream } from "../../wire/byte-stream.ts";
import { SpdyReader, encodeData, encodeSynStream } from "../../wire/spdy/frames.ts";
import { brakeOn, closeClient } from "./client-socket.ts";

/** Numbers of v5's channels: the first byte of each message. 255 closes the one whose number follows. */
const channels = ["stdin", "stdout", "stderr", "error", "resize"] as const;
const closes = 255;
type Channel = (typeof channels)[number];

/** Which streams a command has, by the query of its request: the cluster waits for exactly these. */
export function streamsOf(target: string): Channel[] {
  const query = new URLSearchParams(target.slice(target.indexOf("?") + 1));
  const asks = (name: string): boolean => {
    const value = query.get(name);
    return value !== null && !/^(?:false|0)$/i.test(value);
  };
  const tty = asks("tty");
  const wanted: Readonly<Record<Channel, boolean>> = {
    error: true,
    stdin: asks("stdin"),
    stdout: asks("stdout"),
    stderr: asks("stderr") && !tty,
    resize: tty,
  };
  return (["error", "stdin", "stdout", "stderr", "resize"] as const).filter((name) => wanted[name]);
}

/** Both legs are open: `client` speaks v5, `conn` has switched to SPDY. `rest`: bytes that came with the 101. */
export function spliceSpdyExec(client: WebSocket, conn: ByteStream, rest: Uint8Array, target: string): void {
  const wanted = streamsOf(target);
  const idOf = new Map(wanted.map((name, index) => [name, 2 * index + 1]));
  const nameOf = new Map([...idOf].map(([name, id]) => [id, name]));
  /** Streams of the cluster that have not ended: with the last of them the command is over. */
  const open = new Set<Channel>(wanted.filter((name) => name !== "stdin" && name !== "resize"));
  let over = false;
  const end = (code: number, reason: string): void => {
    if (over) return;
    over = true;
    closeClient(client, code, reason);
    conn.close();
  };
  const brake = brakeOn(client, conn, () => over);
  const reader = new SpdyReader({
    onData: (id, bytes) => {
      const name = nameOf.get(id);
      if (over || name === undefined) return;
      const message = new Uint8Array(1 + bytes.length);
      message[0] = channels.indexOf(name);
      message.set(bytes, 1);
      client.send(message);
      brake();
    },
    onEnd: (id) => {
      const name = nameOf.get(id);
      if (name !== undefined && open.delete(name) && open.size === 0) end(1000, "");
    },
    onGoAway: () => end(1000, ""),
    onPing: (answer) => void conn.write(answer),
    onError: (problem) => end(1011, problem),
  });
  conn.onData = (bytes) => {
    try {
      reader.feed(bytes);
    } catch {
      end(1011, "the client is gone");
    }
  };
  conn.onClose = (reason) =>
    reason.kind === "eof" ? end(1000, "") : end(1011, `the connection to the cluster broke: ${reason.text}`);
  client.addEventListener("message", ({ data }) => {
    if (over || !(data instanceof ArrayBuffer)) return;
    const [channel = closes, ...more] = new Uint8Array(data, 0, Math.min(2, data.byteLength));
    const isClose = channel === closes;
    const name = channels[(isClose ? more[0] : channel) ?? -1];
    const id = name === "stdin" || name === "resize" ? idOf.get(name) : undefined;
    if (id === undefined) return;
    conn.write(encodeData(id, isClose ? new Uint8Array(0) : new Uint8Array(data, 1), isClose));
  });
  client.addEventListener("close", ({ code }) => {
    end(code, "");
    closeClient(client, code, "");
  });
  client.addEventListener("error", () => end(1011, ""));
  for (const [index, name] of wanted.entries())
    conn.write(encodeSynStream(2 * index + 1, { streamtype: name }, index === 0));
  if (rest.length > 0) reader.feed(rest);
}
