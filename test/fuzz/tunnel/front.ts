/**
 * Malformed requests to the local front, on real sockets, with Node's parser behind it: every request that gets through
 * carries the client's address as the front says it, once, and the front goes on serving.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttpServer, request } from "node:http";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveClient } from "../../../infra/front/connection.ts";
import { Allowance } from "../../../infra/front/client-reader.ts";
import { Gate } from "../../../infra/front/gate.ts";
import { Turnstile } from "../../../infra/front/turnstile.ts";
import { pieces } from "./noise.ts";
import { malformedRequest } from "./requests.ts";
import { messagesPerEpisode, must } from "./target.ts";
import type { FuzzTarget } from "./target.ts";

const clientIp = "192.0.2.1";
const answerMs = 10_000;

export const front: FuzzTarget = {
  name: "front",
  share: 0.02,
  async start() {
    const dir = mkdtempSync(join(tmpdir(), "drover-fuzz-front-"));
    const backendPath = join(dir, "http.sock");
    let problem: string | undefined;
    const backend = createHttpServer((incoming, response) => {
      const ips = incoming.headersDistinct["x-drover-client-ip"] ?? [];
      if (ips.length !== 1 || ips[0] !== clientIp)
        problem ??= `${incoming.method} ${incoming.url} came with the client's address ${JSON.stringify(ips)}`;
      incoming.resume().on("end", () => response.end("ok"));
      incoming.on("error", () => undefined);
    }).listen(backendPath);
    backend.on("upgrade", (_incoming, socket: Socket) => {
      socket.on("error", () => undefined);
      socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    });
    const gate = new Gate();
    gate.open();
    const open = new Set<Socket>();
    const server = createServer((socket) => {
      open.add(socket.on("close", () => open.delete(socket)));
      serveClient(socket, clientIp, {
        backendPath,
        gate,
        agents: new Turnstile(32),
        ahead: new Allowance(),
        headMs: 5_000,
        holdMs: 1_000,
      });
    }).listen(0, "127.0.0.1");
    await Promise.all([once(backend, "listening"), once(server, "listening")]);
    const { port } = server.address() as AddressInfo;
    return {
      async episode(random) {
        for (let sent = 0; sent < messagesPerEpisode; sent += 10) {
          await Promise.all(
            Array.from({ length: 10 }, () =>
              send(port, pieces(random, malformedRequest(random, ["Host: drover.example"]))),
            ),
          );
          must(problem === undefined, problem ?? "");
        }
        const { status, text } = await ask(port);
        must(status === 200 && text === "ok", "a plain request is not answered any more");
        must(open.size <= 20, `${open.size} connections stay open`);
        return messagesPerEpisode;
      },
      async stop() {
        server.close();
        backend.close();
        backend.closeAllConnections();
        for (const socket of open) socket.destroy();
        rmSync(dir, { recursive: true, force: true });
      },
    };
  },
};

/** A client that sends this, says that it has ended, and reads to the end. */
async function send(port: number, chunks: readonly Uint8Array[]): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined).resume();
  for (const chunk of chunks.slice(0, 50)) socket.write(chunk);
  for (const chunk of chunks.slice(50)) if (!socket.destroyed) socket.write(chunk);
  socket.end();
  const timer = setTimeout(() => socket.destroy(new Error("hangs")), answerMs);
  await once(socket, "close").catch(() => undefined);
  clearTimeout(timer);
  must(socket.errored?.message !== "hangs", "a connection that its client has ended stays open");
}

async function ask(port: number): Promise<{ status: number | undefined; text: string }> {
  const outgoing = request({ port, path: "/", agent: false, timeout: answerMs });
  outgoing.end();
  const [answer] = (await once(outgoing, "response")) as [import("node:http").IncomingMessage];
  let text = "";
  for await (const chunk of answer.setEncoding("utf8")) text += String(chunk);
  return { status: answer.statusCode, text };
}
