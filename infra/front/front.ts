/**
 * The TLS front: what clients connect to. It ends TLS (HTTP/1.1 only), tells workerd the client's address, and makes
 * workerd notice at once when a client has left. See docs/design/local-runtime.md for why workerd is not exposed itself.
 */
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:tls";
import { errorCode } from "../files.ts";
import type { ServingCertificate } from "../pki/certificates.ts";
import { UserError } from "../user-error.ts";
import { serveClient } from "./connection.ts";
import { Allowance } from "./client-reader.ts";
import { Gate } from "./gate.ts";
import { refusal } from "./refusal.ts";
import { Turnstile } from "./turnstile.ts";
import type { WatchRelay } from "./watch-relay.ts";

export interface FrontOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly certificate: Pick<ServingCertificate, "certPem" | "keyPem">;
  /** workerd's unix socket. */
  readonly backendPath: string;
  readonly relay?: WatchRelay;
  /** How long a request head may take to arrive. */
  readonly headMs?: number;
  /** How long a new connection waits while the gate is closed. */
  readonly holdMs?: number;
  readonly maxConnections?: number;
}

export interface Front {
  readonly port: number;
  /** Closed at first: requests are held until it is opened. */
  readonly gate: Gate;
  /** Cuts all connections. May be called more than once. */
  stop(): Promise<void>;
}

/** Agents that connect: as many as keep workerd busy. */
const AGENTS_AT_ONCE = 32;

/** Listens at once; throws `UserError` naming `--port` or `--host` when it cannot. */
export async function startFront(options: FrontOptions): Promise<Front> {
  const { host, port, certificate, backendPath, relay, headMs = 30_000, holdMs = 10_000 } = options;
  const gate = new Gate();
  const agents = new Turnstile(AGENTS_AT_ONCE);
  const ahead = new Allowance();
  const server = createServer({
    cert: certificate.certPem,
    key: certificate.keyPem,
    ALPNProtocols: ["http/1.1"],
    minVersion: "TLSv1.2",
    handshakeTimeout: headMs,
    noDelay: true,
    // Finds a client that vanished without a word: libuv probes ten times, a second apart.
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
  });
  server.maxConnections = options.maxConnections ?? 20_000;
  const sockets = new Map<string, Socket>();
  server.on("connection", (raw: Socket) => {
    const key = peer(raw);
    sockets.set(key, raw);
    raw.on("error", () => raw.destroy()).on("close", () => sockets.delete(key));
  });
  server.on("secureConnection", (socket) => {
    const ip = socket.remoteAddress;
    if (ip === undefined) socket.destroy();
    else
      serveClient(socket, ip.replace(/^::ffff:(?=\d+\.)/, ""), {
        backendPath,
        gate,
        headMs,
        holdMs,
        relay,
        agents,
        ahead,
      });
  });
  server.on("tlsClientError", (error, socket) => {
    if (errorCode(error) !== "ERR_SSL_HTTP_REQUEST") return;
    sockets.get(peer(socket))?.end(refusal(400, "this port speaks HTTPS: use https:// instead of http://"));
  });
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    throw listenError(error, host, port);
  }
  const address = server.address() as AddressInfo;
  const stop = async () => {
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets.values()) socket.destroy();
    await closed;
  };
  let stopping: Promise<void> | undefined;
  return { port: address.port, gate, stop: () => (stopping ??= stop()) };
}

const peer = (socket: Socket): string => `${socket.remoteAddress} ${socket.remotePort}`;

function listenError(error: unknown, host: string, port: number): unknown {
  switch (errorCode(error)) {
    case "EADDRINUSE":
      return new UserError(
        `port ${port} on ${host} is in use: end what uses it, or choose another with --port`,
      );
    case "EACCES":
      return new UserError(`port ${port} is reserved for root: choose one above 1023 with --port`);
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new UserError(`--host ${host} is not an address of this machine`);
    default:
      return error;
  }
}
