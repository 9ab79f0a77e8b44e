/** Opens an authenticated connection to PostgreSQL: TLS as the URL asks, start-up packet, password. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import type { DatabaseTarget } from "../postgres/database-url.ts";
import { tlsOptions } from "../postgres/database-url.ts";
import {
  CANCEL_REQUEST,
  PROTOCOL_3_0,
  SSL_REQUEST,
  code,
  cString,
  errorFields,
  int32,
  message,
} from "./messages.ts";
import { ScramClient } from "./scram.ts";

/** A session that has just become idle. Its socket has no listeners. */
export interface ServerSession {
  readonly socket: Socket;
  /** ParameterStatus values: `server_version`, `client_encoding`, … */
  readonly parameters: ReadonlyMap<string, string>;
  /** Body of BackendKeyData, which a CancelRequest repeats. */
  readonly cancelKey: Buffer;
}

/** The server refused us; `sqlState` is its reason, for example `28P01` for a wrong password. */
export class ServerRefusal extends Error {
  override readonly name = "ServerRefusal";
  readonly sqlState: string;

  constructor(sqlState: string, text: string) {
    super(text);
    this.sqlState = sqlState;
  }
}

const HUNG_UP = "the server closed the connection during start-up";

/** Connects within `timeoutMs`. Throws `ServerRefusal` or a network error. */
export async function openServerSession(target: DatabaseTarget, timeoutMs: number): Promise<ServerSession> {
  const socket = await openSocket(target, timeoutMs);
  const timer = setTimeout(() => socket.destroy(new Error("PostgreSQL did not answer in time")), timeoutMs);
  try {
    const startup = {
      user: target.user,
      database: target.database,
      client_encoding: "UTF8",
      application_name: "drover",
    };
    socket.write(message("", int32(PROTOCOL_3_0), ...Object.entries(startup).flat(), Buffer.from([0])));
    return await authenticate(socket, target);
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Asks the server to cancel what a session is doing. Resolves when the server has passed the request on, or failed to. */
export async function cancelServerSession(
  target: DatabaseTarget,
  cancelKey: Buffer,
  timeoutMs: number,
): Promise<void> {
  try {
    const socket = await openSocket(target, timeoutMs);
    socket.setTimeout(timeoutMs, () => socket.destroy());
    socket.on("error", () => socket.destroy());
    socket.resume();
    socket.write(message("", int32(CANCEL_REQUEST), cancelKey));
    await once(socket, "close");
  } catch {
    // A cancel request has no answer in the protocol; a failed one is as good as one that came too late.
  }
}

async function openSocket(target: DatabaseTarget, timeoutMs: number): Promise<Socket> {
  const signal = AbortSignal.timeout(timeoutMs);
  const plain = target.host.startsWith("/")
    ? connectTcp({ path: `${target.host}/.s.PGSQL.${target.port}` })
    : connectTcp({
        host: target.host,
        port: target.port,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: 30_000,
      });
  try {
    await once(plain, "connect", { signal });
    if (target.tls === "disable") return plain;
    plain.write(message("", int32(SSL_REQUEST)));
    const answer = await firstBytes(plain, signal);
    // More than one byte before TLS would be somebody's injected plaintext (CVE-2021-23222).
    if (answer.length !== 1) throw new Error("unexpected answer to the TLS request");
    if (answer[0] === code("S")) {
      const secure = connectTls({ socket: plain, ...tlsOptions(target) });
      await once(secure, "secureConnect", { signal });
      return secure;
    }
    if (target.tls !== "prefer")
      throw new Error(`the server does not offer TLS, but sslmode=${target.tls} asks for it`);
    return plain;
  } catch (error) {
    plain.destroy();
    throw signal.aborted ? new Error("PostgreSQL did not answer in time", { cause: error }) : error;
  }
}

/** Bytes, or an error at once when the other side hangs up instead. */
async function firstBytes(socket: Socket, signal: AbortSignal): Promise<Buffer> {
  const closed = new AbortController();
  const onEnd = () => closed.abort();
  socket.on("end", onEnd).on("close", onEnd);
  try {
    const [bytes]: [Buffer] = (await once(socket, "data", {
      signal: AbortSignal.any([signal, closed.signal]),
    })) as [Buffer];
    socket.pause();
    return bytes;
  } catch (error) {
    throw closed.signal.aborted ? new Error(HUNG_UP, { cause: error }) : error;
  } finally {
    socket.off("end", onEnd).off("close", onEnd);
  }
}

async function authenticate(socket: Socket, target: DatabaseTarget): Promise<ServerSession> {
  const parameters = new Map<string, string>();
  const scram = new ScramClient(target.password);
  let cancelKey = Buffer.alloc(0);
  for await (const frame of readFrames(socket)) {
    switch (String.fromCharCode(frame[0] ?? 0)) {
      case "R": {
        const reply = answerAuthentication(frame, target, scram);
        if (reply !== undefined) socket.write(reply);
        break;
      }
      case "S": {
        const name = cString(frame, 5);
        parameters.set(name.text, cString(frame, name.end).text);
        break;
      }
      case "K":
        cancelKey = Buffer.from(frame.subarray(5));
        break;
      case "E": {
        const fields = errorFields(frame);
        throw new ServerRefusal(
          fields.get("C") ?? "",
          fields.get("M") ?? "the server refused the connection",
        );
      }
      case "Z":
        return { socket, parameters, cancelKey };
      default:
      // NoticeResponse and what later versions may add.
    }
  }
  throw new Error(HUNG_UP);
}

function answerAuthentication(frame: Buffer, target: DatabaseTarget, scram: ScramClient): Buffer | undefined {
  const kind = frame.readInt32BE(5);
  switch (kind) {
    case 0:
      return undefined;
    case 3:
      return message("p", target.password);
    case 5: {
      const md5 = (data: string | Buffer) => createHash("md5").update(data).digest("hex");
      const inner = md5(target.password + target.user);
      return message("p", `md5${md5(Buffer.concat([Buffer.from(inner), frame.subarray(9, 13)]))}`);
    }
    case 10: {
      if (!frame.toString("utf8", 9).split("\0").includes("SCRAM-SHA-256")) break;
      const first = Buffer.from(scram.first());
      return message("p", "SCRAM-SHA-256", first.length, first);
    }
    case 11:
      return message("p", Buffer.from(scram.final(frame.toString("utf8", 9))));
    case 12:
      scram.verify(frame.toString("utf8", 9));
      return undefined;
    default:
  }
  throw new Error(`the server asks for an authentication method that is not supported (${kind})`);
}

/**
 * The frames of the start-up phase. The server is silent after ReadyForQuery, so nothing read here is lost by stopping
 * there; the socket is left paused.
 */
async function* readFrames(socket: Socket): AsyncGenerator<Buffer> {
  let buffer = Buffer.alloc(0);
  try {
    for (;;) {
      while (buffer.length >= 5) {
        const size = buffer.readInt32BE(1) + 1;
        if (size < 5 || size > 1_000_000) throw new Error("this is not a PostgreSQL server");
        if (buffer.length < size) break;
        yield buffer.subarray(0, size);
        buffer = buffer.subarray(size);
      }
      const chunk = await nextChunk(socket);
      if (chunk === undefined) return;
      buffer = Buffer.concat([buffer, chunk]);
    }
  } finally {
    socket.pause();
  }
}

async function nextChunk(socket: Socket): Promise<Buffer | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>();
  const onEnd = () => resolve(undefined);
  socket.on("data", resolve).on("error", reject).on("close", onEnd).resume();
  try {
    return await promise;
  } finally {
    socket.pause();
    socket.off("data", resolve).off("error", reject).off("close", onEnd);
  }
}
