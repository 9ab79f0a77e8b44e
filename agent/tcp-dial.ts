/** The main session's streams: bytes to and from an address that the agent can reach (tunnel.md 1.11). */
import { connect } from "node:net";
import type { NetConnectOpts } from "node:net";
import type { Conn } from "../wire/remotedialer/conn.ts";
import { ConnStream } from "./conn-stream.ts";

const dockerSocket = "/var/run/docker.sock";
/** tunnel.md 1.8. */
const dialMs = 60_000;
/** How long a socket that nobody needs any more may take to send what it holds. */
const lingerMs = 60_000;

/** `tcp` to any address, `unix` to Docker's socket only: what Rancher's agent allows. */
export function mayDial(proto: string, address: string): boolean {
  return proto === "tcp" || (proto === "unix" && address === dockerSocket);
}

/** Dials for a stream and joins the two. A failure reaches the server as `dial <proto> <address>: <why>`. */
export function dial(conn: Conn): void {
  const target = dialTarget(conn.proto, conn.address);
  if (target === undefined) {
    conn.abort(`dial ${conn.proto} ${conn.address}: not an address`);
    return;
  }
  const stream = new ConnStream(conn);
  const socket = connect(target);
  const timer = setTimeout(() => socket.destroy(new Error("i/o timeout")), dialMs);
  let connected = false;
  socket.once("connect", () => {
    connected = true;
    clearTimeout(timer);
    socket.setNoDelay(true);
  });
  socket.on("error", (error) => {
    const text = connected ? error.message : `dial ${conn.proto} ${conn.address}: ${error.message}`;
    stream.destroy(new Error(text));
  });
  socket.on("close", () => {
    clearTimeout(timer);
    stream.end();
  });
  // The server hears of errors by the stream; here only the socket is left to close.
  stream.on("error", () => socket.destroy());
  stream.on("close", () => {
    clearTimeout(timer);
    if (!connected) socket.destroy();
    socket.setTimeout(lingerMs, () => socket.destroy());
    socket.destroySoon();
  });
  stream.pipe(socket);
  socket.pipe(stream);
}

/** `host:port` with an IPv6 host in brackets. */
function dialTarget(proto: string, address: string): NetConnectOpts | undefined {
  if (proto === "unix") return { path: address };
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) > 65_535) return undefined;
  return { host, port: Number(port) };
}
